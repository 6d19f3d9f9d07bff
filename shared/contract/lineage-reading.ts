// The window's side of `lineage-page.ts`: asks for pages until it has all points, and for what is new when the thread has grown.

import type { Lineage } from '../model/lineage.ts';
import { unpack, unpackSizes, unpackUuids } from './lineage-page.ts';
import type { KnownLineage, LineagePage } from './lineage-page.ts';
import type { CallOptions, ServiceClient } from './service.ts';

interface Columns {
  ids: Uint8Array;
  offsets: Uint32Array;
  nth: Uint32Array;
  parent: Int32Array;
  link: Uint8Array;
  reason: Uint32Array;
  namespace: Uint32Array;
  host: Int32Array;
  time: Float64Array;
  step: Int32Array;
  bytes: Float64Array;
}

/**
 * What has been received of one thread's lineage. Points are only added behind those that are there, in the same memory, so that a
 * lineage that was given out before stays what it was.
 */
export class ReceivedLineage {
  #line: string | null = null;
  #thread = '';
  #count = 0;
  #room = 0;
  #columns: Columns = emptyColumns();
  #reasons: readonly string[] = [];
  #namespaces: readonly string[] = [];
  #heads: Int32Array = new Int32Array(0);

  get known(): KnownLineage | null {
    if (this.#line === null) return null;
    const { length: reasons } = this.#reasons;
    return { line: this.#line, count: this.#count, reasons, namespaces: this.#namespaces.length };
  }

  /** Throws RangeError where the page does not continue what is here. */
  add(page: LineagePage): void {
    const { from, count, total } = page;
    if (page.line !== this.#line || from !== this.#count) this.#beginAnew(page);
    const c = this.#withRoomFor(total, page);
    const end = from + count;
    unpack(c.nth, from, count, page.nth);
    unpack(c.parent, from, count, page.parent);
    unpack(c.link, from, count, page.link);
    unpack(c.reason, from, count, page.reason);
    unpack(c.namespace, from, count, page.namespace);
    unpack(c.host, from, count, page.host);
    unpack(c.step, from, count, page.step);
    for (let i = from, before = 0; i < end; i++) {
      const back = c.parent[i]!;
      c.parent[i] = back === 0 ? -1 : i - back;
      before = (before + c.step[i]!) | 0;
      c.step[i] = before;
    }
    if (page.time.length !== count || page.bytes.length !== count) throw new RangeError('columns of a page');
    c.time.set(page.time, from);
    unpackSizes(c.bytes, from, page.bytes);
    this.#reasons = [...this.#reasons, ...page.reasons];
    this.#namespaces = [...this.#namespaces, ...page.namespaces];
    this.#heads = page.heads;
    this.#count = end;
  }

  /** All that is here. */
  lineage(): Lineage {
    const n = this.#count;
    const c = this.#columns;
    return {
      thread: this.#thread,
      count: n,
      ids: { offsets: c.offsets.subarray(0, n + 1), bytes: c.ids.subarray(0, c.offsets[n]) },
      nth: c.nth.subarray(0, n),
      parent: c.parent.subarray(0, n),
      link: c.link.subarray(0, n),
      reason: c.reason.subarray(0, n),
      reasons: this.#reasons,
      namespace: c.namespace.subarray(0, n),
      namespaces: this.#namespaces,
      host: c.host.subarray(0, n),
      time: c.time.subarray(0, n),
      step: c.step.subarray(0, n),
      bytes: c.bytes.subarray(0, n),
      heads: this.#heads,
    };
  }

  #beginAnew(page: LineagePage): void {
    if (page.from !== 0) throw new RangeError('start of a page');
    this.#line = page.line;
    this.#thread = page.thread;
    this.#count = 0;
    this.#room = 0;
    this.#columns = emptyColumns();
    this.#reasons = [];
    this.#namespaces = [];
  }

  /** With the page's ids in their place: their length is known only with them. */
  #withRoomFor(points: number, page: LineagePage): Columns {
    const { from, count, ids } = page;
    let c = this.#columns;
    if (points > this.#room) {
      // A thread that grows does so again: room for a quarter more, so that not every append copies all columns.
      const room = from === 0 ? points : points + (points >> 2) + 64;
      c = {
        ids: c.ids,
        offsets: wider(c.offsets, new Uint32Array(room + 1)),
        nth: wider(c.nth, new Uint32Array(room)),
        parent: wider(c.parent, new Int32Array(room)),
        link: wider(c.link, new Uint8Array(room)),
        reason: wider(c.reason, new Uint32Array(room)),
        namespace: wider(c.namespace, new Uint32Array(room)),
        host: wider(c.host, new Int32Array(room)),
        time: wider(c.time, new Float64Array(room)),
        step: wider(c.step, new Int32Array(room)),
        bytes: wider(c.bytes, new Float64Array(room)),
      };
      this.#room = room;
    }
    const start = c.offsets[from]!;
    const lengths = new Int32Array(count);
    unpack(lengths, 0, count, ids.lengths);
    let end = start;
    for (let i = 0; i < count; i++) {
      end += lengths[i]!;
      c.offsets[from + i + 1] = end;
    }
    if (end > c.ids.length) {
      const expected = from === 0 && count > 0 ? Math.ceil(((end - start) / count) * points) : end + (end >> 2);
      c.ids = wider(c.ids, new Uint8Array(Math.max(end, expected)));
    }
    if (ids.uuids) unpackUuids(c.ids, start, ids.bytes, count);
    else if (ids.bytes.length !== end - start) throw new RangeError('ids of a page');
    else c.ids.set(ids.bytes, start);
    this.#columns = c;
    return c;
  }
}

function wider<T extends Uint8Array | Uint32Array | Int32Array | Float64Array>(old: T, fresh: T): T {
  fresh.set(old);
  return fresh;
}

function emptyColumns(): Columns {
  return {
    ids: new Uint8Array(0),
    offsets: new Uint32Array(1),
    nth: new Uint32Array(0),
    parent: new Int32Array(0),
    link: new Uint8Array(0),
    reason: new Uint32Array(0),
    namespace: new Uint32Array(0),
    host: new Int32Array(0),
    time: new Float64Array(0),
    step: new Int32Array(0),
    bytes: new Float64Array(0),
  };
}

/** What is known with a page, to ask for the one behind it; null with the last. */
export function nextKnown(page: LineagePage): KnownLineage | null {
  const count = page.from + page.count;
  if (count >= page.total) return null;
  return {
    line: page.line,
    count,
    reasons: page.reasonsFrom + page.reasons.length,
    namespaces: page.namespacesFrom + page.namespaces.length,
  };
}

/** The lineage of a thread as it stands. What `received` has already is not sent again; an aborted reading may be taken up by the next. */
export async function readLineage(
  client: Pick<ServiceClient, 'call'>,
  at: { readonly store: string; readonly thread: string },
  received = new ReceivedLineage(),
  options: CallOptions = {},
): Promise<Lineage> {
  const ask = (known: KnownLineage | null): Promise<LineagePage> => {
    const asked = client.call('lineage.page', { ...at, known }, options);
    // It may fail while the page before is still being unpacked.
    asked.catch(() => undefined);
    return asked;
  };
  let asked = ask(received.known);
  for (;;) {
    const page = await asked;
    const known = nextKnown(page);
    // The next one is on its way while this one is unpacked.
    if (known !== null) asked = ask(known);
    received.add(page);
    if (known === null) return received.lineage();
  }
}
