// What an interop program let us write, kept in `expected/`, so that `npm test` writes the same again without the framework: each
// chain begins with a store as it was, and goes on with the commands that changed it, each with what it changed, byte for byte.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { changesBetween, contentsOf, pack, type Change, type Contents, type Packed } from './contents.ts';

export interface Step {
  /** `$store` stands for the store, `$input:<name>` for another file. */
  readonly args: readonly string[];
  readonly draw: number;
  readonly changes: readonly Change[];
}

export interface Chain {
  /** Names a file of `expected/`: the store before the first step. */
  readonly store: string;
  readonly steps: readonly Step[];
}

/** `expected/replay.json` */
export interface Recording {
  readonly versions: Readonly<Record<string, string>>;
  readonly chains: readonly Chain[];
}

const sameContents = (a: Contents, b: Contents): boolean =>
  a.size === b.size && [...a].every(([at, value]) => b.get(at) === value);

export class Recorder {
  readonly #folder: string;
  readonly #packed = new Map<string, Packed>();
  readonly #chains: { store: string; steps: Step[] }[] = [];
  /** Store to its open chain, and what it held after the last step of that. */
  readonly #open = new Map<string, { chain: { store: string; steps: Step[] }; after: Contents }>();

  /** @param folder the program's `expected/` */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** To be called before a command that may write; the result takes what came of it. */
  before(store: string, args: readonly string[], draw: number): { done(): void } {
    const packed = pack(store);
    const before = contentsOf(store);
    const kept = args.map((arg) => (arg === store ? '$store' : this.#input(arg)));
    return {
      done: () => {
        const after = contentsOf(store);
        const step = { args: kept, draw, changes: changesBetween(before, after) };
        const open = this.#open.get(store);
        if (open !== undefined && sameContents(open.after, before)) {
          open.chain.steps.push(step);
          open.after = after;
          return;
        }
        // What is taken back here was done before the framework wrote: it cannot be replayed from this store alone.
        if (args[0] === 'undo') return;
        const chain = { store: this.#keep(packed), steps: [step] };
        this.#chains.push(chain);
        this.#open.set(store, { chain, after });
      },
    };
  }

  /** An argument that is a path of this run becomes a file of the recording. */
  #input(arg: string): string {
    if (!arg.includes(sep) || !existsSync(arg) || !statSync(arg).isFile()) return arg;
    return `$input:${this.#keep(pack(arg))}`;
  }

  #keep(packed: Packed): string {
    const name = createHash('sha256').update(JSON.stringify(packed)).digest('hex').slice(0, 12);
    this.#packed.set(name, packed);
    return name;
  }

  /** Replaces what was recorded before. */
  write(versions: Readonly<Record<string, string>>): void {
    rmSync(this.#folder, { recursive: true, force: true });
    mkdirSync(this.#folder, { recursive: true });
    for (const [name, packed] of this.#packed) {
      writeFileSync(join(this.#folder, `${name}.gz`), gzipSync(JSON.stringify(packed), { level: 9 }));
    }
    const recording: Recording = { versions, chains: this.#chains };
    writeFileSync(join(this.#folder, 'replay.json'), `${JSON.stringify(recording, null, 1)}\n`);
  }
}

export function readPacked(folder: string, name: string): Packed {
  return JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.gz`))).toString('utf8')) as Packed;
}
