// Small files of the window's own (its place, recent stores): what is damaged counts as absent, what is written is whole.

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type * as z from 'zod/mini';

/** The file's content if it is there and has the shape, else `fallback`. */
export function readJsonFile<T>(path: string, schema: z.ZodMiniType<T>, fallback: T): T {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    return parsed.success ? parsed.data : fallback;
  } catch {
    return fallback;
  }
}

/** A comfort: a disk that is full or read-only is logged, never an error for the person. */
export function writeJsonFile(path: string, value: unknown): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.new`, `${JSON.stringify(value)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch (error) {
    console.error(`${path} could not be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}
