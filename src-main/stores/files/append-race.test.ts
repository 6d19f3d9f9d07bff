// A framework that adds its own record in the very moment between our look at a file's size and our write.

import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { FilesReader, Backend } from '../backend.ts';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { fileChanges, makeFolderStore, relyOnSample } from '../testing/sample-stores.ts';
import { openFiles } from './backend.ts';

/** Called before each append of ours reaches the file. */
let intruder: (() => void) | null = null;
vi.mock('node:fs', async (original) => {
  const real = await original<typeof fs>();
  const writeSync = (fd: number, bytes: Uint8Array, ...rest: number[]): number => {
    const act = intruder;
    // Staging and the undo bundle are written too: only a write to the store's own file is raced.
    if (act !== null && real.readlinkSync(`/proc/self/fd/${fd}`).endsWith('a.jsonl')) {
      intruder = null;
      act();
    }
    return real.writeSync(fd, bytes, ...rest);
  };
  return { ...real, writeSync };
});

let folder = '';
let root = '';
let file = '';
let backend: Backend<FilesReader>;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'forkpoint-append-race-'));
  root = makeFolderStore(folder);
  file = join(root, 'a.jsonl');
  backend = openFiles(root);
});
afterEach(() => {
  intruder = null;
  fs.rmSync(folder, { recursive: true, force: true });
});

const apply = (bundle: string): unknown =>
  backend.apply(fileChanges('append'), relyOnSample(backend).relied, join(folder, bundle));

test.runIf(process.platform === 'linux')('ours stands behind it, whole, and can be taken back', () => {
  intruder = () => fs.appendFileSync(file, '{"id":"theirs"}\n');
  apply('bundle');
  const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line).id)).toEqual([1, 2, 3, 'theirs', 4]);
  expect(backend.recover(join(folder, 'bundle'))).toBe('applied');
  const undo = backend.undo(join(folder, 'bundle'));
  backend.apply(undo.changes, undo.relied, join(folder, 'undone'));
  expect(fs.readFileSync(file, 'utf8')).toBe('{"id":1}\n{"id":2}\n{"id":3}\n{"id":"theirs"}\n');
});

test.runIf(process.platform === 'linux')('what was added behind ours keeps it from being taken back', () => {
  intruder = () => fs.appendFileSync(file, '{"id":"theirs"}\n');
  apply('bundle');
  fs.appendFileSync(file, '{"id":5}\n');
  let said = '';
  try {
    backend.undo(join(folder, 'bundle'));
  } catch (thrown) {
    said = `${asForkpointError(thrown).code}: ${asForkpointError(thrown).message}`;
  }
  expect(said).toMatch(/^moved: .*1 record was added behind it/);
});

test.runIf(process.platform === 'linux')('glued to a line that was not whole yet, it is not called stored', () => {
  intruder = () => fs.appendFileSync(file, '{"id":"half');
  expect(() => apply('bundle')).toThrow(expect.objectContaining({ code: 'internal' }));
  expect(backend.recover(join(folder, 'bundle'))).toBe('unclear');
});
