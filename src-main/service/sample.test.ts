import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { bundledSample } from './installation.ts';
import { sampleStore } from './sample.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-sample-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the sample is copied once; what the user did with the copy stays', () => {
  const copy = sampleStore(bundledSample, folder);
  expect(readFileSync(copy).equals(readFileSync(bundledSample))).toBe(true);
  writeFileSync(copy, 'mine now');
  expect(sampleStore(bundledSample, folder)).toBe(copy);
  expect(readFileSync(copy, 'utf8')).toBe('mine now');
});
