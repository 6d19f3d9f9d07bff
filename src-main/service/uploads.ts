// Documents on their way in: kept in files of our own until an import uses them, gone when the service ends.

import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ForkpointError } from '../../shared/model/errors.ts';
import { readThreadDocument } from '../operations/thread-document/import.ts';
import type { ThreadDocument } from '../stores/store.ts';

/** Largest document, in bytes: what one buffer of ours can hold. */
const maxBytes = 4 * 1024 ** 3 - 1;
/** Uploads of services that died are removed after a day. */
const abandonedMillis = 86_400_000;

export class Uploads {
  readonly #folder: string;
  readonly #known = new Map<string, { bytes: number; complete: boolean }>();
  /** The last document that was read: plan and commit ask for the same. */
  #last: { readonly id: string; readonly document: ThreadDocument } | null = null;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Takes a chunk; null begins a new document. Gives the document's id. */
  add(id: string | null, chunk: Uint8Array, last: boolean): string {
    const name = id ?? this.#begin();
    const upload = this.#known.get(name);
    if (upload === undefined || upload.complete) throw noUpload();
    if (upload.bytes + chunk.length > maxBytes) {
      this.#remove(name);
      throw new ForkpointError('unsupported', 'This document is larger than 4 GiB, which cannot be imported.');
    }
    appendFileSync(this.#path(name), chunk, { mode: 0o600 });
    upload.bytes += chunk.length;
    upload.complete = last;
    return name;
  }

  document(id: string): ThreadDocument {
    if (this.#last?.id === id) return this.#last.document;
    if (this.#known.get(id)?.complete !== true) throw noUpload();
    const document = readThreadDocument(readFileSync(this.#path(id)));
    this.#last = { id, document };
    return document;
  }

  close(): void {
    this.#last = null;
    for (const name of this.#known.keys()) this.#remove(name);
  }

  #begin(): string {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(this.#folder)) {
      const stat = statSync(join(this.#folder, name), { throwIfNoEntry: false });
      if (stat !== undefined && !this.#known.has(name) && Date.now() - stat.mtimeMs > abandonedMillis) {
        rmSync(join(this.#folder, name), { force: true });
      }
    }
    const name = randomBytes(12).toString('hex');
    this.#known.set(name, { bytes: 0, complete: false });
    return name;
  }

  #remove(name: string): void {
    this.#known.delete(name);
    rmSync(this.#path(name), { force: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }
}

function noUpload(): ForkpointError {
  return new ForkpointError('not_found', 'This document is not here (any more).', 'Choose the file again.');
}
