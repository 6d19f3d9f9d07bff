// `thread.export`, `import.upload`: thread documents, a chunk at a time.

import { randomBytes } from 'node:crypto';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { exportChunks } from '../../operations/thread-document/export.ts';
import type { OpenStores } from '../open-stores.ts';
import type { Uploads } from '../uploads.ts';
import type { HandlersOf } from './handlers.ts';

/** Exports that may be under way at once; the one that waited longest is given up for a new one. */
const maxExports = 8;

export function transferHandlers(stores: OpenStores, uploads: Uploads): HandlersOf<'thread.export' | 'import.upload'> {
  const exports = new Map<
    string,
    { readonly store: string; readonly chunks: Generator<Uint8Array, void, void>; at: number }
  >();

  return {
    'thread.export': ({ store, thread, cursor }) => {
      const { store: opened } = stores.get(store);
      const [name, at] = cursor === null ? [randomBytes(9).toString('base64url'), '0'] : cursor.split(':');
      if (cursor === null && name !== undefined) {
        for (const oldest of exports.keys()) {
          if (exports.size < maxExports) break;
          exports.delete(oldest);
        }
        exports.set(name, { store, chunks: exportChunks(opened, thread), at: 0 });
      }
      const running = exports.get(name ?? '');
      if (running === undefined || name === undefined || running.store !== store || String(running.at) !== at) {
        throw new ForkpointError('usage', 'This export is not under way any more.', 'Begin it again.');
      }
      const step = running.chunks.next();
      running.at++;
      if (step.done !== true) return { chunk: step.value, next: `${name}:${running.at}` };
      exports.delete(name);
      return { chunk: new Uint8Array(0), next: null };
    },
    'import.upload': ({ document, chunk, last }) => ({ document: uploads.add(document, chunk, last) }),
  };
}
