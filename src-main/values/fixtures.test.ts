// Every value of the genuine stores: read whole, printed and read back, spliced, searched. What the frameworks' own writers
// wrote is canonical, so decode∘encode must give the stored bytes wherever they wrote them; but for the files that CAR, clawdia and
// atomr's hosts indent for people to read: those are compared without the white space between their tokens.

import { cpSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cursor, Encoding } from './cursor.ts';
import type { Dialect } from './edit.ts';
import { openValue } from './open.ts';
import { atOrdinals, logicalPathOf, ordinalsOf, pointerOf } from './path.ts';
import { replaceAt } from './splice.ts';
import { decodeTagged, encodeTagged } from './tagged.ts';
import { allPlaces } from './testing/documents.ts';

/** What lies in the fixtures and no framework has written into a store. */
const notStored = /(?:corrupt\.json|golden(?:\.json)?(?:\.gz)?|story\.json|prune-reports\.json|redis\.json|\.md)$/;

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
let copy = '';

beforeAll(() => {
  // Opening a WAL store leaves files beside it, so a copy is opened, never the fixture.
  copy = mkdtempSync(join(tmpdir(), 'forkpoint-values-'));
  cpSync(fixtures, copy, { recursive: true, filter: (path) => !notStored.test(path) });
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

interface Cell {
  readonly where: string;
  readonly encoding: Encoding;
  readonly dialect: Dialect;
  readonly bytes: Uint8Array;
}

/** Whose style a file is written in. */
function dialectOf(file: string): Dialect {
  if (/langgraph-js|sample/.test(file)) return 'json-js';
  return /langgraph|host-branches-py/.test(file) ? 'json-python' : 'json-serde';
}

interface Column {
  readonly name: string;
}

/** Blob and text cells of every table of a database that hold a document. */
function* cellsOf(file: string): Generator<Cell> {
  const db = new Database(file, { readonly: true });
  try {
    const dialect = dialectOf(file);
    const tables = db.prepare<[], Column>("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
    for (const { name: table } of tables) {
      const rows = db.prepare<[], Record<string, unknown>>(`SELECT * FROM "${table}"`).all();
      for (const row of rows) {
        for (const [column, value] of Object.entries(row)) {
          const where = `${file.slice(copy.length + 1)} ${table}.${column}`;
          const payload = column === 'checkpoint' || column === 'value';
          if (payload && row['type'] === 'msgpack' && value instanceof Uint8Array) {
            yield { where, encoding: 'msgpack', dialect: 'msgpack', bytes: value };
          } else if (value instanceof Uint8Array ? !payload || row['type'] === 'json' : typeof value === 'string') {
            const bytes = value instanceof Uint8Array ? value : Buffer.from(String(value));
            // Ids and other plain texts are no documents.
            if (bytes[0] === 0x7b || bytes[0] === 0x5b) yield { where, encoding: 'json', dialect, bytes };
          }
        }
      }
    }
  } finally {
    db.close();
  }
}

function* linesOf(file: string): Generator<Cell> {
  const text = readFileSync(file);
  for (let start = 0; start < text.length;) {
    const end = text.indexOf(0x0a, start);
    // A torn last line is the store's own matter.
    if (end < 0) return;
    const bytes = text.subarray(start, end);
    start = end + 1;
    if (bytes.length > 0)
      yield { where: `${file.slice(copy.length + 1)}@${start}`, encoding: 'json', dialect: 'json-serde', bytes };
  }
}

/** Files that hold one document each. */
function* filesOf(file: string): Generator<Cell> {
  const bytes = readFileSync(file);
  if (bytes[0] === 0x7b || bytes[0] === 0x5b)
    yield { where: file.slice(copy.length + 1), encoding: 'json', dialect: dialectOf(file), bytes };
}

function* allCells(): Generator<Cell> {
  for (const file of globSync(`${copy}/**/*.{sqlite,db}`).toSorted()) yield* cellsOf(file);
  for (const file of globSync(`${copy}/**/*.{jsonl,ndjson}`).toSorted()) yield* linesOf(file);
  for (const file of globSync(`${copy}/**/*.{json,inflight}`).toSorted()) yield* filesOf(file);
}

/** JSON without white space between its tokens. */
const squeezed = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('utf8')
    .replace(/("(?:[^"\\]|\\.)*")|\s+/g, '$1');

function sameBytes(back: Uint8Array, stored: Uint8Array): boolean {
  const indented = stored[0] === 0x7b && stored[1] === 0x0a;
  return indented ? squeezed(back) === squeezed(stored) : Buffer.from(back).equals(stored);
}

/** A few places of a document, always the same ones: the root, the ends, and every nth between. */
function somePlaces(root: Cursor): number[][] {
  const places = allPlaces(root);
  const stride = Math.max(1, Math.floor(places.length / 12));
  return places.filter((_, i) => i % stride === 0);
}

describe('every value of the genuine stores', () => {
  test('tagged JSON gives back the stored bytes, and printing again gives the same text', () => {
    const seen = { msgpack: 0, json: 0 };
    const odd: string[] = [];
    for (const cell of allCells()) {
      let root: Cursor;
      try {
        root = openValue(cell.encoding, cell.bytes);
      } catch (error) {
        odd.push(`${cell.where}: ${String(error)}`);
        continue;
      }
      seen[cell.encoding]++;
      const text = encodeTagged(root);
      JSON.parse(text);
      const back = decodeTagged(text, cell.dialect);
      if (!sameBytes(back, root.slice())) odd.push(`${cell.where}: ${text.slice(0, 120)}`);
      expect(encodeTagged(openValue(cell.encoding, back))).toBe(text);
      expect(Buffer.from(decodeTagged(encodeTagged(root, { indent: 2 }), cell.dialect)).equals(back)).toBe(true);
    }
    expect(odd).toEqual([]);
    expect(seen.msgpack).toBeGreaterThan(1300);
    expect(seen.json).toBeGreaterThan(2000);
  });

  test('the same value spliced in is the identity, and paths and pointers lead back', () => {
    let n = 0;
    for (const cell of allCells()) {
      if (n++ % 5 !== 0) continue;
      const root = openValue(cell.encoding, cell.bytes);
      const document: unknown = JSON.parse(encodeTagged(root));
      for (const ordinals of somePlaces(root)) {
        const place = atOrdinals(root, ordinals);
        expect(Buffer.from(replaceAt(root, ordinals, place.slice())).equals(root.slice())).toBe(true);
        const path = logicalPathOf(root, ordinals);
        if (path !== null) expect(ordinalsOf(root, path)).toEqual(ordinals);
        let value = document;
        for (const token of pointerOf(root, ordinals).split('/').slice(1)) {
          const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
          value = Object.entries(value as object).find(([k]) => k === key)?.[1];
        }
        expect(value).toEqual(JSON.parse(encodeTagged(place)));
      }
    }
  });

  test('strings of any length put in the place of others leave every other value alone', () => {
    let n = 0;
    for (const cell of allCells()) {
      if (n++ % 40 !== 0) continue;
      const root = openValue(cell.encoding, cell.bytes);
      const places = allPlaces(root);
      const strings = places.filter((p) => atOrdinals(root, p).kind === 'string');
      for (const ordinals of [strings[0], strings[strings.length >> 1], strings.at(-1)]) {
        if (ordinals === undefined) continue;
        for (const length of [0, 1, 300, 70_000]) {
          const bytes = decodeTagged(JSON.stringify('y'.repeat(length)), cell.dialect);
          const after = openValue(cell.encoding, replaceAt(root, ordinals, bytes));
          for (const other of places) {
            const enclosing = other.every((o, i) => ordinals[i] === o);
            if (enclosing || atOrdinals(root, other).count > 0) continue;
            const kept = atOrdinals(after, other).slice();
            if (!Buffer.from(kept).equals(atOrdinals(root, other).slice()))
              throw new Error(`${cell.where} ${other.join()}`);
          }
          expect(atOrdinals(after, ordinals).text()).toHaveLength(length);
        }
      }
    }
  });
});
