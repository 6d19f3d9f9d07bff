// What a journal says of effects, approvals, children and the end of its run. The SDK's reducer looks at `effect_intent` and
// `effect_result` records only: the intents of tools and approvals lie inside their payloads, and a process that died in one of them
// folds to "complete, nothing pending" for it. Here all of them are found.

import type { Cursor } from '../../values/cursor.ts';
import { textOf } from './decode.ts';
import type { RecordView } from './record.ts';
import type { Status } from '../../../shared/model/status.ts';

/** An intent as a record states it. */
interface IntentFact {
  readonly effect: string;
  /** `tool_execution`, `approval_dispatch`, `provider_request`, … */
  readonly kind: string;
  /** What a person calls it: the tool, else what the effect is. */
  readonly name: string;
  readonly summary: string | null;
  /** Of an approval. */
  readonly request: string | null;
  /** Repeating it is announced as safe. */
  readonly keyed: boolean;
  /** Whether the reducer sees it: a record of its own. */
  readonly plain: boolean;
}

/** What one record contributes. */
export interface RecordFact {
  /** Why clawdia cannot decode the record. */
  readonly refused: string | null;
  readonly id: string;
  readonly kind: string | null;
  readonly intents: readonly IntentFact[];
  readonly results: readonly {
    readonly effect: string;
    readonly status: string;
    readonly summary: string | null;
    readonly plain: boolean;
  }[];
  /** The run's end: the status as stored. */
  readonly end: { readonly status: string; readonly effect: string | null } | null;
  /** Side effects that a recovery record calls unsafe: whether each may be repeated. */
  readonly unsafe: readonly { readonly effect: string; readonly keyed: boolean }[];
  /** Runs that this record starts as children. */
  readonly children: readonly string[];
  /** Output deliveries: the reducer wants a result for each intent. */
  readonly output: { readonly delivery: string; readonly part: string } | null;
  /** Tells that a child of this run ended. */
  readonly childEnd: { readonly run: string; readonly status: string } | null;
}

const endOfLife = new Set(['completed', 'failed', 'cancelled', 'run_completed', 'run_failed', 'run_cancelled']);

/** The facts of a record that could not even be read. */
export function unreadFact(id: string, reason: string): RecordFact {
  return { ...empty, refused: reason, id, kind: null };
}

const empty = {
  intents: [],
  results: [],
  end: null,
  unsafe: [],
  children: [],
  output: null,
  childEnd: null,
} as const;

export function factOf(view: RecordView): RecordFact {
  const base = { ...empty, refused: view.refused, id: view.id, kind: view.kind };
  const { payload, type } = view;
  if (payload === null || type === null) return base;
  const inner = payload.get('record');
  const bodies = [payload, ...(inner?.kind === 'map' ? [inner] : [])];
  const intents: IntentFact[] = [];
  const results: RecordFact['results'][number][] = [];
  if (type === 'effect_intent') addIntent(intents, payload, payload, true);
  if (type === 'effect_result') addResult(results, payload, true);
  for (const body of bodies) {
    addIntent(intents, body.get('effect_intent'), body, false);
    addResult(results, body.get('effect_result'), false);
  }
  const status = textOf(payload.get(type === 'terminal_result' ? 'terminal_status' : 'status')) ?? '';
  const ends = type === 'terminal_result' || (type === 'run_lifecycle' && endOfLife.has(status));
  const child = inner === null ? null : textOf(inner.get('child_run_id'));
  const part = textOf(payload.get('record_type'));
  const childStatus = inner === null ? null : textOf(inner.get('terminal_status'));
  return {
    ...base,
    intents,
    results,
    end: ends ? { status, effect: textOf(payload.get('effect_id')) } : null,
    unsafe: type === 'recovery' ? unsafeOf(payload.get('unsafe_pending')) : [],
    children: type === 'subagent' && part === 'started' && child !== null ? [child] : [],
    output:
      type === 'output_delivery' && part !== null
        ? { delivery: textOf((inner ?? payload).get('delivery_id')) ?? '', part }
        : null,
    childEnd:
      type === 'subagent' && part === 'completed' && child !== null && childStatus !== null
        ? { run: child, status: childStatus }
        : null,
  };
}

