// A thread as its own store exports it, without writing it as text: what a copy is made from.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { canExport, type Store, type ThreadDocument } from '../../stores/store.ts';

/** All of it is in memory. Throws `unable` for formats that cannot export, `not_found` for an unknown thread. */
export function documentOf(store: Store, thread: string): ThreadDocument {
  const { framework } = store.describe();
  if (!canExport(store)) throw new ForkpointError('unable', `Threads of ${framework} cannot be exported.`);
  if (store.threadSummary(thread) === null) {
    throw new ForkpointError('not_found', `There is no thread ${shownName(thread)} in this store.`);
  }
  const { format } = store.format;
  const dialect = store.dialect?.(thread) ?? '';
  return { format, framework, dialect, thread, records: [...store.exportRecords(thread)] };
}
