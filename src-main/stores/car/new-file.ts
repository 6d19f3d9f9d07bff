// A new checkpoint file from a stored one: some members replaced in its text, every other byte copied. Never built from an object, so
// numbers keep their digits, members their order, and what later releases add is carried along.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { patched, utf8, type Patch } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { insertAt } from '../../values/splice.ts';
import { indentedAs } from './deltas.ts';
import { gateOf, textOf, type RunView } from './run-file.ts';

/** Members of a file that are written anew; what is absent stays as it is. */
export interface Changes {
  readonly runId?: string;
  /** JSON text of the whole state. */
  readonly state?: Uint8Array;
  /** The run is put back to this many stage results, waiting at this gate. */
  readonly rewind?: { readonly gate: string; readonly kept: number };
  /** Text of the workflow's goal; null takes it out. */
  readonly goal?: string | null;
  /** Milliseconds since 1970: when the run began to wait. */
  readonly createdAt?: number;
}

/** A JSON string as serde writes it. Throws `bad_value` for text that is not valid Unicode. */
export function stringText(text: string): Uint8Array {
  if (text.isWellFormed()) return utf8(JSON.stringify(text));
  throw new ForkpointError('bad_value', 'This text is not valid Unicode. Nothing was changed.', 'Choose another one.');
}

/** A time as chrono writes it in UTC. */
export function timeText(millis: number): Uint8Array {
  return utf8(JSON.stringify(new Date(millis).toISOString().replace('.000Z', 'Z')));
}

export function newFile(run: RunView, changes: Changes): Uint8Array {
  const { root } = run;
  const patches: Patch[] = [];
  const set = (name: string, bytes: Uint8Array): void => {
    const value = root.get(name);
    if (value === null) throw new TypeError(`a run that was checked has a ${name}`);
    patches.push({ start: value.start, end: value.end, bytes: indentedAs(bytes, value) });
  };
  if (changes.runId !== undefined) set('run_id', stringText(changes.runId));
  if (changes.createdAt !== undefined) set('created_at', timeText(changes.createdAt));
  if (changes.state !== undefined) set('wf_state', changes.state);
  if (changes.goal !== undefined) patches.push(goalPatch(run, changes.goal));
  if (changes.rewind !== undefined) {
    const { gate: id, kept } = changes.rewind;
    const gate = gateOf(run, id);
    if (gate?.prompt == null || gate.outputKey === null) throw new TypeError('a gate that was checked has both');
    set('paused_stage_id', stringText(id));
    set('prompt', gate.prompt.slice());
    set('fields', gate.fields?.slice() ?? utf8('[]'));
    set('output_key', stringText(gate.outputKey));
    set('iterations', utf8(String(kept + 1)));
    patches.push(...cutTo(run.results!, kept), ...cutTo(run.completed!, succeededOf(run, kept)));
  }
  return patched(root.source, 0, root.source.length, patches);
}

/** How many of the first results are of stages that CAR counts as completed. */
function succeededOf(run: RunView, kept: number): number {
  let succeeded = 0;
  for (let i = 0; i < kept; i += 1) if (textOf(run.results!.child(i).get('status')) === 'succeeded') succeeded += 1;
  return succeeded;
}

/** Why the lists of a run cannot be cut together, null if they can. */
export function cutProblem(run: RunView): string | null {
  const { results, completed } = run;
  if (results === null || completed === null) return 'it has no list of stage results';
  const ids: string[] = [];
  for (let i = 0; i < results.count; i += 1) {
    const result = results.child(i);
    if (textOf(result.get('status')) === 'succeeded') ids.push(textOf(result.get('stage_id')) ?? '');
  }
  const same = ids.length === completed.count && ids.every((id, i) => textOf(completed.child(i)) === id);
  return same ? null : 'its `completed_stage_ids` are not those of its stage results';
}

function cutTo(list: Cursor, kept: number): Patch[] {
  if (kept >= list.count) return [];
  if (kept === 0) return [{ start: list.start, end: list.end, bytes: utf8('[]') }];
  return [{ start: list.child(kept - 1).end, end: list.child(list.count - 1).end, bytes: utf8('') }];
}

/** A goal that is taken out becomes null, which CAR reads as none; one that was not there stands behind the start. */
function goalPatch(run: RunView, goal: string | null): Patch {
  const workflow = run.workflow!;
  const value = workflow.get('goal');
  const text = goal === null ? utf8('null') : stringText(goal);
  if (value !== null) return { start: value.start, end: value.end, bytes: text };
  const bytes = insertAt(workflow, [], workflow.ordinalOf('start') + 1, text, utf8('"goal"'));
  return { start: workflow.start, end: workflow.end, bytes };
}