function isKeyed(map: Cursor): boolean {
  return textOf(map.get('idempotency_key')) !== null || textOf(map.get('dedupe_key')) !== null;
}

function addIntent(into: IntentFact[], intent: Cursor | null, body: Cursor, plain: boolean): void {
  if (intent === null || intent.kind !== 'map') return;
  const effect = textOf(intent.get('effect_id'));
  const kind = textOf(intent.get('kind'));
  if (effect === null || kind === null) return;
  const request = textOf(body.get('request_id'));
  const summary = textOf(intent.get('redacted_summary'));
  const child = kind === 'child_agent_start' ? textOf(intent.get('subject_ref')?.get('id') ?? null) : null;
  const name = textOf(body.get('canonical_tool_name')) ?? child ?? request ?? kind;
  into.push({
    effect,
    kind,
    name,
    summary,
    request: kind === 'approval_dispatch' ? request : null,
    keyed: isKeyed(intent),
    plain,
  });
}

function addResult(into: RecordFact['results'][number][], result: Cursor | null, plain: boolean): void {
  if (result === null || result.kind !== 'map') return;
  const effect = textOf(result.get('effect_id'));
  const status = textOf(result.get('terminal_status'));
  if (effect !== null && status !== null) {
    into.push({ effect, status, summary: textOf(result.get('redacted_summary')), plain });
  }
}

/** The intent of an effect inside the record that states it. */
export function intentOf(view: RecordView, effect: string): Cursor | null {
  const { payload } = view;
  if (payload === null) return null;
  const candidates = [payload, payload.get('effect_intent'), payload.get('record')?.get('effect_intent') ?? null];
  return candidates.find((intent) => intent !== null && textOf(intent.get('effect_id')) === effect) ?? null;
}

function unsafeOf(list: Cursor | null): RecordFact['unsafe'] {
  const found: { effect: string; keyed: boolean }[] = [];
  if (list === null || list.kind !== 'list') return found;
  for (let i = 0; i < list.count; i += 1) {
    const effect = textOf(list.child(i).get('effect_id'));
    if (effect !== null) found.push({ effect, keyed: isKeyed(list.child(i)) });
  }
  return found;
}

/** An intent and where it lies: record `opened` states it, record `closed` gives its result (the count of records if none does). */
export interface Effect extends IntentFact {
  readonly opened: number;
  readonly closed: number;
}

/** What the SDK's `ReplayReducer` says in its resume mode. */
export type Replay =
  | { readonly error: string; readonly record: number }
  | { readonly error: null; readonly complete: boolean; readonly unsafe: readonly string[] };

/** A journal folded: every question about its first n records. */
export class RunFacts {
  readonly records: readonly RecordFact[];
  readonly effects: readonly Effect[];
  /** The record that ends the run; the count of records if none does. */
  readonly sealedAt: number;
  readonly children: ReadonlySet<string>;

  constructor(records: readonly RecordFact[]) {
    this.records = records;
    const open = new Map<string, { fact: IntentFact; opened: number }>();
    const effects: Effect[] = [];
    const children = new Set<string>();
    let sealedAt = records.length;
    records.forEach((record, i) => {
      for (const fact of record.intents) if (!open.has(fact.effect)) open.set(fact.effect, { fact, opened: i });
      for (const { effect } of record.results) close(effect, i);
      if (record.end !== null) {
        if (record.end.effect !== null) close(record.end.effect, i);
        sealedAt = Math.min(sealedAt, i);
      }
      for (const child of record.children) children.add(child);
    });
    function close(effect: string, at: number): void {
      const found = open.get(effect);
      if (found === undefined) return;
      open.delete(effect);
      effects.push({ ...found.fact, opened: found.opened, closed: at });
    }
    for (const { fact, opened } of open.values()) effects.push({ ...fact, opened, closed: records.length });
    this.effects = effects.toSorted((a, b) => a.opened - b.opened);
    this.sealedAt = sealedAt;
    this.children = children;
  }

