// The whole product for tests of bad input: the terminal's command line and the service behind the windows, over the same stores.

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import * as z from 'zod/mini';
import { readLineage } from '../../../shared/contract/lineage-reading.ts';
import type { Lineage } from '../../../shared/model/lineage.ts';
import type { MethodName, Params, Result } from '../../../shared/contract/methods.ts';
import { RpcClient } from '../../../shared/contract/rpc/client.ts';
import { inProcessPair } from '../../../shared/contract/rpc/in-process.ts';
import { serveConnection } from '../../../shared/contract/rpc/server.ts';
import { asForkpointError, ErrorShape, exitCodeOf } from '../../../shared/model/errors.ts';
import type { ErrorCode } from '../../../shared/model/errors.ts';
import { visible } from '../../hosts/cli/format.ts';
import { runForkpoint, type Ran } from '../../hosts/cli/testing/run.ts';
import type { Workplace } from '../../operations/testing/genuine-store.ts';
import { workplace } from '../../operations/testing/genuine-store.ts';
import { Service } from '../service.ts';

export class Product {
  readonly place: Workplace = workplace();
  readonly service: Service;
  readonly client: RpcClient;
  /** Messages of `store.gone`. */
  readonly gone: string[] = [];
  #changes = 0;

  constructor() {
    process.env['FORKPOINT_DATA'] = this.place.dataFolder;
    this.service = new Service({ version: '1', readOnly: false, dataFolder: this.place.dataFolder });
    const [near, far] = inProcessPair();
    serveConnection(far, this.service);
    this.client = new RpcClient(() => Promise.resolve(near), { checkResults: true, retryMillis: [] });
    this.client.on('store.gone', ({ message }) => this.gone.push(message));
    this.client.on('store.changed', () => (this.#changes += 1));
  }

  /** How often `store.changed` was told. */
  get changes(): number {
    return this.#changes;
  }

  terminal(...args: readonly string[]): Promise<Ran> {
    return runForkpoint(args);
  }

  /** A command that must go well; its JSON. */
  async json<S extends z.ZodMiniType>(schema: S, ...args: readonly string[]): Promise<z.infer<S>> {
    const ran = await this.terminal(...args);
    expect([ran.code, ran.err]).toEqual([0, '']);
    return z.parse(schema, JSON.parse(ran.out));
  }

  /** A command that must be refused: one sentence for people, the same as JSON, the exit code of its error code. */
  async refusedInTerminal(codes: ErrorCode | readonly ErrorCode[], ...args: readonly string[]): Promise<ErrorShape> {
    const dashes = args.indexOf('--');
    const ran = await this.terminal(
      ...(dashes < 0 ? args : args.slice(0, dashes)),
      '--json',
      ...(dashes < 0 ? [] : args.slice(dashes)),
    );
    const { error } = z.parse(z.object({ error: ErrorShape }), JSON.parse(ran.out));
    isClear(error, codes);
    expect(ran.code).toBe(exitCodeOf(error.code));
    expect(ran.err).toBe(`forkpoint: ${visible(`${error.message}${error.hint === null ? '' : ` ${error.hint}`}`)}\n`);
    return error;
  }

  async call<M extends MethodName>(method: M, params: Params<M>): Promise<Result<M>> {
    return await this.client.call(method, params);
  }

  /** A call that must be refused. */
  async refused<M extends MethodName>(
    codes: ErrorCode | readonly ErrorCode[],
    method: M,
    params: Params<M>,
  ): Promise<ErrorShape> {
    const answer = await this.client.call(method, params).then(
      (result) => {
        throw new Error(`${method} went well: ${JSON.stringify(result)}`);
      },
      (thrown: unknown) => asForkpointError(thrown).toShape(),
    );
    isClear(answer, codes);
    return answer;
  }

  async open(path: string): Promise<string> {
    return (await this.call('stores.open', { path })).store;
  }

  /** The threads, when listing and details have come to their end. */
  async threads(store: string): Promise<Result<'threads.list'>> {
    return await until(
      () => this.call('threads.list', { store, search: '', status: null, from: 0, count: 1000 }),
      (list) => list.complete && list.unread === 0,
    );
  }

  lineage(store: string, thread: string): Promise<Lineage> {
    return readLineage({ call: (method, params) => this.call(method, params) }, { store, thread });
  }

  /** All rows of a thread, as the lineage pane asks for them. */
  async rows(store: string, thread: string): Promise<Result<'checkpoints.get'>> {
    const lineage = await this.lineage(store, thread);
    const indices = Array.from({ length: lineage.count }, (_, i) => i);
    return await this.call('checkpoints.get', { store, thread, indices, summaries: true });
  }

  /** Still there: another, healthy store opens, lists and answers in both. */
  async isWell(): Promise<void> {
    const path = this.#healthy();
    const store = await this.open(path);
    expect((await this.threads(store)).rows.map((r) => r.thread)).toEqual(['agent-pending', 'agent-resumed']);
    expect((await this.terminal('threads', path, '--json')).code).toBe(0);
    await this.call('stores.close', { store });
  }

  #healthyPath: string | null = null;
  #healthy(): string {
    this.#healthyPath ??= this.place.copy('langgraph-js/agent.sqlite', 'healthy.sqlite');
    return this.#healthyPath;
  }

  close(): void {
    this.client.close();
    this.service.close();
    this.place.done();
  }
}

/** A sentence that people can read: no driver's words, no stack, nothing that this program itself got wrong. */
export function isClear(error: ErrorShape, codes: ErrorCode | readonly ErrorCode[]): void {
  expect(typeof codes === 'string' ? [codes] : codes, error.message).toContain(error.code);
  expect(error.message).toMatch(/^[A-Z`"“].*\.$/s);
  expect(error.message).not.toMatch(/\bat .*:\d+:\d+|undefined|\[object|SQLITE_|TypeError|RangeError/);
  expect(error.message.length).toBeLessThan(700);
}

/** Digests of everything at a path by name; `-shm` is SQLite's own memory and may come and go, an empty `-wal` too. */
export function bytesAt(path: string): ReadonlyMap<string, string> {
  const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return new Map();
  if (stats.isDirectory()) {
    const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((n) =>
      statSync(join(path, n)).isFile(),
    );
    return new Map(names.sort().map((name) => [name, digest(join(path, name))]));
  }
  const files = ['', '-wal', '-journal'].filter(
    (end) => (statSync(path + end, { throwIfNoEntry: false })?.size ?? 0) > 0,
  );
  return new Map(files.map((end) => [end, digest(path + end)]));
}

/** Holds that nothing at a path changes while something is tried. */
export async function unchanged<T>(path: string, work: () => Promise<T>): Promise<T> {
  const before = bytesAt(path);
  const result = await work();
  expect(bytesAt(path)).toEqual(before);
  return result;
}

export async function until<T>(ask: () => Promise<T> | T, holds: (answer: T) => boolean, millis = 5000): Promise<T> {
  const end = performance.now() + millis;
  for (;;) {
    const answer = await ask();
    if (holds(answer)) return answer;
    if (performance.now() > end) throw new Error(`it did not come to hold: ${JSON.stringify(answer)?.slice(0, 500)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
