import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openFiles } from '../stores/files/backend.ts';
import { fingerprint, sameStore } from './store-identity.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-identity-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tree(name: string, run: string): string {
  const path = join(folder, name);
  mkdirSync(join(path, 'runs', run, 'checkpoints'), { recursive: true });
  writeFileSync(join(path, 'runs', run, 'journal.ndjson'), `{"run":"${run}"}\n`);
  writeFileSync(join(path, 'runs', run, 'checkpoints', '1.json'), `{"of":"${run}"}`);
  return path;
}
const markOf = (path: string) => fingerprint(openFiles(path).reader);

test('a store of folders is known again as a copy, and told from another', () => {
  const one = tree('one', 'a');
  cpSync(one, join(folder, 'copy'), { recursive: true });
  const other = tree('other', 'b');
  expect(markOf(one)).not.toBe('');
  expect(sameStore(markOf(one), markOf(join(folder, 'copy')))).toBe(true);
  expect(sameStore(markOf(one), markOf(other))).toBe(false);
});
