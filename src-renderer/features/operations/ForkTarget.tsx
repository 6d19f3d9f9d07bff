// Where a fork goes (a new thread, or this one), and what becomes of the work that is pending at its point.

import type { ReactNode } from 'react';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import type { StoreInfo } from '../../../shared/model/shapes.ts';
import { PlanError, Section } from './PlanParts.tsx';

export type Place = 'thread' | 'in-place';

export function WhereTo(props: {
  readonly place: Place;
  readonly onPlace: (place: Place) => void;
  /** Whether a fork may go into the same thread. */
  readonly mayStay: boolean;
  /** What was typed; null lets the service choose. */
  readonly thread: string | null;
  readonly onThread: (thread: string | null) => void;
  /** The id that the service would choose. */
  readonly proposed: string;
  /** What a new thread takes along, in a sentence. */
  readonly takes: string;
  /** What is wrong with the id, said where it was typed. */
  readonly error: ForkpointError | null;
}): ReactNode {
  const { place, onPlace } = props;
  return (
    <Section title="Where to">
      <div className="choice">
        <input
          type="radio"
          id="to-thread"
          name="where-to"
          checked={place === 'thread'}
          onChange={() => onPlace('thread')}
        />
        <label htmlFor="to-thread">New thread</label>
        <input
          className="field mono choice-thread"
          type="text"
          aria-label="Id of the new thread"
          aria-invalid={props.error !== null}
          placeholder={props.proposed}
          value={props.thread ?? ''}
          spellCheck={false}
          onFocus={() => onPlace('thread')}
          onChange={(event) => {
            onPlace('thread');
            props.onThread(event.target.value === '' ? null : event.target.value);
          }}
        />
        <small>{props.takes}</small>
      </div>
      {props.mayStay && (
        <Choice
          name="where-to"
          id="to-here"
          label="This thread"
          checked={place === 'in-place'}
          onChoose={() => onPlace('in-place')}
        >
          The fork becomes its head: the next run of this thread continues here
        </Choice>
      )}
      {props.error !== null && <PlanError error={props.error} />}
    </Section>
  );
}

export function WhatIsPending(props: {
  readonly choice: NonNullable<StoreInfo['pendingChoice']>;
  readonly keeps: 'keep' | 'drop';
  readonly onKeep: (keeps: 'keep' | 'drop') => void;
}): ReactNode {
  const { choice, keeps, onKeep } = props;
  return (
    <Section title="What is pending">
      <Choice
        name="pending"
        id="pending-keep"
        label="Goes along"
        checked={keeps === 'keep'}
        onChoose={() => onKeep('keep')}
      >
        {choice.keep}
      </Choice>
      <Choice
        name="pending"
        id="pending-drop"
        label="Stays here"
        checked={keeps === 'drop'}
        onChoose={() => onKeep('drop')}
      >
        {choice.drop}
      </Choice>
    </Section>
  );
}

function Choice(props: {
  readonly name: string;
  readonly id: string;
  readonly label: string;
  readonly checked: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}): ReactNode {
  return (
    <div className="choice">
      <input type="radio" id={props.id} name={props.name} checked={props.checked} onChange={props.onChoose} />
      <label htmlFor={props.id}>{props.label}</label>
      <small>{props.children}</small>
    </div>
  );
}
