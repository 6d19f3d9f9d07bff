// A commit over several files of a genuine tinyagents folder, killed while it writes, and what the next opening makes of it.

import { spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OperationLog } from './log.ts';
import type { LoggedOperation } from './log.ts';
import { Operations } from './operations.ts';
import type { Workplace } from './testing/genuine-store.ts';
import { countingDraw, filesOf, headOf, workplace } from './testing/genuine-store.ts';

const script = fileURLToPath(new URL('./testing/die-at.ts', import.meta.url));
const thread = 'linear-1';

let place: Workplace;
let operations: Operations;
let path: string;
let before: ReadonlyMap<string, string>;
beforeEach(() => {
  place = workplace();
  operations = new Operations({ dataFolder: place.dataFolder, draw: countingDraw() });
  path = place.copy('tinyagents/v211-file-linear/store');
  before = filesOf(path);
});
afterEach(() => place.done());

/** Kills a fork when its first file is written: a ledger whose record is not there, or the one line of a fork in place. */
function dieWhileWriting(target: 'thread' | 'in-place'): void {
  const child = spawnSync(process.execPath, [script, path, place.dataFolder, thread, 'writing', target], {
    encoding: 'utf8',
  });
  expect([child.signal, child.stderr]).toEqual(['SIGKILL', '']);
  // The fault bites: exactly one file is not as it was.
  const after = filesOf(path);
  const touched = [...after.keys()].filter((name) => after.get(name) !== before.get(name));
  expect(touched).toEqual([target === 'thread' ? `${thread}-fork-1.writes.jsonl` : `${thread}.jsonl`]);
}

const logged = (): LoggedOperation | undefined =>
  new OperationLog(join(place.dataFolder, 'operations.jsonl')).read().at(-1);
const bundles = (): string[] => readdirSync(join(place.dataFolder, 'undo'));
const ledger = (): string => join(path, `${thread}-fork-1.writes.jsonl`);
const records = (): string => join(path, `${thread}.jsonl`);
const forks = (): void => {
  const store = place.open(path);
  operations.commit(
    store,
    {
      operation: 'fork',
      key: headOf(store, thread),
      edits: [],
      target: { kind: 'thread', thread: null },
      pending: null,
      leave: [],
    },
    null,
  );
  expect(store.threadSummary(`${thread}-fork-1`)).not.toBeNull();
};

describe('a commit that died while it wrote', () => {
  it('leaves a ledger without its record, which is taken away', () => {
    dieWhileWriting('thread');
    operations.recoverAll(place.open(path));
    expect(filesOf(path)).toEqual(before);
    expect(logged()).toMatchObject({
      state: 'abandoned',
      reason: expect.stringContaining('taken back: `linear-1-fork-1.writes.jsonl`') as unknown,
    });
    expect(bundles()).toEqual([]);
    forks();
  });

  it('leaves half a line, which is cut off again', () => {
    dieWhileWriting('in-place');
    truncateSync(records(), statSync(records()).size - 20);
    // The fault bites: the file does not end in a line feed.
    expect(readFileSync(records()).at(-1)).not.toBe(0x0a);
    operations.recoverAll(place.open(path));
    expect(filesOf(path)).toEqual(before);
    expect(logged()).toMatchObject({
      state: 'abandoned',
      reason: expect.stringContaining('taken back: `linear-1.jsonl`') as unknown,
    });
    forks();
  });

  it('has all that it needed when only one file was to be written', () => {
    dieWhileWriting('in-place');
    operations.recoverAll(place.open(path));
    expect(logged()).toMatchObject({ state: 'committed' });
    operations.commitUndo(place.open(path), null, null);
    expect(filesOf(path)).toEqual(before);
  });

  it('is kept open while the store is only read, and settled when it may be written', () => {
    dieWhileWriting('thread');
    const torn = filesOf(path);
    const reading = place.open(path, { readOnly: true });
    operations.recoverAll(reading);
    operations.recoverAll(reading);
    expect(filesOf(path)).toEqual(torn);
    expect(logged()).toMatchObject({ state: 'prepared' });
    expect(bundles()).toHaveLength(1);
    expect(operations.list(reading)).toMatchObject([{ undoable: false }]);
    operations.recoverAll(place.open(path));
    expect(filesOf(path)).toEqual(before);
    expect(logged()).toMatchObject({ state: 'abandoned' });
    expect(operations.list(reading)).toEqual([]);
  });

  it('is left alone, and said, where somebody has written behind it', () => {
    dieWhileWriting('thread');
    appendFileSync(ledger(), `${readFileSync(ledger(), 'utf8').split('\n')[0]}\n`);
    const built = filesOf(path);
    operations.recoverAll(place.open(path));
    expect(filesOf(path)).toEqual(built);
    expect(logged()).toMatchObject({
      state: 'unclear',
      reason: expect.stringContaining('cannot be taken back') as unknown,
    });
    expect(bundles()).toHaveLength(1);
  });

  it('is taken back also where an earlier attempt at that died', () => {
    dieWhileWriting('thread');
    const [bundle = ''] = bundles();
    writeFileSync(join(place.dataFolder, 'undo', `${bundle}-begun-${process.pid}`), 'half');
    operations.recoverAll(place.open(path));
    expect(filesOf(path)).toEqual(before);
    expect(bundles()).toEqual([]);
  });

  it('does not keep the store from being opened where its undo data is damaged', () => {
    dieWhileWriting('thread');
    const [bundle = ''] = bundles();
    writeFileSync(join(place.dataFolder, 'undo', bundle), 'what is this\n');
    const store = place.open(path);
    operations.recoverAll(store);
    expect(logged()).toMatchObject({ state: 'unclear', reason: expect.stringContaining('damaged') as unknown });
    expect(operations.list(store)).toMatchObject([{ undoable: false }]);
  });
});
