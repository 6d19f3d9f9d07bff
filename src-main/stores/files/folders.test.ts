// Folders come and go with the files that they are made for: frameworks list them, and an empty one means something to them.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Backend, FileChange, FilesReader } from '../backend.ts';
import { openFiles } from './backend.ts';

let folder = '';
let root = '';
let backend: Backend<FilesReader>;
let bundles = 0;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-folders-'));
  root = join(folder, 'store');
  mkdirSync(join(root, 'agents'), { recursive: true });
  backend = openFiles(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (path: string): FileChange => ({
  kind: 'new-file',
  path,
  content: [Buffer.from(path)],
  bytes: path.length,
});
const all = () => readdirSync(root, { recursive: true }).map(String).sort();
const bundle = () => join(folder, `bundle-${bundles++}`);

function apply(...changes: FileChange[]): string {
  const to = bundle();
  backend.apply({ backend: 'files', changes, guards: [] }, [], to);
  return to;
}

function takeBack(from: string): string {
  const to = bundle();
  const { changes, relied } = backend.undo(from);
  backend.apply(changes, relied, to);
  return to;
}

test('made with the first file, removed with the last, made again by a redo', () => {
  const before = all();
  const made = apply(file('agents/a/deep/1.json'), file('agents/a/deep/2.json'));
  expect(all()).toEqual(['agents', 'agents/a', 'agents/a/deep', 'agents/a/deep/1.json', 'agents/a/deep/2.json']);
  const after = all();
  const undone = takeBack(made);
  expect(all()).toEqual(before);
  const redone = takeBack(undone);
  expect(all()).toEqual(after);
  takeBack(redone);
  expect(all()).toEqual(before);
});

test('a folder that was there, or that something else stands in, stays', () => {
  mkdirSync(join(root, 'agents/a'));
  const first = apply(file('agents/a/1.json'));
  const second = apply(file('agents/b/1.json'));
  writeFileSync(join(root, 'agents/b/theirs'), '');
  takeBack(second);
  takeBack(first);
  expect(all()).toEqual(['agents', 'agents/a', 'agents/b', 'agents/b/theirs']);
});

test('nothing is left of a commit that fails', () => {
  mkdirSync(join(root, 'agents/c'));
  writeFileSync(join(root, 'agents/c/1.json'), '');
  const before = all();
  expect(() => apply(file('agents/x/y/1.json'), file('agents/c/1.json'))).toThrow(
    expect.objectContaining({ code: 'exists' }),
  );
  expect(all()).toEqual(before);
});

test('a folder that is a link out of the store is not followed', () => {
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('../../elsewhere', join(root, 'agents/link'));
  for (const path of ['agents/link/1.json', 'agents/link/deep/1.json']) {
    let code = '';
    try {
      apply(file(path));
    } catch (thrown) {
      ({ code } = asForkpointError(thrown));
    }
    expect(code).toBe('unable');
  }
  expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  expect(existsSync(join(root, 'agents/link/deep'))).toBe(false);
});

test('undo is refused once another file has come to the guarded folder, and the folder is told', () => {
  const guards = [{ kind: 'folder', describe: 'the branch', path: 'agents/a' }] as const;
  const changes = { backend: 'files', changes: [file('agents/a/1.json')], guards } as const;
  const to = bundle();
  backend.apply(changes, [], to);
  writeFileSync(join(root, 'agents/a/2.json'), '');
  expect(() => backend.undo(to)).toThrow(/the branch \(`agents\/a`: `2.json` was added\)/);
  rmSync(join(root, 'agents/a/2.json'));
  const again = takeBack(takeBack(to));
  writeFileSync(join(root, 'agents/a/2.json'), '');
  expect(() => backend.undo(again)).toThrow(expect.objectContaining({ code: 'moved' }));
});

test('folders are listed by name; links that lead out and our own staging folders are not', () => {
  for (const name of ['b', '.hidden', '.forkpoint-staging-1-a', 'a']) mkdirSync(join(root, 'agents', name));
  mkdirSync(join(folder, 'elsewhere'));
  symlinkSync('../../elsewhere', join(root, 'agents/link'));
  writeFileSync(join(root, 'agents/file'), '');
  expect(backend.reader.folders()).toEqual(['agents']);
  expect(backend.reader.folders('agents')).toEqual(['.hidden', 'a', 'b']);
  expect(backend.reader.folders('agents/none')).toEqual([]);
  expect(backend.reader.folders('agents/file')).toEqual([]);
  expect(backend.reader.folders('agents/link')).toEqual([]);
});
