// What a stage left in the state of a run, told from its result. The file holds one state, that of the gate; the state after an earlier
// stage is that one without what the later stages wrote. A value that a later stage wrote over is known again where the result of the
// earlier one says it, else it is lost. (Rule measured: cutting a file so gives the state of a genuine earlier gate.)

import { utf8 } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { gateOf, textOf, type RunView } from './run-file.ts';

/** JSON text of a value; null where the result does not tell it. */
type Known = Uint8Array | null;
export type Writes = Map<string, Known>;

const truth = utf8('true');
const untruth = utf8('false');

/** JSON without white space between its tokens, as serde writes a value into a text. */
export function compactText(value: Cursor): Uint8Array {
  const { source, start, end } = value;
  const out = Buffer.allocUnsafe(end - start);
  let used = 0;
  let inString = false;
  for (let i = start; i < end; i += 1) {
    const c = source[i]!;
    if (inString) {
      out[used++] = c;
      if (c === 0x5c) out[used++] = source[++i]!;
      else if (c === 0x22) inString = false;
    } else if (c > 0x20) {
      out[used++] = c;
      inString = c === 0x22;
    }
  }
  return out.subarray(0, used);
}

/** The JSON text of a string. */
const quoted = (text: string): Uint8Array => utf8(JSON.stringify(text));

/** A value as the text of itself: what `to_string` gives, as a JSON string. */
function spelt(value: Cursor): Uint8Array {
  return quoted(Buffer.from(compactText(value)).toString('utf8'));
}

const mapMember = (value: Cursor | null, name: string): Cursor | null =>
  value !== null && value.kind === 'map' ? value.get(name) : null;

const sliceOf = (value: Cursor | null): Known => value?.slice() ?? null;

function eachItem(list: Cursor | null, visit: (item: Cursor, index: number) => void): void {
  if (list?.kind !== 'list') return;
  for (let i = 0; i < list.count; i += 1) visit(list.child(i), i);
}

function eachMember(map: Cursor | null, visit: (name: string, value: Cursor) => void): void {
  if (map?.kind !== 'map') return;
  for (let i = 0; i < map.count; i += 1) {
    const name = textOf(map.key(i));
    if (name !== null) visit(name, map.child(i));
  }
}

/** State changes of a proposal's actions: `{"op":"set","value":…}` since 0.60, the bare value before. A deletion never reaches the state. */
function proposalWrites(output: Cursor, into: Writes): void {
  eachItem(mapMember(mapMember(output, 'result'), 'results'), (action) => {
    eachMember(mapMember(action, 'state_changes'), (name, change) => {
      const op = textOf(mapMember(change, 'op'));
      if (op === 'delete') return;
      into.set(name, op === 'set' ? (sliceOf(mapMember(change, 'value')) ?? utf8('null')) : change.slice());
    });
  });
}

/** What a step itself writes, without the stage's own slots; `id` is the stage, or the body of one. */
function stepWrites(id: string, output: Cursor, into: Writes): void {
  switch (textOf(mapMember(output, 'type')) ?? '') {
    case 'proposal':
      proposalWrites(output, into);
      return;
    case 'review':
      into.set(`stage.${id}.review_passed`, sliceOf(mapMember(output, 'passed')));
      into.set(`stage.${id}.review_blockers`, sliceOf(mapMember(output, 'blocker_count')));
      into.set(`stage.${id}.review_inconclusive`, sliceOf(mapMember(output, 'inconclusive')));
      return;
    case 'loop':
      eachItem(mapMember(output, 'iterations_output'), (body, i) => {
        stepWrites(`${id}.body`, body, into);
        into.set(`stage.${id}.answer`, answerOf(body));
        into.set(`stage.${id}.iteration`, utf8(String(i + 1)));
      });
      return;
    case 'for_each': {
      const items = mapMember(output, 'items');
      eachItem(mapMember(output, 'outputs'), (body, i) => {
        into.set(`foreach.${id}.${i}.item`, items?.kind === 'list' && i < items.count ? items.child(i).slice() : null);
        into.set(`foreach.${id}.${i}.answer`, answerOf(body));
        const inner: Writes = new Map();
        stepWrites(`${id}.${i}`, body, inner);
        for (const [name, value] of inner) into.set(`foreach.${id}.${i}.state.${name}`, value);
      });
      into.set(`foreach.${id}.count`, utf8(String(items?.kind === 'list' ? items.count : 0)));
      return;
    }
    case 'dedup':
      into.set(`stage.${id}.unseen_count`, sliceOf(mapMember(output, 'unseen')));
      into.set(`stage.${id}.total_count`, sliceOf(mapMember(output, 'total')));
      return;
    case 'deliver': {
      const { delivered, all } = deliveries(output);
      into.set(`stage.${id}.delivered_count`, utf8(String(delivered)));
      into.set(`stage.${id}.failed_count`, utf8(String(all - delivered)));
      return;
    }
    default:
  }
}

