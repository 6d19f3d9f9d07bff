// What became of an operation whose process died in the middle: found out from its undo bundle when the store is opened next.

import { existsSync, rmSync } from 'node:fs';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { Recovery } from '../stores/backend.ts';
import type { Store } from '../stores/store.ts';
import type { OperationLog } from './log.ts';
import { fingerprint } from './store-identity.ts';

const stopped = 'Forkpoint was stopped';
const untold = 'it cannot be told what became of it.';

/**
 * Writes into the log how the operation ended. Writes to the store only to take back what an operation over several files had begun;
 * where that cannot be done now (a read-only store, a full disk) the operation stays open, and its bundle stays, until the next time.
 */
export function settle(store: Store, log: OperationLog, operationId: string, bundle: string): void {
  switch (becameOf(store, bundle)) {
    case 'applied':
      log.end(operationId, 'committed', fingerprint(store.backend.reader), null);
      break;
    case 'not-applied': {
      const begun = takeBackBegun(store, bundle);
      if (begun.outcome === 'later') break;
      const done = begun.outcome === 'done';
      log.end(operationId, done ? 'abandoned' : 'unclear', null, begun.sentence);
      // What could not be taken back is kept, for whoever wants to look.
      if (done) rmSync(bundle, { force: true, recursive: true });
      break;
    }
    case 'damaged':
      log.end(operationId, 'unclear', null, `${stopped} while writing it, and its undo data is damaged: ${untold}`);
      break;
    case 'unclear':
      log.end(operationId, 'unclear', null, `${stopped} while writing it, and the store has changed since: ${untold}`);
      break;
  }
}

function becameOf(store: Store, bundle: string): Recovery | 'damaged' {
  if (!existsSync(bundle)) return 'not-applied';
  try {
    return store.backend.recover(bundle);
  } catch (error) {
    // A damaged store is named by its own path; only a damaged bundle by this one.
    if (error instanceof ForkpointError && error.code === 'corrupt' && error.message.includes(bundle)) return 'damaged';
    throw error;
  }
}

interface TakenBack {
  readonly outcome: 'done' | 'later' | 'lost';
  readonly sentence: string;
}

/**
 * What a commit over several files had begun, taken away again: no reader counts it yet, but a ledger without its record, or half a
 * line, would stand in the framework's way.
 */
function takeBackBegun(store: Store, bundle: string): TakenBack {
  const nothing: TakenBack = { outcome: 'done', sentence: `${stopped} before it was carried out.` };
  // In a database the transaction took it back already.
  if (store.backend.reader.kind !== 'files' || !existsSync(bundle)) return nothing;
  // Taking back has a bundle of its own, which nobody needs once it is done: should this process die too, the first one still tells.
  const own = `${bundle}-begun-${process.pid}`;
  try {
    const { changes, relied } = store.backend.undo(bundle);
    if (changes.backend !== 'files' || changes.changes.length === 0) return nothing;
    if (store.backend.readOnlyReason !== null) return { outcome: 'later', sentence: '' };
    rmSync(own, { force: true, recursive: true });
    store.backend.apply(changes, relied, own);
    const names = changes.changes.map((change) => `\`${change.path}\``).join(', ');
    return {
      outcome: 'done',
      sentence: `${stopped} before it was carried out; what it had begun was taken back: ${names}.`,
    };
  } catch (error) {
    if (!(error instanceof ForkpointError) || error.code === 'internal') throw error;
    if (error.code !== 'moved') return { outcome: 'later', sentence: '' };
    return {
      outcome: 'lost',
      sentence: `${stopped} while writing it, and what it had begun cannot be taken back. ${error.message}`,
    };
  } finally {
    rmSync(own, { force: true, recursive: true });
  }
}
