// Commits to a thread that a framework is writing at the same time: between our plan and our write its next record arrives.

import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OperationAsk } from './operations.ts';
import { Operations } from './operations.ts';
import type { Workplace } from './testing/genuine-store.ts';
import { countingDraw, headOf, workplace } from './testing/genuine-store.ts';

const thread = 'linear-1';
let place: Workplace;
let file = '';
/** Records that still arrive, one whenever our bundle is written. */
let arriving = 0;
let operations: Operations;
beforeEach(() => {
  place = workplace();
  operations = new Operations({
    dataFolder: place.dataFolder,
    draw: countingDraw(),
    hooks: {
      at(stage) {
        if (stage === 'bundled' && arriving > 0) {
          arriving -= 1;
          arrive();
        }
      },
    },
  });
});
afterEach(() => place.done());

const lines = (): string[] => readFileSync(file, 'utf8').trimEnd().split('\n');

function arrive(): void {
  const last = lines().at(-1) ?? '';
  const id = (at: string, value: string): string => at.replace(/"checkpoint_id":"[^"]*"/, `"checkpoint_id":"${value}"`);
  appendFileSync(file, `${id(last, `ckpt-arrived-${arriving}`)}\n`);
}

function opened() {
  const path = place.copy('tinyagents/v211-file-linear/store', 'store');
  file = join(path, `${thread}.jsonl`);
  return place.open(path);
}

it('an edit in place is planned again, and stands behind what arrived', () => {
  const store = opened();
  const before = lines().length;
  const key = headOf(store, thread);
  const edits = [{ op: 'set', path: 'topic', value: '"edited"' }] as const;
  arriving = 3;
  const { plan } = operations.commit(store, { operation: 'edit', key, edits, leave: [] }, null);
  expect(plan.committed).toBe(true);
  expect(lines()).toHaveLength(before + 4);
  const last = JSON.parse(lines().at(-1) ?? '') as { state: { topic: string }; metadata: { source: string } };
  expect([last.state.topic, last.metadata.source]).toEqual(['edited', 'update']);
  expect(operations.list(store).map((o) => o.operationId)).toEqual([plan.operationId]);
});

it('an edit that someone has looked at is refused instead', () => {
  const store = opened();
  const ask: OperationAsk = {
    operation: 'edit',
    key: headOf(store, thread),
    edits: [{ op: 'set', path: 'topic', value: '"edited"' }],
    leave: [],
  };
  const { plan } = operations.plan(store, ask);
  const before = lines().length;
  arriving = 1;
  expect(() => operations.commit(store, ask, plan.planId)).toThrow(expect.objectContaining({ code: 'moved' }));
  expect(lines()).toHaveLength(before + 1);
});

it('a fork into a new thread takes what it was asked for, whatever arrives', () => {
  const store = opened();
  const key = headOf(store, thread);
  const before = lines();
  arriving = 1;
  const target = { kind: 'thread', thread: 'copy' } as const;
  const ask: OperationAsk = { operation: 'fork', key, edits: [], target, pending: 'drop', leave: [] };
  const { plan } = operations.plan(store, ask);
  expect(operations.commit(store, ask, plan.planId).plan.committed).toBe(true);
  expect(arriving).toBe(0);
  const copied = readFileSync(join(file, '..', 'copy.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  expect(copied).toHaveLength(before.length + 1);
});

it('a thread that never rests is said to have moved', () => {
  const store = opened();
  arriving = 1000;
  const ask: OperationAsk = {
    operation: 'edit',
    key: headOf(store, thread),
    edits: [{ op: 'set', path: 'topic', value: '"edited"' }],
    leave: [],
  };
  expect(() => operations.commit(store, ask, null)).toThrow(expect.objectContaining({ code: 'moved' }));
  expect(lines().some((line) => line.includes('"edited"'))).toBe(false);
  expect(arriving).toBeGreaterThan(990);
});
