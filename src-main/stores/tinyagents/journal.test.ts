// Journals of genuine runs, found beside the store in the folder that was named.

import { appendFileSync, cpSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { openStore } from '../registry.ts';
import { keepsRecords, type NeighbourRecord, type Store } from '../store.ts';
import { rowsOf } from '../testing/opened.ts';

let folder = '';
const open: Store[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tinyagents-journal-'));
});
afterEach(() => {
  for (const store of open.splice(0)) store.backend.close();
  rmSync(folder, { recursive: true, force: true });
});

function opened(path: string): Store {
  const store = openStore(path);
  open.push(store);
  return store;
}

function copyOf(name: string): string {
  const path = join(folder, name);
  cpSync(fileURLToPath(new URL(`../../../fixtures/tinyagents/${name}`, import.meta.url)), path, { recursive: true });
  return path;
}

function recordsOf(store: Store, thread: string, key?: CheckpointKey): NeighbourRecord[] {
  if (!keepsRecords(store)) throw new Error('it keeps no records');
  return [...store.neighbours(thread, key)];
}

/** Thread of each line of a run's journal, read by other means. */
function told(path: string): { thread: string; event: unknown; time: number }[] {
  return readdirSync(join(path, 'journal'))
    .flatMap((name) =>
      readFileSync(join(path, 'journal', name), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .map((line) => (JSON.parse(line) as { value: { thread_id: string; event: unknown; ts_ms: number } }).value)
    .map((value) => ({ thread: value.thread_id, event: value.event, time: value.ts_ms }));
}

describe.each(['v150-file-journal', 'v210-sqlite-journal', 'v211-sqlite-journal'])('%s', (name) => {
  it('gives every event of every thread, in the order of runs and events, each with its time', () => {
    const path = copyOf(name);
    const store = opened(path);
    const all = told(path);
    const threads = [...new Set(all.map((one) => one.thread))];
    expect(threads.length).toBeGreaterThan(1);
    for (const thread of threads) {
      const records = recordsOf(store, thread);
      const own = all.filter((one) => one.thread === thread);
      expect(records).toHaveLength(own.length);
      expect(new Set(records.map((r) => r.record)).size).toBe(records.length);
      expect(
        records.map((r) => JSON.stringify((JSON.parse(encodeTagged(r.content)) as { event: unknown }).event)).sort(),
      ).toEqual(own.map((one) => JSON.stringify(one.event)).sort());
      const times = records.map((r) => Date.parse(r.time ?? ''));
      expect(times).toEqual(own.map((one) => one.time).sort((a, b) => a - b));
      expect(records[0]?.kind).toBe('RunStarted');
    }
  });

  it('ties each saved checkpoint to its point', () => {
    const store = opened(copyOf(name));
    const points = rowsOf(store, 'journaled');
    const saved = recordsOf(store, 'journaled').filter((r) => r.kind === 'CheckpointSaved');
    expect(saved.length).toBeGreaterThan(2);
    const ofPoints = new Set(points.map((p) => p.key));
    for (const { checkpoint, content } of saved) {
      const told = JSON.parse(encodeTagged(content)) as { event: { CheckpointSaved: { checkpoint_id: string } } };
      const point = points.find((p) => p.key === checkpoint);
      expect(ofPoints.has(checkpoint ?? '')).toBe(true);
      expect(point?.id).toBe(told.event.CheckpointSaved.checkpoint_id);
    }
    const [first] = saved;
    const key = first?.checkpoint ?? undefined;
    expect(recordsOf(store, 'journaled', key).map((r) => r.record)).toEqual([first?.record]);
  });

  it('touches nothing outside of what was named', () => {
    const path = copyOf(name);
    const store = opened(join(path, name.includes('sqlite') ? 'store.db' : 'store'));
    expect(recordsOf(store, 'journaled')).toEqual([]);
  });
});

describe('a journal', () => {
  it('within the store’s own folder is one, and no thread; half a last line waits', () => {
    const path = copyOf('v150-file-journal');
    const inside = join(path, 'store');
    for (const name of readdirSync(join(path, 'journal'))) cpSync(join(path, 'journal', name), join(inside, name));
    const store = opened(inside);
    const before = recordsOf(store, 'journaled');
    expect(before.length).toBeGreaterThan(10);
    expect([...store.threads()].flat().map((t) => t.thread)).not.toContain('');
    expect(store.describe().notes.join('\n')).not.toContain('cannot be read as a thread');
    const [file] = (before.at(-1)?.record ?? '').split(':');
    appendFileSync(join(inside, file ?? ''), '{"offset":99,"value":{"event":{"RunCo');
    expect(recordsOf(store, 'journaled')).toHaveLength(before.length);
  });
});
