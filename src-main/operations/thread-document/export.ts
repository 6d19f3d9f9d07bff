// Writing a thread document, streamed: however large the thread, a chunk and one cell are in memory.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { canExport, type Store } from '../../stores/store.ts';
import { cellText } from './cells.ts';
import { DocumentDigest } from './digest.ts';

/** Version of the format; readers refuse later ones. */
export const documentVersion = 1;

/** Characters gathered before a chunk is given. */
const chunkLength = 256 << 10;

const encoder = new TextEncoder();

/** UTF-8 chunks of the document. Throws `unable` for formats that cannot export, `not_found` for an unknown thread. */
export function* exportChunks(store: Store, thread: string): Generator<Uint8Array, void, void> {
  if (!canExport(store)) {
    throw new ForkpointError('unable', `Threads of ${store.describe().framework} cannot be exported.`);
  }
  if (store.threadSummary(thread) === null) {
    throw new ForkpointError('not_found', `There is no thread ${shownName(thread)} in this store.`);
  }
  const head = {
    format: store.format.format,
    framework: store.describe().framework,
    dialect: store.dialect?.(thread) ?? '',
    thread,
  };
  const digest = new DocumentDigest(head);
  let text = `{"forkpoint":"thread","version":${documentVersion},${JSON.stringify(head).slice(1, -1)},"records":[`;
  let first = true;
  for (const record of store.exportRecords(thread)) {
    digest.add(record);
    text += `${first ? '' : ','}\n{"kind":${JSON.stringify(record.kind)},"cells":[`;
    first = false;
    for (const [i, cell] of record.cells.entries()) {
      if (i > 0) text += ',';
      for (const piece of cellText(cell)) {
        text += piece;
        if (text.length < chunkLength) continue;
        yield encoder.encode(text);
        text = '';
      }
    }
    text += ']}';
  }
  yield encoder.encode(`${text}\n],"sha256":"${digest.done()}"}\n`);
}
