// What the system asks to open: arguments, files, `forkpoint://` links. They may come before there is a window, and wait for it.
// A link is a stranger's text: it can only navigate, and a store that the person has not opened before is asked about first.

import { readFile } from 'node:fs/promises';
import { basename, isAbsolute, resolve } from 'node:path';
import { isLink, parseAddress } from '../../../shared/address/address.ts';
import type { OpenedDocument } from '../../../shared/contract/desktop.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';

/** The end of the names under which threads are exported. */
const documentEnd = '.thread.json';

/** Something to be done in the window. */
export type OpenTask =
  | { readonly kind: 'view'; readonly request: string }
  | { readonly kind: 'document'; readonly document: OpenedDocument };

/** The paths and links among `args` (no program, no script), paths made absolute. Switches belong to Chromium and are left out. */
export function requestsIn(args: readonly string[], folder: string): readonly string[] {
  const end = args.indexOf('--');
  const named = [
    ...args.slice(0, end < 0 ? undefined : end).filter((a) => a !== '' && !a.startsWith('-')),
    ...(end < 0 ? [] : args.slice(end + 1)),
  ];
  return named.map((a) => (isLink(a) ? a : resolve(folder, a)));
}

/** Several at once: the one named first is opened last, because what was opened last is shown. */
export function inOrderOfOpening(requests: readonly string[]): readonly string[] {
  return [...requests.slice(1), ...requests.slice(0, 1)];
}

export interface Admission {
  /** Whether the person has opened this store before. */
  isKnown(store: string): boolean;
  ask(store: string): Promise<boolean>;
}

/** What a request comes to; null if the person said no. Rejects with a sentence for a link or a file that cannot be followed. */
export async function admit(request: string, admission: Admission): Promise<OpenTask | null> {
  if (isLink(request)) {
    const { store } = parseAddress(request);
    if (store === null || admission.isKnown(store)) return { kind: 'view', request };
    // A network path would send the person's name and password hash to whoever wrote the link.
    if (!isAbsolute(store) || /^[\\/]{2}/.test(store)) {
      throw new ForkpointError(
        'bad_value',
        `The link leads to “${store}”, which is not a full path on this machine; nothing was opened.`,
        'Open the store by hand, then follow the link again.',
      );
    }
    return (await admission.ask(store)) ? { kind: 'view', request } : null;
  }
  if (request.endsWith(documentEnd)) {
    try {
      const bytes = new Uint8Array(await readFile(request));
      return { kind: 'document', document: { name: basename(request), bytes } };
    } catch (cause) {
      throw new ForkpointError(
        'unreadable',
        `The thread document “${basename(request)}” could not be read; nothing was changed.`,
        'Check that it is still there and that you may read it.',
        { cause },
      );
    }
  }
  return { kind: 'view', request };
}

/** Requests in the order in which they came, each admitted before the next is looked at, held until a window listens. */
export class OpenRequests {
  readonly #admission: Admission;
  readonly #onError: (thrown: unknown) => void;
  readonly #waiting: string[] = [];
  #deliver: ((task: OpenTask) => void) | null = null;
  #running = false;

  constructor(admission: Admission, onError: (thrown: unknown) => void) {
    this.#admission = admission;
    this.#onError = onError;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  add(requests: readonly string[]): void {
    this.#waiting.push(...requests);
    void this.#run();
  }

  /** The window listens; null: there is none. */
  deliverTo(deliver: ((task: OpenTask) => void) | null): void {
    this.#deliver = deliver;
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    try {
      while (this.#deliver !== null) {
        const request = this.#waiting.shift();
        if (request === undefined) return;
        try {
          const task = await admit(request, this.#admission);
          if (task === null) continue;
          // The window may have closed while the person was asked.
          if (this.#deliver === null) this.#waiting.unshift(request);
          else this.#deliver(task);
        } catch (thrown) {
          this.#onError(thrown);
        }
      }
    } finally {
      this.#running = false;
    }
  }
}
