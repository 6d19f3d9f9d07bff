import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asForkpointError, type ForkpointError } from '../../../shared/model/errors.ts';
import { commitStages, type Backend, type ChangeSet, type CommitStage, type FilesReader } from '../backend.ts';
import { runChild } from '../testing/run-child.ts';
import { fileChanges, fileKinds, makeFolderStore, relyOnSample, severalFiles } from '../testing/sample-stores.ts';
import { openFiles } from './backend.ts';

let folder = '';
let root = '';
let bundle = '';
let backend: Backend<FilesReader>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-files-commit-'));
  root = makeFolderStore(folder);
  bundle = join(folder, 'bundle');
  backend = openFiles(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Names, modes and bytes of everything in the store. */
function contents(): Record<string, string> {
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names.map((name) => {
      const stats = statSync(join(root, name));
      const content = stats.isDirectory() ? 'folder' : readFileSync(join(root, name), 'utf8');
      return [name, `${(stats.mode & 0o777).toString(8)} ${content}`];
    }),
  );
}

const staging = (): string[] => readdirSync(folder).filter((name) => name.startsWith('.forkpoint'));
const apply = (changes: ChangeSet, to = bundle): unknown => backend.apply(changes, relyOnSample(backend).relied, to);

function takeBack(from: string, to: string): void {
  const undo = backend.undo(from);
  backend.apply(undo.changes, undo.relied, to);
}

function failure(work: () => unknown): ForkpointError {
  try {
    work();
  } catch (thrown) {
    return asForkpointError(thrown);
  }
  throw new Error('it did not fail');
}

test.each(fileKinds)('%s: applied, undone and redone, byte for byte', (kind) => {
  const before = contents();
  apply(fileChanges(kind));
  const after = contents();
  expect(after).not.toEqual(before);
  expect(backend.recover(bundle)).toBe('applied');
  expect(staging()).toEqual([]);
  takeBack(bundle, join(folder, 'undo'));
  expect(contents()).toEqual(before);
  expect(backend.recover(bundle)).toBe('not-applied');
  takeBack(join(folder, 'undo'), join(folder, 'redo'));
  expect(contents()).toEqual(after);
});

test.each(fileKinds.flatMap((kind) => commitStages.map((stage) => [kind, stage] as const)))(
  '%s killed when %s: the old store or the new, and the bundle knows',
  (change, killAt) => {
    const before = contents();
    const { signal } = runChild({ role: 'commit', path: root, bundle, change, killAt, uid: null });
    // The fault bites.
    expect(signal).toBe('SIGKILL');
    const isSeveral = severalFiles.has(change);
    const written: CommitStage[] = isSeveral ? ['written', 'verified'] : ['writing', 'written', 'verified'];
    const applied = written.includes(killAt);
    if (killAt === 'checked') {
      expect(existsSync(bundle)).toBe(false);
      expect(contents()).toEqual(before);
      return;
    }
    expect(backend.recover(bundle)).toBe(applied ? 'applied' : 'not-applied');
    // The record that makes the rest count is there only with all the others.
    if (change === 'several') expect(existsSync(join(root, 'fork.jsonl'))).toBe(applied);
    else if (!applied && !isSeveral) expect(contents()).toEqual(before);
    const undo = backend.undo(bundle);
    if (!isSeveral && !applied) expect(undo.changes.changes).toEqual([]);
    backend.apply(undo.changes, undo.relied, join(folder, 'undo'));
    expect(contents()).toEqual(before);
  },
);

test('a torn append is recognised, and taken back without touching what was there', () => {
  const before = contents();
  runChild({ role: 'commit', path: root, bundle, change: 'append', killAt: 'bundled', uid: null });
  const [change] = fileChanges('append').changes;
  if (change === undefined || !('content' in change)) throw new Error('no append');
  const [bytes] = change.content;
  if (!(bytes instanceof Uint8Array)) throw new Error('no bytes');
  appendFileSync(join(root, 'a.jsonl'), bytes.subarray(0, 100));
  expect(backend.recover(bundle)).toBe('not-applied');
  takeBack(bundle, join(folder, 'undo'));
  expect(contents()).toEqual(before);
});