function deliveries(output: Cursor): { readonly delivered: number; readonly all: number } {
  let delivered = 0;
  let all = 0;
  eachItem(mapMember(output, 'results'), (sink) => {
    const ok = mapMember(sink, 'ok');
    if (ok?.kind === 'boolean' && ok.bool()) delivered += 1;
    all += 1;
  });
  return { delivered, all };
}

/** The text that a stage leaves as its answer, as JSON; null where its result does not tell it. */
function answerOf(output: Cursor): Known {
  switch (textOf(mapMember(output, 'type')) ?? '') {
    case 'pattern':
      return sliceOf(mapMember(output, 'final_answer'));
    case 'approval': {
      const response = mapMember(output, 'response');
      return response === null ? null : spelt(response);
    }
    case 'proposal': {
      const results = mapMember(mapMember(output, 'result'), 'results');
      const last = results?.kind === 'list' && results.count > 0 ? results.child(results.count - 1) : null;
      const answer = mapMember(last, 'output');
      return answer === null || answer.kind === 'null' ? quoted('') : spelt(answer);
    }
    case 'loop': {
      const bodies = mapMember(output, 'iterations_output');
      return bodies?.kind === 'list' && bodies.count > 0 ? answerOf(bodies.child(bodies.count - 1)) : quoted('');
    }
    case 'for_each': {
      const items = mapMember(output, 'items');
      return quoted(`${items?.kind === 'list' ? items.count : 0} item(s) processed`);
    }
    case 'dedup': {
      const [unseen, total] = [mapMember(output, 'unseen'), mapMember(output, 'total')];
      return unseen?.kind === 'integer' && total?.kind === 'integer'
        ? quoted(`${unseen.lexeme()}/${total.lexeme()} item(s) new`)
        : null;
    }
    case 'deliver': {
      const { delivered, all } = deliveries(output);
      return quoted(`delivered to ${delivered}/${all} sink(s)`);
    }
    default:
      return null;
  }
}

/** Everything that a stage's result put into the state, in order. */
export function writesOf(run: RunView, result: Cursor): Writes {
  const writes: Writes = new Map();
  const id = textOf(mapMember(result, 'stage_id'));
  const output = mapMember(result, 'output');
  if (id === null || output === null) return writes;
  if (textOf(mapMember(result, 'status')) === 'failed') {
    writes.set(`stage.${id}.succeeded`, untruth);
    writes.set(`stage.${id}.error`, sliceOf(mapMember(result, 'error')));
    return writes;
  }
  if (textOf(mapMember(output, 'type')) === 'approval') {
    const key = gateOf(run, id)?.outputKey ?? null;
    const response = mapMember(output, 'response');
    if (key !== null) {
      eachMember(response, (name, value) => writes.set(`${key}.${name}`, value.slice()));
      writes.set(key, sliceOf(response));
    }
  } else {
    stepWrites(id, output, writes);
    const into = dedupTarget(run, id);
    if (into !== null) writes.set(into, null);
  }
  // The goal is put back after every stage.
  if (run.workflow?.get('goal')?.kind === 'string') writes.delete('goal');
  writes.set(`stage.${id}.succeeded`, truth);
  writes.set(`stage.${id}.answer`, answerOf(output));
  return writes;
}

