// One checkpoint file, read in place: a workflow that waits at an approval gate, with everything that ran before it. What can be shown
// of a file that CAR would refuse is shown all the same; `refused` says what CAR would say.

import { asForkpointError, type ForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { serdeRefusal } from '../../values/json/serde-text.ts';
import { openValue } from '../../values/open.ts';
import { isoTime, runProblem } from './shape.ts';

/** Releases by what they brought into the file: dedup steps in 0.31, deliver steps in 0.36, owners and typed state changes by 0.60. */
export const eras = ['0.21', '0.31', '0.36', '0.60'] as const;
export type Era = (typeof eras)[number];

/** An approval step of the workflow: what CAR asks, and where it puts the answer. */
export interface Gate {
  readonly prompt: Cursor | null;
  /** Null where the step has none: nothing but an empty answer is asked for. */
  readonly fields: Cursor | null;
  readonly outputKey: string | null;
}

/** A file that is a JSON object. Members of other types than CAR writes are null here. */
export interface RunView {
  readonly root: Cursor;
  readonly runId: string | null;
  readonly workflow: Cursor | null;
  readonly pausedStage: string | null;
  readonly prompt: string | null;
  readonly outputKey: string | null;
  readonly owner: string | null;
  readonly state: Cursor | null;
  /** Results of the stages in the order in which they ran; a stage of a loop stands here once per visit. */
  readonly results: Cursor | null;
  readonly completed: Cursor | null;
  readonly iterations: number | null;
  readonly createdAt: string | null;
  /** What CAR 0.60.0 would miss; null if it reads the file. */
  readonly refused: string | null;
}

export type RunReading =
  | { readonly ok: true; readonly run: RunView }
  /** Not even JSON, or no object; a part of a sentence. */
  | { readonly ok: false; readonly reason: string };

export function textOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'string' && value.isUnicode() ? value.text() : null;
}

function ofKind(value: Cursor | null, kind: Cursor['kind']): Cursor | null {
  return value?.kind === kind ? value : null;
}

/** What is wrong and where, without the sentence around it. */
function jsonProblem(error: ForkpointError): string {
  return error.message.replace(/^The stored value cannot be read: /, '').replace(/\. Nothing was changed\.$/, '');
}

export function readRun(bytes: Uint8Array): RunReading {
  let root: Cursor;
  try {
    root = openValue('json', bytes);
  } catch (thrown) {
    return { ok: false, reason: `it is not JSON (${jsonProblem(asForkpointError(thrown))})` };
  }
  if (root.kind !== 'map') return { ok: false, reason: 'it is not a JSON object' };
  const iterations = ofKind(root.get('iterations'), 'integer')?.approximate() ?? null;
  // Looked at only when asked for: a listing need not know.
  let refused: string | null | undefined;
  return {
    ok: true,
    run: {
      root,
      runId: textOf(root.get('run_id')),
      workflow: ofKind(root.get('workflow'), 'map'),
      pausedStage: textOf(root.get('paused_stage_id')),
      prompt: textOf(root.get('prompt')),
      outputKey: textOf(root.get('output_key')),
      owner: textOf(root.get('owner')),
      state: ofKind(root.get('wf_state'), 'map'),
      results: ofKind(root.get('stage_results'), 'list'),
      completed: ofKind(root.get('completed_stage_ids'), 'list'),
      iterations: iterations !== null && Number.isSafeInteger(iterations) ? iterations : null,
      createdAt: isoTime(textOf(root.get('created_at'))),
      get refused() {
        if (refused === undefined) refused = serdeRefusal(bytes) ?? runProblem(root);
        return refused;
      },
    },
  };
}

/** What a listing shows of a file: no state, no workflow and no result is looked into. */
export function glanceAt(bytes: Uint8Array): { readonly points: number; readonly createdAt: string | null } {
  let root: Cursor | null = null;
  try {
    root = openValue('json', bytes);
  } catch (thrown) {
    if (asForkpointError(thrown).code === 'internal') throw thrown;
  }
  if (root?.kind !== 'map') return { points: 1, createdAt: null };
  const results = ofKind(root.get('stage_results'), 'list')?.count ?? 0;
  return { points: results + 1, createdAt: isoTime(textOf(root.get('created_at'))) };
}

/** What tells a checkpoint from any other JSON file. */
export function isRun(run: RunView): boolean {
  return run.pausedStage !== null && run.state !== null;
}

/** The first stage of this id, as CAR looks it up. */
export function stageOf(run: RunView, id: string): Cursor | null {
  const stages = ofKind(run.workflow?.get('stages') ?? null, 'list');
  for (let i = 0; i < (stages?.count ?? 0); i += 1) {
    const stage = stages!.child(i);
    if (textOf(stage.kind === 'map' ? stage.get('id') : null) === id) return stage;
  }
  return null;
}

/** The gate that a stage is; null for a stage that works, or that is not there. */
export function gateOf(run: RunView, id: string): Gate | null {
  const step = ofKind(stageOf(run, id)?.get('step') ?? null, 'map');
  if (step === null || textOf(step.get('type')) !== 'approval') return null;
  return { prompt: step.get('prompt'), fields: step.get('fields'), outputKey: textOf(step.get('output_key')) };
}

/** Why CAR would not go on from the gate that the run waits at, as a sentence; null if it would. */
export function gateProblem(run: RunView): string | null {
  const id = run.pausedStage ?? '';
  if (stageOf(run, id) === null) return `its workflow has no stage \`${id}\` that it could wait at`;
  const gate = gateOf(run, id);
  if (gate === null) return `the stage \`${id}\` is not an approval gate`;
  if (gate.outputKey === null || gate.outputKey.trim() === '') return `the gate \`${id}\` has no \`output_key\``;
  if (gate.outputKey === 'goal') return `the gate \`${id}\` would put its answer over the goal`;
  return null;
}

/** How many stages a run may visit in all. */
export function visitLimit(run: RunView): number {
  const limit = ofKind(run.workflow?.get('max_iterations') ?? null, 'integer')?.approximate() ?? 100;
  return Number.isSafeInteger(limit) ? limit : 100;
}

/** Whether an edge of the workflow leads from one stage to another. */
export function hasEdge(run: RunView, from: string, to: string): boolean {
  const edges = ofKind(run.workflow?.get('edges') ?? null, 'list');
  for (let i = 0; i < (edges?.count ?? 0); i += 1) {
    const edge = edges!.child(i);
    if (edge.kind === 'map' && textOf(edge.get('from')) === from && textOf(edge.get('to')) === to) return true;
  }
  return false;
}

/** Members that came with a release, by the bytes that they are written with. */
const marks: readonly (readonly [Era, string])[] = [
  ['0.60', '"owner"'],
  ['0.60', '"invocation_mode"'],
  ['0.60', '"original_proposal_id"'],
  ['0.36', '"deliver"'],
  ['0.31', '"dedup"'],
  ['0.31', '"inconclusive"'],
];

/** The oldest release that can have written this file, by the members that it holds. A state may hold the same words: a guess upwards. */
export function eraOf(run: RunView): Era {
  const { source, start, end } = run.root;
  const text = Buffer.from(source.buffer, source.byteOffset + start, end - start);
  return marks.find(([, mark]) => text.includes(mark))?.[0] ?? '0.21';
}
