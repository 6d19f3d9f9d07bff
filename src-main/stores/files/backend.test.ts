import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, appendFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asForkpointError } from '../../../shared/model/errors.ts';
import { openFiles } from './backend.ts';

let folder = '';
let root = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'forkpoint-files-'));
  root = join(folder, 'store');
  mkdirSync(root);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (thrown) {
    return asForkpointError(thrown).code;
  }
  return 'no error';
};

describe('lines', () => {
  test('blank lines count, a torn tail is told, offsets are exact', () => {
    writeFileSync(join(root, 'a.jsonl'), 'one\n\ntwo\ntorn');
    const { reader } = openFiles(root);
    const show = (from?: number): unknown[] =>
      [...reader.lines('a.jsonl', from)].map((line) => [
        line.index,
        line.start,
        line.end,
        Buffer.from(line.bytes).toString(),
        line.terminated,
      ]);
    expect(show()).toEqual([
      [0, 0, 3, 'one', true],
      [1, 4, 4, '', true],
      [2, 5, 8, 'two', true],
      [3, 9, 13, 'torn', false],
    ]);
    expect(show(5)).toEqual([
      [0, 5, 8, 'two', true],
      [1, 9, 13, 'torn', false],
    ]);
    writeFileSync(join(root, 'a.jsonl'), '');
    expect(show()).toEqual([]);
  });

  test('lines of any length, across blocks, put together give the file', () => {
    const sizes = fc.array(fc.oneof(fc.nat(40), fc.integer({ min: 262_100, max: 262_200 }), fc.nat(600_000)), {
      maxLength: 6,
    });
    fc.assert(
      fc.property(sizes, fc.boolean(), (lengths, terminated) => {
        const text = lengths.map((n, i) => String(i).repeat(n).slice(0, n)).join('\n') + (terminated ? '\n' : '');
        writeFileSync(join(root, 'a.jsonl'), text);
        const { reader } = openFiles(root);
        const lines = [...reader.lines('a.jsonl')];
        const again = lines.map((line) => Buffer.from(line.bytes).toString() + (line.terminated ? '\n' : '')).join('');
        expect(again === text).toBe(true);
        for (const line of lines) {
          expect(line.end - line.start).toBe(line.bytes.length);
          expect(Buffer.from(reader.read('a.jsonl', line.start, line.end)).equals(line.bytes)).toBe(true);
        }
        // A span is there only for its turn, so it is copied.
        const from = lines[1]?.start ?? 0;
        const spans = Array.from(reader.spans('a.jsonl', from), ({ block, at, to, start, terminated: ended }) => ({
          start,
          ended,
          text: block.toString('latin1', at, to),
        }));
        const behind = lines.filter((line) => line.start >= from);
        expect(spans.length).toBe(behind.length);
        behind.forEach((line, i) => {
          expect([spans[i]!.start, spans[i]!.ended]).toEqual([line.start, line.terminated]);
          expect(spans[i]!.text === Buffer.from(line.bytes).toString('latin1')).toBe(true);
        });
      }),
      { numRuns: 25 },
    );
  });

  test('a loop that is left early closes its file', () => {
    writeFileSync(join(root, 'a.jsonl'), 'x\n'.repeat(10));
    const { reader } = openFiles(root);
    for (let i = 0; i < 3000; i += 1) {
      for (const line of reader.lines('a.jsonl')) {
        expect(line.index).toBe(0);
        break;
      }
    }
  });
});