  get count(): number {
    return this.records.length;
  }

  /** Effects that the first n records leave without a result. */
  openAt(n: number): readonly Effect[] {
    return this.effects.filter((effect) => effect.opened < n && effect.closed >= n);
  }

  isSealedAt(n: number): boolean {
    return this.sealedAt < n;
  }

  /** How a run stands whose journal ends after n records. */
  statusAt(n: number): Status {
    if (n === 0) return 'unknown';
    if (this.isSealedAt(n)) return statusOfEnd(this.records[this.sealedAt]!.end!.status);
    if (this.records[n - 1]?.refused !== null && this.records[n - 1]?.kind === null) return 'unknown';
    return this.openAt(n).some((effect) => effect.kind === 'approval_dispatch') ? 'interrupted' : 'idle';
  }

  /** The last effect before the run's end that did not complete: what it ended for. */
  causeOfEnd(): string | null {
    for (let i = this.sealedAt - 1; i >= 0; i -= 1) {
      const result = this.records[i]?.results.find((one) => one.status !== 'completed');
      if (result !== undefined) return result.summary ?? result.status;
    }
    return null;
  }

  /** The reducer's own answer over the first n records. */
  replayAt(n: number): Replay {
    const pending = new Map<string, boolean>();
    const unsafe: { effect: string; keyed: boolean }[] = [];
    const outputs = new Set<string>();
    const seen = new Set<string>();
    let sealed = false;
    let repair = false;
    for (let i = 0; i < n; i += 1) {
      const record = this.records[i]!;
      if (seen.has(record.id)) return { error: 'duplicate non-idempotent journal record during replay', record: i };
      if (sealed && record.kind !== 'checkpoint' && record.kind !== 'recovery') {
        return { error: 'journal record appears after sealed terminal replay state', record: i };
      }
      seen.add(record.id);
      for (const one of record.unsafe) unsafe.push(one);
      for (const one of record.intents) if (one.plain) pending.set(one.effect, one.keyed);
      for (const one of record.results) if (one.plain) pending.delete(one.effect);
      if (record.output !== null) {
        const { delivery, part } = record.output;
        if (part === 'intent') outputs.add(delivery);
        if (part === 'result') outputs.delete(delivery);
        if (part === 'reconciliation') repair = true;
      }
      if (record.end !== null) {
        if (record.end.effect !== null) pending.delete(record.end.effect);
        sealed = true;
      }
    }
    for (const [effect, keyed] of pending) unsafe.push({ effect, keyed });
    return {
      error: null,
      complete: unsafe.length === 0 && outputs.size === 0 && !repair,
      unsafe: unsafe.map((one) => one.effect),
    };
  }
}

/** Status of a run by the word that ended it. */
export function statusOfEnd(word: string): Status {
  const status = word.replace(/^run_/, '');
  return status === 'completed' || status === 'cancelled' ? 'terminal' : 'failed';
}

/**
 * Status by a checkpoint's `loop_state`, null where it does not tell. "Terminal" is defined twice in the SDK (exactly `terminal` with
 * nothing pending, or `terminal:…` and the words of an end); either counts.
 */
export function statusOfLoop(loop: string): Status | null {
  const word = loop.toLowerCase();
  if (word === 'failed' || word === 'terminal:failed') return 'failed';
  if (word === 'terminal' || word.startsWith('terminal:') || word === 'completed' || word === 'cancelled')
    return 'terminal';
  return word === 'approval' || word === 'interrupted' || word === 'waitingforresume' ? 'interrupted' : null;
}
