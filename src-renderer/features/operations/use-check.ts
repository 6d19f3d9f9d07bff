// What the service says of typed edits, a moment after the last key: an error, or the difference that they make.

import { useEffect, useRef, useState } from 'react';
import type { EditShape, Result } from '../../../shared/contract/methods.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { useService } from '../../service/client.ts';

export interface Check {
  readonly error: string | null;
  readonly diff: Result<'edit.check'>['diff'];
}

/** Null edits cannot be read yet: the last answer stands. */
export function useCheck(store: string, key: string, edits: readonly EditShape[] | null): Check {
  const client = useService();
  const [check, setCheck] = useState<Check>({ error: null, diff: null });
  const text = edits === null ? null : JSON.stringify(edits);
  const wanted = useRef(edits);
  useEffect(() => {
    wanted.current = edits;
  });
  useEffect(() => {
    const asked = wanted.current;
    if (asked === null) return;
    if (asked.length === 0) {
      setCheck({ error: null, diff: null });
      return;
    }
    const controller = new AbortController();
    const timer = setTimeout(() => {
      client.call('edit.check', { store, key, edits: [...asked] }, { signal: controller.signal }).then(
        ({ error, diff }) => {
          if (controller.signal.aborted) return;
          // While the text is wrong the last right difference stays: it says what was meant so far, and nothing jumps.
          setCheck((last) =>
            error === null
              ? { error: null, diff }
              : { error: [error.message, error.hint].filter((t) => t !== null).join(' '), diff: last.diff },
          );
        },
        (thrown: unknown) => {
          if (!controller.signal.aborted) setCheck((last) => ({ ...last, error: asForkpointError(thrown).message }));
        },
      );
    }, 200);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
    // The edits stand in a ref; their text tells when they changed.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [client, store, key, text]);
  return check;
}