describe('paths', () => {
  test('odd names are names', () => {
    const names = [
      '...jsonl',
      '.jsonl',
      'a%2Fb.jsonl',
      'é 漢 🐝.jsonl',
      'line\nbreak.jsonl',
      "x'; DROP TABLE.jsonl",
      '<b>.jsonl',
    ];
    for (const name of names) writeFileSync(join(root, name), name);
    const { reader } = openFiles(root);
    expect(
      reader
        .list()
        .map((file) => file.path)
        .sort(),
    ).toEqual(names.sort());
    for (const name of names) expect(Buffer.from(reader.read(name)).toString()).toBe(name);
  });

  test('names that are not Unicode are left out', () => {
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x');
    expect(openFiles(root).reader.list()).toEqual([]);
  });

  test('depth', () => {
    mkdirSync(join(root, 'sub/deeper'), { recursive: true });
    writeFileSync(join(root, 'sub/a'), '');
    writeFileSync(join(root, 'sub/deeper/b'), '');
    const { reader } = openFiles(root);
    expect(reader.list().map((file) => file.path)).toEqual([]);
    expect(reader.list(2).map((file) => file.path)).toEqual(['sub/a']);
    expect(reader.list(3).map((file) => file.path)).toEqual(['sub/a', 'sub/deeper/b']);
    expect(reader.list(1, 'sub').map((file) => file.path)).toEqual(['sub/a']);
    expect(reader.list(2, 'sub').map((file) => file.path)).toEqual(['sub/a', 'sub/deeper/b']);
    expect(reader.list(2, 'nowhere')).toEqual([]);
    expect(codeOf(() => reader.list(1, '../sub'))).toBe('unable');
  });

  test('folders whose names begin with a dot are looked into, our staging folders are not', () => {
    for (const name of ['..-5ec1f7e700f3', '.hidden', '.forkpoint-staging-1-a']) {
      mkdirSync(join(root, name));
      writeFileSync(join(root, name, 'a'), '');
    }
    mkdirSync(join(folder, 'elsewhere'));
    writeFileSync(join(folder, 'elsewhere', 'secret'), '');
    symlinkSync('../elsewhere', join(root, 'link'));
    const { reader } = openFiles(root);
    expect(reader.list(2).map((file) => file.path)).toEqual(['..-5ec1f7e700f3/a', '.hidden/a']);
    expect(reader.list(1, 'link')).toEqual([]);
  });

  test('links inside are followed, links that lead outside and `..` are refused', () => {
    writeFileSync(join(folder, 'secret'), 'secret');
    writeFileSync(join(root, 'a.jsonl'), 'a');
    symlinkSync('a.jsonl', join(root, 'inside'));
    symlinkSync('../secret', join(root, 'outside'));
    symlinkSync('nowhere', join(root, 'dangling'));
    const { reader } = openFiles(root);
    expect(reader.list().map((file) => file.path)).toEqual(['a.jsonl', 'inside']);
    expect(Buffer.from(reader.read('inside')).toString()).toBe('a');
    for (const path of ['outside', '../secret', '/etc/passwd', '', '.', 'a/../../secret', 'a\0']) {
      expect(codeOf(() => reader.read(path))).toBe('unable');
    }
    expect(reader.stat('dangling')).toBeNull();
    expect(codeOf(() => reader.read('dangling'))).toBe('not_found');
  });
});

describe('changes from outside', () => {
  test('the token moves with every append, and not without', () => {
    writeFileSync(join(root, 'a.jsonl'), 'x\n');
    const backend = openFiles(root);
    const tokens = new Set([backend.token(), backend.token()]);
    expect(tokens.size).toBe(1);
    for (let i = 0; i < 20; i += 1) {
      appendFileSync(join(root, 'a.jsonl'), 'y\n');
      tokens.add(backend.token());
    }
    expect(tokens.size).toBe(21);
  });

  test('an append, a deletion and a replacement are told', async () => {
    writeFileSync(join(root, 'a.jsonl'), 'x\n');
    const backend = openFiles(root);
    const events: string[] = [];
    const stop = backend.watch((event) => events.push(event));
    appendFileSync(join(root, 'a.jsonl'), 'y\n');
    await expect.poll(() => events).toEqual(['changed']);
    renameSync(root, join(folder, 'away'));
    await expect.poll(() => events.at(-1)).toBe('gone');
    expect(codeOf(() => backend.token())).toBe('not_found');
    mkdirSync(root);
    await expect.poll(() => events.at(-1)).toBe('replaced');
    stop();
  });
});