describe('what moved is refused and named', () => {
  test('before the commit', () => {
    const { relied } = relyOnSample(backend);
    appendFileSync(join(root, 'a.jsonl'), '{"id":4}\n');
    const before = contents();
    const error = failure(() => backend.apply(fileChanges('new-file'), relied, bundle));
    expect([error.code, error.message]).toEqual(['moved', expect.stringContaining('then 27 bytes; now 36 bytes')]);
    expect(contents()).toEqual(before);
  });

  test.each([
    ['append', 'a.jsonl'],
    ['new-file', 'fork.jsonl'],
  ] as const)('%s: a framework that adds the next record at once does not make the commit doubtful', (kind, name) => {
    const at = (stage: CommitStage): void => {
      if (stage === 'written') appendFileSync(join(root, name), '{"id":5}\n');
    };
    backend.apply(fileChanges(kind), relyOnSample(backend).relied, bundle, { at });
    expect(backend.recover(bundle)).toBe('applied');
    expect(failure(() => backend.undo(bundle)).message).toContain('added behind it');
  });

  test('undo after someone built on it', () => {
    apply(fileChanges('append'));
    appendFileSync(join(root, 'a.jsonl'), '{"id":5}\n{"id":6}\n');
    const error = failure(() => backend.undo(bundle));
    expect([error.code, error.message]).toEqual(['moved', expect.stringContaining('2 records were added behind it')]);
  });

  test('between undo and its commit', () => {
    apply(fileChanges('new-file'));
    const undo = backend.undo(bundle);
    appendFileSync(join(root, 'fork.jsonl'), '{"id":5}\n');
    expect(failure(() => backend.apply(undo.changes, undo.relied, join(folder, 'undo'))).code).toBe('moved');
    expect(existsSync(join(root, 'fork.jsonl'))).toBe(true);
  });

  test('a guarded file', () => {
    const changes: ChangeSet = {
      backend: 'files',
      changes:
        fileChanges('append').backend === 'files' ? fileChanges('append').changes.filter((c) => 'path' in c) : [],
      guards: [{ kind: 'file', describe: 'the ledger', path: 'gone.jsonl' }],
    };
    apply(changes);
    appendFileSync(join(root, 'gone.jsonl'), 'x\n');
    expect(failure(() => backend.undo(bundle)).message).toContain('the ledger');
  });
});

describe('refusals', () => {
  test('a file that exists is not overwritten', () => {
    writeFileSync(join(root, 'fork.jsonl'), 'mine');
    const before = contents();
    expect(failure(() => apply(fileChanges('new-file'))).code).toBe('exists');
    expect(failure(() => apply(fileChanges('several'))).code).toBe('exists');
    expect(contents()).toEqual(before);
    expect([existsSync(bundle), staging()]).toEqual([false, []]);
  });

  test('a file that appears in the last moment makes the others go away again', () => {
    const before = contents();
    const at = (stage: CommitStage): void => {
      if (stage === 'writing') writeFileSync(join(root, 'fork.jsonl'), 'theirs');
    };
    const error = failure(() => backend.apply(fileChanges('several'), relyOnSample(backend).relied, bundle, { at }));
    expect(error.code).toBe('exists');
    expect(readFileSync(join(root, 'fork.jsonl'), 'utf8')).toBe('theirs');
    rmSync(join(root, 'fork.jsonl'));
    expect(contents()).toEqual(before);
    expect(existsSync(bundle)).toBe(false);
  });

  test('nothing is added behind a torn line', () => {
    writeFileSync(join(root, 'a.jsonl'), '{"id":1}\n{"id":2}\n{"id":3} ');
    const error = failure(() => apply(fileChanges('append')));
    expect([error.code, error.message]).toEqual(['unable', expect.stringContaining('torn')]);
  });

  test.each(fileKinds)('a full disk leaves the store as it was (%s)', (change) => {
    writeFileSync(join(root, 'a.jsonl'), '{"id":1}\n{"id":2}\n{"id":3}\n');
    const before = contents();
    const job = { role: 'commit', path: root, bundle, change, killAt: null, uid: null };
    const { said } = runChild(job, change.startsWith('delete') || change === 'rewrite' ? 0 : 8);
    // The fault bites.
    expect(said).toMatchObject({ error: { code: 'io' } });
    expect(contents()).toEqual(before);
    expect([existsSync(bundle), staging()]).toEqual([false, []]);
  });

  test('an append that is cut short is cut off again', () => {
    // The file is just below the limit, the bundle is not: only the append itself hits it.
    const line = `${JSON.stringify({ id: 0, x: 'y'.repeat(30_000) })}\n`;
    writeFileSync(join(root, 'a.jsonl'), line);
    const before = contents();
    const job = { role: 'commit', path: root, bundle, change: 'append', killAt: null, uid: null };
    expect(runChild(job, 40).said).toMatchObject({ error: { code: 'io' } });
    expect(contents()).toEqual(before);
    expect(existsSync(bundle)).toBe(false);
    expect(runChild(job, 400).said).toMatchObject({ applied: { inserted: 1 } });
  });

  test.runIf(process.getuid?.() === 0)('no permission is said, and nothing is written', () => {
    chmodSync(folder, 0o755);
    const before = contents();
    const job = { role: 'commit', path: root, bundle, change: 'new-file', killAt: null, uid: 65_534 };
    expect(runChild(job).said).toMatchObject({
      error: { code: 'unable', message: expect.stringContaining('may not write') },
    });
    // The folder may be written, its file may not: the fault bites inside the commit.
    chmodSync(root, 0o777);
    chmodSync(folder, 0o777);
    const append = { ...job, change: 'append' };
    expect(runChild(append).said).toMatchObject({
      error: { code: 'io', message: expect.stringContaining('no permission') },
    });
    expect(contents()).toEqual(before);
    expect(runChild(job).said).toMatchObject({ applied: { inserted: 1 } });
  });

  test('a store opened for reading refuses', () => {
    const reading = openFiles(root, { readOnly: true });
    expect(failure(() => reading.apply(fileChanges('append'), [], bundle)).code).toBe('unable');
  });
});

test('a rewrite keeps mode and owner', () => {
  chmodSync(join(root, 'a.jsonl'), 0o604);
  apply(fileChanges('rewrite'));
  expect(statSync(join(root, 'a.jsonl')).mode & 0o777).toBe(0o604);
});
