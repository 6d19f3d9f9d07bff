// Recently opened stores: for the menu, for the system's own list, and as the stores that a link may lead to without asking.

import { app } from 'electron';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from './json-file.ts';

const kept = 10;
const Paths = z.array(z.string());

export class RecentStores {
  readonly #file: string;
  readonly #onChange: () => void;
  #paths: readonly string[];

  /** `onChange`: the menu is drawn anew. */
  constructor(file: string, onChange: () => void) {
    this.#file = file;
    this.#onChange = onChange;
    this.#paths = readJsonFile(file, Paths, []).slice(0, kept);
  }

  /** Newest first. */
  get paths(): readonly string[] {
    return this.#paths;
  }

  has(path: string): boolean {
    return this.#paths.includes(path);
  }

  add(path: string): void {
    if (this.#paths[0] === path) return;
    app.addRecentDocument(path);
    this.#set([path, ...this.#paths.filter((p) => p !== path)].slice(0, kept));
  }

  clear(): void {
    app.clearRecentDocuments();
    this.#set([]);
  }

  #set(paths: readonly string[]): void {
    this.#paths = paths;
    writeJsonFile(this.#file, paths);
    this.#onChange();
  }
}
