// What CAR answered of its runs (`golden.json`), in the common shape: the results inside a run's file, then its gate.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cursor } from '../../../values/cursor.ts';
import { openValue } from '../../../values/open.ts';
import type { Answers, PointAnswer, Silent, ThreadAnswer } from '../../testing/answer.ts';
import { goldenFile, itemsOf, memberOf, same, textIn, textsIn } from '../../testing/golden-json.ts';

const silent: Silent = {
  parent: 'CAR stores no parents: the order of the results is the history',
};

const earlier: Silent = { state: 'CAR stores one state, that of the gate; deltas.ts tells the earlier ones' };

function runOf(stem: string, run: Cursor, claimed: boolean): ThreadAnswer {
  const gate = textIn(run, 'paused_stage_id') ?? '';
  const stages = itemsOf(run, 'stage_results').map((result) => textIn(result, 'stage_id') ?? '');
  const passed = stages.map((id, i): PointAnswer => ({
    id,
    namespace: '',
    next: [stages[i + 1] ?? gate],
    tasks: [],
    questions: [],
    status: 'idle',
    silent: earlier,
  }));
  const state = same(memberOf(run, 'wf_state'));
  const status = claimed ? 'in_flight' : 'interrupted';
  const head: PointAnswer = {
    id: gate,
    namespace: '',
    state,
    next: [gate],
    tasks: [{ id: null, name: gate, failed: false }],
    questions: [{ id: gate, task: null, value: same(memberOf(run, 'prompt')) }],
    status,
  };
  const points = [...passed, head];
  return { thread: stem, points, head: points.length - 1, latest: state, threadStatus: status, refused: false };
}

/** CAR fails at this file: it is shown with its bytes and nothing is made of it. */
function brokenRun(stem: string): ThreadAnswer {
  const why = 'CAR cannot read the file';
  return {
    thread: stem,
    points: [
      {
        id: 'damaged',
        namespace: '',
        next: [],
        tasks: [],
        questions: [],
        status: 'unknown',
        silent: { state: why },
      },
    ],
    head: null,
    silent: { latest: why },
    threadStatus: 'unknown',
    refused: true,
  };
}

/** By hand: CAR lists no run that is claimed; the file is the one that it read before it claimed the run. */
function claimedRuns(golden: Cursor, folder: string): ThreadAnswer[] {
  const files = textsIn(golden, 'files').filter((file) => file.endsWith('.inflight'));
  const stems = files.map((file) => file.slice(0, -'.inflight'.length));
  return stems
    .filter((stem) => !existsSync(join(folder, `${stem}.json`)))
    .map((stem) => runOf(stem, openValue('json', readFileSync(join(folder, `${stem}.inflight`))), true));
}

export const carAnswers: Answers = (_, genuine) => {
  const golden = goldenFile(join(genuine, 'golden.json'));
  if (golden === null) return null;
  const runs = itemsOf(golden, 'runs').map((run) => {
    const paused = run.get('paused');
    const stem = textIn(run, 'stem') ?? '';
    return paused === null ? brokenRun(stem) : runOf(stem, paused, false);
  });
  return { threads: [...runs, ...claimedRuns(golden, join(genuine, 'runs'))], silent };
};
