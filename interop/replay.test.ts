// What the frameworks once carried on from is written again, from the same stores with the same clock and ids, and must be the same
// to the byte. A change of what we write fails here at once; whether the framework carries on from it, `npm run interop` tells.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { changesBetween, contentsOf, unpack } from './contents.ts';
import { readPacked, type Recording } from './recording.ts';
import { forkpointWith } from './terminal.ts';

const programs = readdirSync(import.meta.dirname).filter((name) =>
  existsSync(join(import.meta.dirname, name, 'expected', 'replay.json')),
);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-replay-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('has something to replay', () => {
  expect(programs).toEqual(expect.arrayContaining(['tinyagents', 'wesichain']));
});

describe.each(programs)('%s', (program) => {
  const expected = join(import.meta.dirname, program, 'expected');
  const { chains } = JSON.parse(readFileSync(join(expected, 'replay.json'), 'utf8')) as Recording;

  it('recorded writes', () => {
    expect(chains.flatMap((chain) => chain.steps.filter((step) => step.changes.length > 0)).length).toBeGreaterThan(0);
  });

  it.each(chains.map((chain, i) => [i, chain.steps.map((step) => step.args.slice(0, 4).join(' ')).join(' · '), chain]))(
    '%i: %s',
    async (i, _, chain) => {
      const data = join(folder, `${program}-${i}`, 'data');
      vi.stubEnv('FORKPOINT_DATA', data);
      const packed = readPacked(expected, chain.store);
      const store = join(folder, `${program}-${i}`, packed.kind === 'folder' ? 'store' : 'store.db');
      unpack(packed, join(folder, `${program}-${i}`, packed.kind === 'folder' ? 'store' : 'store.db'));
      for (const step of chain.steps) {
        const args = step.args.map((arg) => {
          if (arg === '$store') return store;
          const input = /^\$input:(.*)$/.exec(arg)?.[1];
          if (input === undefined) return arg;
          const path = join(folder, `${program}-${i}`, `input-${input}`);
          unpack(readPacked(expected, input), path);
          return path;
        });
        const before = contentsOf(store);
        const { code, err } = await forkpointWith(step.draw, [...args, '--json']);
        expect(`${code} ${err}`.trim()).toBe('0');
        expect(changesBetween(before, contentsOf(store))).toEqual(step.changes);
      }
      vi.unstubAllEnvs();
    },
  );
});
