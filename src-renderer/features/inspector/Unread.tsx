// What stands in a tab in place of what it shows: why that could not be read, that it is being read, or that reading was cancelled.

import type { ReactNode } from 'react';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import type { CallState } from '../../service/client.ts';
import { Button, EmptyState } from '../../ui/controls.tsx';
import { ReadingLine } from './ReadingLine.tsx';

/** In place of the answer of a call that has none. `what`: "the stored bytes", `title`: "The stored bytes cannot be read". */
export function Unread(props: {
  readonly call: CallState<unknown>;
  readonly what: string;
  readonly title: string;
}): ReactNode {
  const { call, what, title } = props;
  if (call.error !== null) return <CannotRead title={title} error={call.error} onRetry={call.retry} />;
  if (call.loading) return <ReadingLine active={call.slow} text={`Reading ${what}`} onCancel={call.cancel} />;
  return (
    <EmptyState small title="Not read" action={<Button onClick={call.retry}>Read {what}</Button>}>
      Reading was cancelled. Nothing was changed.
    </EmptyState>
  );
}

export function CannotRead(props: {
  readonly title: string;
  readonly error: ForkpointError;
  readonly onRetry: () => void;
  /** What else can be done about it. */
  readonly more?: ReactNode;
}): ReactNode {
  return (
    <EmptyState
      small
      alert
      title={props.title}
      action={
        <>
          <Button onClick={props.onRetry}>Try again</Button>
          {props.more}
        </>
      }
    >
      {props.error.message} {props.error.hint}
    </EmptyState>
  );
}
