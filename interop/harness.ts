// What every interop program shares: the framework's driver, copies of a store, our terminal as users run it, and a list of checks that
// ends in a report. With `--record` a run in which every check holds keeps what was written for `replay.test.ts`.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentsOf } from './contents.ts';
import { Recorder } from './recording.ts';

export const root = fileURLToPath(new URL('..', import.meta.url));

export interface Run {
  readonly folder: string;
  /** Runs `forkpoint … --json` and gives the parsed document; a non-zero exit is an error unless `expect` names it. */
  forkpoint(args: readonly string[], expect?: number): unknown;
  /** Runs a command that must be refused, and gives the code of its error. */
  refusal(args: readonly string[]): unknown;
  check(name: string, seen: boolean, detail?: unknown): void;
  /** Writes the report beside the program and gives the exit code. */
  finish(versions: Readonly<Record<string, string>>): number;
}

/**
 * @param name folder of the program below `interop/`
 * @param firstDraw where our clock begins, in minutes from that of `terminal.ts`: behind the framework's own clock where a framework
 * goes by times
 */
export function begin(name: string, firstDraw = 0): Run {
  const folder = mkdtempSync(join(tmpdir(), `forkpoint-interop-${name}-`));
  const data = join(folder, 'data');
  mkdirSync(data);
  const recorder = process.argv.includes('--record') ? new Recorder(join(root, 'interop', name, 'expected')) : null;
  const checks: { name: string; ok: boolean; detail: unknown }[] = [];
  let commits = firstDraw;
  const run: Run = {
    folder,
    forkpoint(args, expect = 0) {
      const writes = args.includes('--commit');
      if (writes) commits += 1;
      // What is written to another store than the first argument cannot be replayed on that one.
      const own = !args.includes('--to');
      const step = writes && own && expect === 0 ? recorder?.before(args[1] ?? '', args, commits) : undefined;
      const command = [join(root, 'interop', 'terminal.ts'), `${commits}`, ...args, '--json'];
      const result = spawnSync(process.execPath, command, {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
        env: { ...process.env, FORKPOINT_DATA: data },
      });
      if (result.status !== expect)
        throw new Error(`forkpoint ${args.join(' ')} ended with ${result.status}: ${result.stderr}${result.stdout}`);
      step?.done();
      return result.stdout === '' ? null : JSON.parse(result.stdout);
    },
    refusal: (args) => member(run.forkpoint(args, 3), 'error', 'code'),
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
      if (failed === 0 && checks.length > 0) recorder?.write(versions);
      rmSync(folder, { recursive: true, force: true });
      console.log(`${checks.length - failed} passed, ${failed} failed`);
      return failed === 0 && checks.length > 0 ? 0 : 1;
    },
  };
  return run;
}

/** The framework: called with arguments it gives the JSON that it prints. */
export type Driver = (...args: readonly string[]) => unknown;

/** `driver.py` of `interop/<name>/`, in an environment of its own with the packages that are pinned beside it. */
export function pythonDriver(name: string): Driver {
  const here = join(root, 'interop', name);
  const environment = join(here, '.venv');
  const python = join(environment, 'bin', 'python');
  const requirements = join(here, 'requirements.txt');
  const wanted = readFileSync(requirements, 'utf8');
  const stamp = join(environment, 'requirements.installed');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== wanted) {
    console.log('Installing the pinned packages…');
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
    const install = ['-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', requirements];
    execFileSync(python, install, { stdio: 'inherit' });
    writeFileSync(stamp, wanted);
  }
  return (...args) => {
    const result = spawnSync(python, [join(here, 'driver.py'), ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (result.status !== 0) throw new Error(`driver ${args.join(' ')}: ${result.stderr}`);
    return JSON.parse(result.stdout);
  };
}

/** A Rust program of `interop/<name>/`, built if need be. */
export function cargoDriver(name: string): Driver {
  const here = join(root, 'interop', name);
  console.log('Building with cargo…');
  execFileSync('cargo', ['build', '--quiet', '--jobs', '2'], { cwd: here, stdio: 'inherit' });
  const program = join(here, 'target', 'debug', `forkpoint-interop-${name}`);
  return (...args) => {
    const result = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    if (result.stdout === '') throw new Error(`driver ${args.join(' ')}: ${result.stderr}`);
    return JSON.parse(textNumbers(result.stdout));
  };
}

/** Integers that a JavaScript number may not hold, as text: outside of strings, so that a text of digits stays what it is. */
function textNumbers(json: string): string {
  const tokens = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
  return json.replaceAll(tokens, (token) => (/^-?\d{16,}$/.test(token) ? `"${token}"` : token));
}

/** Makes copies of a store that the framework has just made, each below a name of its own. */
export function copier(run: Run, fresh: string, name: string): () => string {
  let copies = 0;
  return () => {
    const path = join(run.folder, `${copies++}-${name}`);
    cpSync(fresh, path, { recursive: true });
    return path;
  };
}

/** One of the two backends of a framework that has both. */
export interface Side {
  readonly backend: 'files' | 'sqlite';
  /** A store that the framework has just made. */
  readonly fresh: string;
  /** Makes a copy of it. */
  readonly copy: () => string;
  /** A path at which the framework makes a store of the other backend. */
  readonly elsewhere: (name: string) => string;
  readonly check: Run['check'];
}

/** The same stories are told of both backends, one after the other; `make` lets the framework make a store. */
export function* bothBackends(run: Run, make: (store: string) => unknown): Generator<Side, void, void> {
  const names = { files: 'files', sqlite: 'store.db' } as const;
  for (const backend of ['files', 'sqlite'] as const) {
    const fresh = join(run.folder, `fresh-${names[backend]}`);
    make(fresh);
    yield {
      backend,
      fresh,
      copy: copier(run, fresh, names[backend]),
      elsewhere: (name) => join(run.folder, `${name}-${names[backend === 'files' ? 'sqlite' : 'files']}`),
      check: checksOf(run, backend),
    };
  }
}

/** Checks whose names begin with what they are of. */
export function checksOf(run: Run, of: string): Run['check'] {
  return (name, seen, detail) => run.check(`${of}: ${name}`, seen, detail);
}

/** All that a store holds, to be compared with what it held before; SQLite's own counters are none of it. */
export function everything(store: string): string {
  return JSON.stringify([...contentsOf(store)].filter(([at]) => !at.startsWith('sqlite_')));
}

/** The thread that a plan or what it wrote continues in. */
export const target = (plan: unknown): string => String(member(plan, 'target', 'thread'));

/** Codes of the warnings of a plan, in their order. */
export const warningCodes = (plan: unknown): readonly unknown[] =>
  items(member(plan, 'warnings')).map((warning) => member(warning, 'code'));

/** What a JSON list holds; nothing for any other value. */
export const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

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
