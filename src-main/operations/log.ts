// The operation log: JSON lines in the data folder, shared by all hosts and stores, only ever appended to.
//
// Each operation first writes `prepared`, then touches the store, then writes how it ended; each line is one O_APPEND write and
// fsynced before the next step. So a crash at any point leaves either no line, or a `prepared` line without an end, which
// `recoverAll` settles by asking the backend. A torn last line is skipped by readers and never continued by writers.

import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import * as z from 'zod/mini';
import { ForkpointError } from '../../shared/model/errors.ts';
import { Counts } from '../../shared/model/shapes.ts';

const Prepared = z.object({
  v: z.literal(1),
  entry: z.literal('prepared'),
  operationId: z.string(),
  /** ISO 8601. */
  time: z.string(),
  store: z.object({ path: z.string(), fingerprint: z.string() }),
  operation: z.string(),
  thread: z.nullable(z.string()),
  /** The operation that this one takes back. */
  undoes: z.nullable(z.string()),
  counts: Counts,
  /** Process that is (or was) doing it. */
  pid: z.number(),
});
const Ended = z.object({
  v: z.literal(1),
  /** `dropped`: committed earlier, but its undo bundle was given up. */
  entry: z.enum(['committed', 'abandoned', 'unclear', 'dropped']),
  operationId: z.string(),
  /** Of the store after the operation, so that it is known again even if its first rows were touched. */
  fingerprint: z.nullable(z.string()),
  reason: z.nullable(z.string()),
});
const LogLine = z.union([Prepared, Ended]);
type LogLine = z.infer<typeof LogLine>;
export type PreparedLine = z.infer<typeof Prepared>;
export type EndedLine = z.infer<typeof Ended>;

/** One operation as the log tells it; the last word on its end counts. */
export interface LoggedOperation {
  readonly prepared: PreparedLine;
  readonly state: 'prepared' | 'committed' | 'abandoned' | 'unclear';
  /** Set when the bundle was given up. */
  readonly dropped: string | null;
  readonly reason: string | null;
  readonly fingerprintAfter: string | null;
}

export class OperationLog {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** Oldest first. */
  read(): LoggedOperation[] {
    const operations = new Map<string, LoggedOperation>();
    for (const line of this.#lines()) {
      if (line.entry === 'prepared') {
        operations.set(line.operationId, {
          prepared: line,
          state: 'prepared',
          dropped: null,
          reason: null,
          fingerprintAfter: null,
        });
        continue;
      }
      const known = operations.get(line.operationId);
      if (known === undefined) continue;
      operations.set(
        line.operationId,
        line.entry === 'dropped'
          ? { ...known, dropped: line.reason ?? '' }
          : { ...known, state: line.entry, reason: line.reason, fingerprintAfter: line.fingerprint },
      );
    }
    return [...operations.values()];
  }

  prepare(line: Omit<PreparedLine, 'v' | 'entry'>): void {
    this.#append({ v: 1, entry: 'prepared', ...line });
  }

  end(operationId: string, entry: EndedLine['entry'], fingerprint: string | null, reason: string | null): void {
    this.#append({ v: 1, entry, operationId, fingerprint, reason });
  }

  *#lines(): Generator<LogLine> {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (cause) {
      if (isMissing(cause)) return;
      throw new ForkpointError('io', 'The operation log cannot be read.', `It is the file ${this.#path}.`, { cause });
    }
    for (const line of text.split('\n')) {
      if (line === '') continue;
      let parsed: unknown;
      try {
        parsed = JSON.parse(line);
      } catch {
        continue; // torn by a crash while it was written: what it stands for had not begun, or is found by recovery
      }
      const checked = LogLine.safeParse(parsed);
      if (checked.success) yield checked.data;
    }
  }

  #append(line: LogLine): void {
    try {
      const folder = dirname(this.#path);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const file = openSync(this.#path, 'a+', 0o600);
      try {
        const { size } = fstatSync(file);
        const last = Buffer.alloc(1);
        const torn = size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last[0] !== 0x0a;
        const bytes = Buffer.from(`${torn ? '\n' : ''}${JSON.stringify(line)}\n`);
        if (writeSync(file, bytes) !== bytes.length) throw new Error('short write');
        fsyncSync(file);
        if (size === 0) syncFolder(folder);
      } finally {
        closeSync(file);
      }
    } catch (cause) {
      throw new ForkpointError(
        'io',
        'The operation log cannot be written.',
        `Make room for it, or allow writing to ${this.#path}.`,
        { cause },
      );
    }
  }
}

/** A new file's name is durable only when its folder is. Windows cannot open folders, and does not need it. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
