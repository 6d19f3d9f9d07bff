// The checksum of a thread document: over its exact cells, not over its text, so that reformatting it does no harm.

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import type { ThreadDocument, ThreadRecord } from '../../stores/store.ts';

export class DocumentDigest {
  readonly #hash: Hash = createHash('sha256');

  constructor(head: Omit<ThreadDocument, 'records'>) {
    this.#hash.update(JSON.stringify([head.format, head.framework, head.dialect, head.thread]));
  }

  add(record: ThreadRecord): void {
    this.#hash.update(JSON.stringify([record.kind, record.cells.map((c) => [c.name, c.storage, c.bytes.length])]));
    for (const cell of record.cells) this.#hash.update(cell.bytes);
  }

  /** Hex; to be asked for once. */
  done(): string {
    return this.#hash.digest('hex');
  }
}

/** Also stands for a document in the arguments of a plan. */
export function documentDigest(document: ThreadDocument): string {
  const digest = new DocumentDigest(document);
  for (const record of document.records) digest.add(record);
  return digest.done();
}
