// A rewrite that holds the file by its other name: what another program may do in between, and what a death leaves.

import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Backend, ChangeSet, FilesReader } from '../backend.ts';
import { openFiles } from './backend.ts';
import { takeClaim } from './claim.ts';

let folder = '';
let root = '';
let backend: Backend<FilesReader>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-claim-'));
  root = join(folder, 'store');
  mkdirSync(root);
  writeFileSync(join(root, 'a.json'), 'old');
  backend = openFiles(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string): string => join(root, name);
const text = (name: string): string => readFileSync(at(name), 'utf8');
const changes: ChangeSet = {
  backend: 'files',
  changes: [{ kind: 'rewrite', path: 'a.json', content: [Buffer.from('newer')], bytes: 5, claim: 'a.inflight' }],
  guards: [{ kind: 'file', describe: 'it was claimed', path: 'a.inflight' }],
};
const apply = (bundle: string): void => void backend.apply(changes, [], join(folder, bundle));

test('leaves the new file alone under its name, and undo holds it the same way', () => {
  apply('one');
  expect(readdirSync(root)).toEqual(['a.json']);
  expect(text('a.json')).toBe('newer');
  const undo = backend.undo(join(folder, 'one'));
  expect(undo.changes.changes).toMatchObject([{ kind: 'rewrite', claim: 'a.inflight' }]);
  backend.apply(undo.changes, undo.relied, join(folder, 'two'));
  expect(readdirSync(root)).toEqual(['a.json']);
  expect(text('a.json')).toBe('old');
});

test('is refused where the other name is taken', () => {
  writeFileSync(at('a.inflight'), 'theirs');
  expect(() => apply('one')).toThrow(expect.objectContaining({ code: 'claimed' }));
  expect([text('a.json'), text('a.inflight')]).toEqual(['old', 'theirs']);
});

test('is refused where the file is a link', () => {
  renameSync(at('a.json'), at('b.json'));
  symlinkSync('b.json', at('a.json'));
  expect(() => apply('one')).toThrow(expect.objectContaining({ code: 'unable' }));
  expect(text('b.json')).toBe('old');
});

test('a claim in the very moment wins: it finds the file, we do not', () => {
  // What stands on disk when the framework claims between our two calls: the old file under the other name only.
  linkSync(at('a.json'), at('a.inflight'));
  rmSync(at('a.inflight'));
  renameSync(at('a.json'), at('a.inflight'));
  expect(() => takeClaim(at('a.json'), at('a.inflight'), 'a.json')).toThrow(
    expect.objectContaining({ code: 'claimed' }),
  );
  expect([existsSync(at('a.json')), text('a.inflight')]).toEqual([false, 'old']);
});

test('a death in between is told as not applied; the file waits under the other name', () => {
  apply('one');
  rmSync(at('a.json'));
  writeFileSync(at('a.inflight'), 'old');
  expect(backend.recover(join(folder, 'one'))).toBe('not-applied');
  renameSync(at('a.inflight'), at('a.json'));
  expect(backend.recover(join(folder, 'one'))).toBe('not-applied');
});
