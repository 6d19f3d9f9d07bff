// Deleting a run: its journal, its checkpoints, its tool calls, and the contents that nobody else refers to. Contents are shared by their
// ids, so every other run is asked first. Runs that it has started are runs of their own and stay, as does the archive of events.

import { drain } from '../drain.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { Cursor } from '../../values/cursor.ts';
import type { DeleteRequest, StorePlan } from '../store.ts';
import { notWhole, removalPlan } from '../whole-thread.ts';
import { textOf } from './decode.ts';
import { namingOf } from './import.ts';
import { contentIdsOf } from './neighbours.ts';
import type { Place } from './points.ts';
import type { RunSource } from './source.ts';
import type { ClawdiaStore } from './store.ts';
import { walk } from './walk.ts';
import type { PlanWriter } from './write.ts';

export function planDelete(store: ClawdiaStore, { thread: run, into }: DeleteRequest, writer: PlanWriter): StorePlan {
  const { source } = store;
  const points = store.pointsOf(run);
  const contents = new Set<string>();
  const calls = new Set<string>();
  const children = new Set<string>();
  for (const place of points.places) {
    const root = rootOf(source, place);
    if (root === null) continue;
    for (const id of contentIdsOf(root)) contents.add(id);
    for (const call of textsOf(root, 'tool_call_id')) calls.add(call);
    for (const child of textsOf(root, 'child_run_id')) if (child !== run) children.add(child);
  }
  if (into !== null) {
    const { refused } = store.threadDetail(run);
    if (refused !== null) throw notWhole(refused);
    const naming = namingOf(run, into, points.records[0]?.id ?? null);
    const { changes, warnings } = writer.removeRun(run, { contents: [], calls: [] }, naming);
    return removalPlan(changes, [...warnings, ...childrenKeepName(thereOf(source, children))]);
  }
  const held = [...contents].filter((id) => source.content(id) !== null || source.providerArguments(id) !== null);
  const named = namedByOthers(source, run, held, calls);
  const shared = held.filter((id) => named.contents.has(id) || writer.namedBeside(id));
  const removal = writer.removeRun(
    run,
    {
      contents: held.filter((id) => !shared.includes(id)),
      calls: [...calls].filter((call) => !named.calls.has(call)),
    },
    null,
  );
  const there = thereOf(source, children);
  return removalPlan(removal.changes, [...removal.warnings, ...childrenStay(there), ...contentsStay(shared.length)]);
}

function thereOf(source: RunSource, runs: ReadonlySet<string>): readonly string[] {
  return [...runs].filter((run) => source.summary(run) !== null);
}

function childrenKeepName(children: readonly string[]): Warning[] {
  if (children.length === 0) return [];
  return [
    {
      code: 'child_runs_keep_name',
      message: `This run has started ${children.map((child) => shownName(child)).join(', ')}: what is stored there names it by its old id.`,
      remedy: null,
    },
  ];
}

function rootOf(source: RunSource, place: Place) {
  const reading = place.kind === 'record' ? source.record(place) : source.checkpoint(place);
  return reading.ok ? reading.view.root : null;
}

interface Named {
  readonly contents: ReadonlySet<string>;
  readonly calls: ReadonlySet<string>;
}

/** Those of these contents and tool calls that a record or checkpoint of another run names. */
function namedByOthers(source: RunSource, run: string, contents: readonly string[], calls: ReadonlySet<string>): Named {
  const wanted = new Set(contents);
  const named = { contents: new Set<string>(), calls: new Set<string>() };
  if (wanted.size + calls.size === 0) return named;
  for (const batch of source.threads()) {
    for (const { thread } of batch) {
      if (thread === run) continue;
      for (const place of drain(source.points(thread))?.places ?? []) {
        const root = rootOf(source, place);
        if (root === null) continue;
        for (const id of contentIdsOf(root)) if (wanted.has(id)) named.contents.add(id);
        for (const call of textsOf(root, 'tool_call_id')) if (calls.has(call)) named.calls.add(call);
      }
    }
  }
  return named;
}

function* textsOf(root: Cursor, member: string): Generator<string, void, void> {
  for (const { value, name } of walk(root)) {
    const text = name === member && value.kind === 'string' ? textOf(value) : null;
    if (text !== null) yield text;
  }
}

function childrenStay(children: readonly string[]): Warning[] {
  if (children.length === 0) return [];
  const names = children.map((child) => shownName(child)).join(', ');
  return [
    {
      code: 'child_runs_stay',
      message: `This run has started ${names}: ${children.length === 1 ? 'that is a run of its own and stays' : 'those are runs of their own and stay'}.`,
      remedy:
        children.length === 1 ? 'Delete it, too, if it is not needed.' : 'Delete them, too, if they are not needed.',
    },
  ];
}

function contentsStay(shared: number): Warning[] {
  if (shared === 0) return [];
  return [
    {
      code: 'contents_stay',
      message: `${shared === 1 ? 'A content that this run refers to is' : `${shared} contents that this run refers to are`} used elsewhere, too, and stay${shared === 1 ? 's' : ''}.`,
      remedy: null,
    },
  ];
}