/** Where a dedup stage puts what is new; its result holds only counts. */
function dedupTarget(run: RunView, id: string): string | null {
  const stages = mapMember(run.workflow, 'stages');
  let into: string | null = null;
  eachItem(stages, (stage) => {
    const step = mapMember(stage, 'step');
    if (textOf(mapMember(stage, 'id')) !== id || textOf(mapMember(step, 'type')) !== 'dedup') return;
    into ??= textOf(mapMember(step, 'into'));
  });
  return into;
}

export interface DerivedState {
  /** JSON text of the state; its members in the order of the stored one. */
  readonly bytes: Uint8Array;
  /** Members that existed but whose value then is not known any more. */
  readonly lost: readonly string[];
}

/** The state that the first `kept` stages of a run left. Null where the file has no state or no results. */
export function stateAfter(run: RunView, kept: number): DerivedState | null {
  const { state, results } = run;
  if (state === null || results === null) return null;
  const before: Writes = new Map();
  const later = new Set<string>();
  for (let i = 0; i < results.count; i += 1) {
    for (const [name, value] of writesOf(run, results.child(i))) {
      if (i < kept) before.set(name, value);
      else later.add(name);
    }
  }
  const lost: string[] = [];
  const entries: (readonly [key: Uint8Array, value: Uint8Array])[] = [];
  for (let i = 0; i < state.count; i += 1) {
    const key = state.key(i);
    const value = state.child(i);
    const name = textOf(key);
    if (name === null || !later.has(name)) {
      entries.push([key.slice(), value.slice()]);
      continue;
    }
    if (!before.has(name)) continue;
    const known = before.get(name) ?? null;
    if (known === null) lost.push(name);
    else entries.push([key.slice(), indentedAs(known, value)]);
  }
  return { bytes: joinedMap(state, entries), lost };
}

/** A map of these entries, spaced as the given one is. */
export function joinedMap(like: Cursor, entries: readonly (readonly [Uint8Array, Uint8Array])[]): Uint8Array {
  if (entries.length === 0 || like.count === 0) return utf8('{}');
  const { source } = like;
  const first = like.child(0);
  const open = source.subarray(like.start, like.key(0).start);
  const colon = source.subarray(like.key(0).end, first.start);
  const between = like.count > 1 ? source.subarray(first.end, like.key(1).start) : commaAnd(open);
  const close = source.subarray(like.child(like.count - 1).end, like.end);
  const parts: Uint8Array[] = [open];
  entries.forEach(([key, value], i) => {
    if (i > 0) parts.push(between);
    parts.push(key, colon, value);
  });
  parts.push(close);
  return Buffer.concat(parts);
}

const commaAnd = (open: Uint8Array): Uint8Array => Buffer.concat([utf8(','), open.subarray(1)]);

/** Spaces at the beginning of the line that a value stands in; null where it is written on one line with others. */
function indentOf(value: Cursor): number | null {
  let at = value.start;
  while (at > 0 && value.source[at - 1] !== 0x0a) at -= 1;
  if (at === 0) return null;
  let spaces = 0;
  while (value.source[at + spaces] === 0x20) spaces += 1;
  return spaces;
}

/** A text with its lines moved to where `place` stands. Line breaks of JSON never lie inside its strings. */
export function indentedAs(text: Uint8Array, place: Cursor): Uint8Array {
  const indent = indentOf(place);
  const lines = Buffer.from(text).toString('latin1').split('\n');
  const last = /^ */.exec(lines.at(-1) ?? '')![0].length;
  if (lines.length === 1 || indent === null || last === indent) return text;
  const moved = lines.map((line, i) => {
    if (i === 0) return line;
    const own = /^ */.exec(line)![0].length;
    return ' '.repeat(Math.max(0, own + indent - last)) + line.slice(own);
  });
  return Buffer.from(moved.join('\n'), 'latin1');
}

/** A derived state as a value. */
export function openState(derived: DerivedState): Cursor {
  return openValue('json', derived.bytes);
}
