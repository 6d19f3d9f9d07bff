// Deleting a run: its journal, its checkpoints, its tool calls, and the contents that nobody else refers to. Contents are shared by their
// ids, so every other run is asked first. Runs that it has started are runs of their own and stay, as does the archive of events.

import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { StorePlan } from '../store.ts';
import { removalPlan } from '../whole-thread.ts';
import { textOf } from './decode.ts';
import { contentIdsOf } from './neighbours.ts';
import type { Place } from './points.ts';
import type { RunSource } from './source.ts';
import type { ClawdiaStore } from './store.ts';
import { walk } from './walk.ts';
import type { PlanWriter } from './write.ts';

export function planDelete(store: ClawdiaStore, run: string, writer: PlanWriter): StorePlan {
  const { source } = store;
  const points = store.pointsOf(run);
  const contents = new Set<string>();
  const calls = new Set<string>();
  const children = new Set<string>();
  for (const place of points.places) {
    const root = rootOf(source, place);
    if (root === null) continue;
    for (const id of contentIdsOf(root)) contents.add(id);
    for (const { value, name } of walk(root)) {
      const text = value.kind === 'string' ? textOf(value) : null;
      if (text === null) continue;
      if (name === 'tool_call_id') calls.add(text);
      else if (name === 'child_run_id' && text !== run) children.add(text);
    }
  }
  const held = [...contents].filter((id) => source.content(id) !== null || source.providerArguments(id) !== null);
  const shared = new Set([...sharedWithOthers(source, run, held), ...held.filter((id) => writer.namedBeside(id))]);
  const own = held.filter((id) => !shared.has(id));
  const removal = writer.removeRun(run, { contents: own, calls: [...calls] });
  const there = [...children].filter((child) => source.summary(child) !== null);
  return removalPlan(removal.changes, [...removal.warnings, ...childrenStay(there), ...contentsStay(shared.size)]);
}

function rootOf(source: RunSource, place: Place) {
  const reading = place.kind === 'record' ? source.record(place) : source.checkpoint(place);
  return reading.ok ? reading.view.root : null;
}

/** Those of these contents that a record or checkpoint of another run refers to. */
function sharedWithOthers(source: RunSource, run: string, contents: readonly string[]): ReadonlySet<string> {
  const wanted = new Set(contents);
  const shared = new Set<string>();
  if (wanted.size === 0) return shared;
  for (const batch of source.threads()) {
    for (const { thread } of batch) {
      if (thread === run) continue;
      const reading = source.points(thread);
      let step = reading.next();
      while (step.done !== true) step = reading.next();
      for (const place of step.value?.places ?? []) {
        const root = rootOf(source, place);
        if (root === null) continue;
        for (const id of contentIdsOf(root)) if (wanted.has(id)) shared.add(id);
      }
    }
  }
  return shared;
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
