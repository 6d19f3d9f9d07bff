// A client without a service, over made data: `?fake=2000` under the dev server. Handlers that a feature needs are added by it.

import { pageOf } from '../../shared/contract/lineage-page.ts';
import type { EventName, EventOf, MethodName, Params, Result } from '../../shared/contract/methods.ts';
import type { ServiceClient } from '../../shared/contract/service.ts';
import { ForkpointError } from '../../shared/model/errors.ts';
import type { StoreInfo } from '../../shared/model/shapes.ts';
import type { Status } from '../../shared/model/status.ts';
import { madeThread } from './made-store.ts';
import type { MadeThread } from './made-store.ts';

export type FakeHandlers = { [M in MethodName]?: (params: Params<M>) => Result<M> | Promise<Result<M>> };

export interface FakeClient extends ServiceClient {
  emit<E extends EventName>(event: E, payload: EventOf<E>): void;
  setConnected(connected: boolean, reason: string | null): void;
}

export function fakeClient(handlers: FakeHandlers, delay = 3): FakeClient {
  const listeners = new Map<EventName, Set<(payload: never) => void>>();
  const connection = new Set<(state: { connected: boolean; reason: string | null }) => void>();
  return {
    async call(method, params, options = {}) {
      await new Promise((resolve) => setTimeout(resolve, delay));
      if (options.signal?.aborted === true) throw new ForkpointError('cancelled', 'Cancelled.');
      const handler = handlers[method];
      if (handler === undefined) throw new ForkpointError('unable', `The made store does not answer ${method}.`);
      return handler(params);
    },
    on(event, listener) {
      const set = listeners.get(event) ?? new Set();
      listeners.set(event, set.add(listener));
      return () => set.delete(listener);
    },
    onConnection(listener) {
      connection.add(listener);
      return () => connection.delete(listener);
    },
    close: () => {},
    emit(event, payload) {
      for (const listener of listeners.get(event) ?? []) listener(payload as never);
    },
    setConnected(connected, reason) {
      for (const listener of connection) listener({ connected, reason });
    },
  };
}

const names = [
  'refund-7731',
  'order-48213',
  'order-48190',
  'заказ-48011',
  '0f1c9e7a-4be2-4f61-9a0e-1d2c',
  'eval/2026-11-20/case-17',
  'approvals-demo',
];
const heads: readonly Status[] = [
  'in_flight',
  'interrupted',
  'failed',
  'terminal',
  'terminal',
  'terminal',
  'interrupted',
];

/** Threads of a made store; the second has `size` checkpoints. */
export function madeStore(size: number): FakeHandlers {
  const made = new Map<string, MadeThread>();
  const threadNames = [...names, ...Array.from({ length: 121 }, (_, i) => `order-${47_900 - i * 13}`)];
  const get = (thread: string): MadeThread => {
    const at = threadNames.indexOf(thread);
    if (at < 0) throw new ForkpointError('not_found', `There is no thread “${thread}” in this store.`);
    const known = made.get(thread);
    if (known !== undefined) return known;
    const count = at === 1 ? size : ([12, 60, 34, 8, 41, 1204, 19][at] ?? 5 + ((at * 17) % 60));
    const t = madeThread(thread, count, at + 1, heads[at] ?? 'terminal');
    made.set(thread, t);
    return t;
  };
  const info: StoreInfo = {
    path: '/home/ada/support-agent.sqlite',
    format: 'langgraph',
    framework: 'LangGraph (Python)',
    backend: 'sqlite',
    eras: [],
    capabilities: ['fork', 'edit', 'undo', 'import', 'export'],
    unable: [],
    writable: true,
    live: true,
    threads: threadNames.length,
    checkpoints: 9412,
    bytes: 2_100_000_000,
    notes: [],
  };
  return {
    'host.info': () => ({ version: '0.1.0', readOnly: false, sample: '/home/ada/support-agent.sqlite' }),
    'formats.list': () => [],
    'stores.list': () => [{ store: 's1', info }],
    'stores.open': () => ({ store: 's1', info }),
    'operations.list': () => [],
    'threads.list': ({ search, status, from, count }) => {
      const all = threadNames.filter((t) => t.toLowerCase().includes(search.toLowerCase())).map(get);
      const rows = all.filter((t) => status === null || t.detail.status === status);
      const statusCounts: Partial<Record<Status, number>> = {};
      for (const t of all) statusCounts[t.detail.status] = (statusCounts[t.detail.status] ?? 0) + 1;
      return {
        rows: rows.slice(from, from + count).map((t) => ({
          thread: t.detail.thread,
          checkpoints: t.detail.checkpoints,
          updatedAt: t.detail.updatedAt,
          detail: t.detail,
        })),
        matched: rows.length,
        total: threadNames.length,
        complete: true,
        statusCounts,
        unread: 0,
      };
    },
    'thread.get': ({ thread }) => get(thread).detail,
    'lineage.page': ({ thread, known }) => pageOf(get(thread).columns, 'made', known),
    'checkpoints.get': ({ thread, indices, summaries }) =>
      indices.flatMap((index) => {
        const row = get(thread).rows[index];
        return row === undefined
          ? []
          : [{ index, checkpoint: row.checkpoint, summary: summaries ? row.summary : null }];
      }),
  };
}
