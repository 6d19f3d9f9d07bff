// The plan of what the sheet asks for: planned again whenever that changes or the store does. A plan that is not of exactly
// what is asked now can never be committed.

import { useCallback, useEffect, useRef, useState } from 'react';
import type { OperationArgs, PlanView } from '../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { ForkpointError } from '../../../shared/model/errors.ts';
import { useRevision, useService } from '../../service/client.ts';
import { movedSentence } from './moved.ts';

export interface Planning {
  /** The last plan; on screen while the next is made. */
  readonly view: PlanView | null;
  /** When it was made, and whether it is of what is asked now. */
  readonly at: number;
  readonly current: boolean;
  /** False while what is asked cannot be read yet: then nothing is planned. */
  readonly asked: boolean;
  readonly error: ForkpointError | null;
  readonly slow: boolean;
  readonly committing: boolean;
  /** What differs since the person last saw a plan, after the store moved. */
  readonly moved: string | null;
  /** Plans once more, after an error. */
  readonly retry: () => void;
  readonly commit: () => Promise<PlanView | null>;
}

interface Made {
  readonly text: string;
  readonly view: PlanView;
  readonly at: number;
}

export function usePlan(store: string, args: OperationArgs | null, delay = 300): Planning {
  const client = useService();
  const revision = useRevision(store, null);
  const [made, setMade] = useState<Made | null>(null);
  const [failed, setFailed] = useState<{ readonly text: string; readonly error: ForkpointError } | null>(null);
  const [slow, setSlow] = useState(false);
  const [committing, setCommitting] = useState(false);
  const [moved, setMoved] = useState<string | null>(null);
  const [attempt, setAttempt] = useState(0);
  const lastMade = useRef<Made | null>(null);
  const committingNow = useRef(false);
  /** Stands for what is asked, and of which store's state. */
  const text = args === null ? null : JSON.stringify([args, revision, attempt]);
  const wanted = useRef(args);
  // Before the effects below, which read them.
  useEffect(() => {
    lastMade.current = made;
    wanted.current = args;
  });
  const hasPlan = useRef(false);

  useEffect(() => {
    const asked = wanted.current;
    if (text === null || asked === null || committingNow.current) return;
    const controller = new AbortController();
    const argsText = JSON.stringify(asked);
    // The first plan is wanted at once; later ones when the typing pauses.
    const wait = setTimeout(
      () => {
        const timer = setTimeout(() => setSlow(true), 150);
        client
          .call('operation.plan', { store, args: asked }, { signal: controller.signal })
          .then(
            (view) => {
              if (controller.signal.aborted) return;
              const before = lastMade.current;
              if (
                before !== null &&
                JSON.stringify(asked) === argsOf(before.text) &&
                before.view.plan.planId !== view.plan.planId
              ) {
                setMoved(movedSentence(before.view, view));
              } else if (before !== null && argsText !== argsOf(before.text)) setMoved(null);
              hasPlan.current = true;
              setMade({ text, view, at: Date.now() });
              setFailed(null);
            },
            (thrown: unknown) => {
              if (!controller.signal.aborted) setFailed({ text, error: asForkpointError(thrown) });
            },
          )
          .finally(() => {
            clearTimeout(timer);
            if (!controller.signal.aborted) setSlow(false);
          });
      },
      hasPlan.current ? delay : 0,
    );
    return () => {
      clearTimeout(wait);
      controller.abort();
    };
  }, [client, store, text, delay]);

  const current = made !== null && made.text === text;
  const commit = useCallback(async (): Promise<PlanView | null> => {
    const plan = lastMade.current;
    const asked = wanted.current;
    if (plan === null || asked === null || plan.text !== text) return null;
    setCommitting(true);
    committingNow.current = true;
    try {
      return await client.call('operation.commit', { store, args: asked, expect: plan.view.plan.planId });
    } catch (thrown) {
      const error = asForkpointError(thrown);
      committingNow.current = false;
      if (error.code === 'moved') {
        setMoved(
          'The store changed after this plan was made, so nothing was written. This is the plan for the store as it is now.',
        );
        setAttempt((n) => n + 1);
      } else setFailed({ text: plan.text, error });
      return null;
    } finally {
      setCommitting(false);
    }
  }, [client, store, text]);

  return {
    view: made?.view ?? null,
    at: made?.at ?? 0,
    current,
    asked: text !== null,
    error: failed !== null && failed.text === text ? failed.error : null,
    slow,
    committing,
    moved,
    retry: () => setAttempt((n) => n + 1),
    commit,
  };
}

function argsOf(text: string): string {
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? JSON.stringify(parsed[0]) : '';
}
