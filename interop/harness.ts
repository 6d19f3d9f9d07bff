// What every interop program shares: a copy of a store, our terminal as users run it, and a list of checks that ends in a report.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Run {
  readonly folder: string;
  /** Runs `forkpoint … --json` and gives the parsed document; a non-zero exit is an error unless `expect` names it. */
  forkpoint(args: readonly string[], expect?: number): unknown;
  check(name: string, seen: boolean, detail?: unknown): void;
  /** Writes the report beside the program and gives the exit code. */
  finish(versions: Readonly<Record<string, string>>): number;
}

/** @param name folder of the program below `interop/` */
export function begin(name: string): Run {
  const folder = mkdtempSync(join(tmpdir(), `forkpoint-interop-${name}-`));
  const data = join(folder, 'data');
  mkdirSync(data);
  const checks: { name: string; ok: boolean; detail: unknown }[] = [];
  return {
    folder,
    forkpoint(args, expect = 0) {
      const result = spawnSync(process.execPath, [join(root, 'scripts', 'forkpoint.mjs'), ...args, '--json'], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        env: { ...process.env, FORKPOINT_DATA: data },
      });
      if (result.status !== expect)
        throw new Error(`forkpoint ${args.join(' ')} ended with ${result.status}: ${result.stderr}${result.stdout}`);
      return result.stdout === '' ? null : JSON.parse(result.stdout);
    },
    check(name, seen, detail = null) {
      checks.push({ name, ok: seen, detail: seen ? null : detail });
      console.log(
        `${seen ? 'ok  ' : 'FAIL'} ${name}${seen || detail === null ? '' : `\n     ${JSON.stringify(detail)}`}`,
      );
    },
    finish(versions) {
      const failed = checks.filter((c) => !c.ok).length;
      const report = { program: name, versions, checks };
      writeFileSync(join(root, 'interop', name, 'report.json'), `${JSON.stringify(report, null, 2)}\n`);
      rmSync(folder, { recursive: true, force: true });
      console.log(`${checks.length - failed} passed, ${failed} failed`);
      return failed === 0 && checks.length > 0 ? 0 : 1;
    },
  };
}

/** Deep equality over JSON values, keys in any order. */
export function same(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    return `{${Object.entries(value)
      .sort(([x], [y]) => (x < y ? -1 : 1))
      .map(([k, v]) => `${JSON.stringify(k)}:${canonical(v)}`)
      .join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** A member of a JSON object, for reading answers without a schema. */
export function member(value: unknown, ...path: (string | number)[]): unknown {
  let at = value;
  for (const part of path) {
    if (at === null || typeof at !== 'object') return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}
