// The tree of one state as the window holds it: what is open, the children that were looked at, and nothing else.
// Children come in chunks when their rows come into view, so that a list of a million items costs what is on screen.

import type { Result } from '../../../../shared/contract/methods.ts';
import type { OrdinalPath, ValueNode } from '../../../../shared/model/value-node.ts';
import { firstChildren } from '../../../service/early.ts';
import { blockAt, closeAt, closedRoot, indexOfPath, openAt, openNodeAt, rowAt } from './open-rows.ts';
import type { OpenNode, Row } from './open-rows.ts';

export const chunkSize = firstChildren;
/** Rows that were looked at are kept up to this many; beyond it the oldest are forgotten and read again when they come back. */
const mostKept = 50_000;
/** More opened places than this are not carried over to the next checkpoint at once. */
const mostCarried = 200;

export type ReadChildren = (path: OrdinalPath, from: number, count: number) => Promise<Result<'state.children'>>;

export interface TreeRow extends Row {
  /** Null while its chunk is being read. */
  readonly node: ValueNode | null;
}

const keyOf = (path: OrdinalPath): string => path.join('.');

export class StateTree {
  root: OpenNode = closedRoot;
  /** True once the top level has been read. */
  loaded = false;
  error: unknown = null;
  /** Grows with every change; for React. */
  version = 0;
  /** Places that are open, by the labels that lead to them: they outlive the checkpoint, ordinals do not. */
  readonly openLabels: Set<string>;
  private readonly chunks = new Map<string, ValueNode>();
  private readonly reading = new Set<string>();
  private readonly read: ReadChildren;
  private readonly changed: () => void;

  constructor(read: ReadChildren, changed: () => void, openLabels: ReadonlySet<string> = new Set()) {
    this.read = read;
    this.changed = changed;
    this.openLabels = new Set(openLabels);
  }

  private tell(): void {
    this.version++;
    this.changed();
  }

  /** Reads the top level, then what was open in the checkpoint before, and only then counts as loaded: the rows do not jump. */
  async load(): Promise<void> {
    try {
      let level: OrdinalPath[] = [[]];
      let carried = 0;
      while (level.length > 0) {
        await Promise.all(level.map((path) => this.fetch(path, 0)));
        const next: OrdinalPath[] = [];
        for (const path of level) {
          const count = Math.min(chunkSize, openNodeAt(this.root, path)?.children ?? 0);
          for (let i = 0; i < count && carried < mostCarried; i++) {
            const child = [...path, i];
            const node = this.nodeAt(child);
            if (node === null || node.children === 0 || !this.openLabels.has(this.labelsOf(child))) continue;
            this.root = openAt(this.root, child, node.children);
            next.push(child);
            carried++;
          }
        }
        level = next;
      }
      this.loaded = true;
    } catch (thrown) {
      this.error = thrown;
    }
    this.tell();
  }

  private async fetch(path: OrdinalPath, chunk: number): Promise<void> {
    const from = chunk * chunkSize;
    const answer = await this.read(path, from, chunkSize);
    const open = openNodeAt(this.root, path);
    // A place that was closed while it was read stays closed.
    if (open !== null && open.children !== answer.total) this.root = openAt(this.root, path, answer.total);
    answer.children.forEach((node, i) => this.chunks.set(keyOf([...path, from + i]), node));
    if (this.chunks.size > mostKept) this.forget();
  }

  private forget(): void {
    let over = this.chunks.size - mostKept / 2;
    for (const key of this.chunks.keys()) {
      if (over <= 0) return;
      // What is open names what lies below it.
      if (openNodeAt(this.root, key.split('.').map(Number)) !== null) continue;
      this.chunks.delete(key);
      over--;
    }
  }

  nodeAt(path: OrdinalPath): ValueNode | null {
    return this.chunks.get(keyOf(path)) ?? null;
  }

  /** The labels that lead to a place, as one text that no label can fake. */
  labelsOf(path: OrdinalPath): string {
    return JSON.stringify(path.map((_, i) => this.nodeAt(path.slice(0, i + 1))?.label ?? null));
  }

  get rows(): number {
    return this.root.rows;
  }

  row(index: number): TreeRow {
    const row = rowAt(this.root, index);
    return { ...row, node: this.nodeAt(row.path) };
  }

  indexOf(path: OrdinalPath): number {
    return indexOfPath(this.root, path);
  }

  isOpen(path: OrdinalPath): boolean {
    return openNodeAt(this.root, path) !== null;
  }

  /** Reads what is missing in a window of rows. */
  want(from: number, to: number): void {
    for (let i = from; i < Math.min(to, this.rows); i++) {
      const { path } = rowAt(this.root, i);
      const ordinal = path.at(-1);
      if (ordinal === undefined || this.chunks.has(keyOf(path))) continue;
      this.request(path.slice(0, -1), Math.floor(ordinal / chunkSize));
    }
  }

  private request(parent: OrdinalPath, chunk: number): void {
    const key = `${keyOf(parent)}:${chunk}`;
    if (this.reading.has(key)) return;
    this.reading.add(key);
    this.fetch(parent, chunk).then(
      () => {
        this.reading.delete(key);
        this.tell();
      },
      (thrown: unknown) => {
        // Left in `reading`: a row that cannot be read is not asked for again with every frame.
        this.error = thrown;
        this.tell();
      },
    );
  }

  open(path: OrdinalPath): void {
    const node = this.nodeAt(path);
    if (node === null || node.children === 0 || this.isOpen(path)) return;
    this.root = openAt(this.root, path, node.children);
    this.openLabels.add(this.labelsOf(path));
    this.request(path, 0);
    this.tell();
  }

  close(path: OrdinalPath): void {
    if (!this.isOpen(path)) return;
    this.root = closeAt(this.root, path);
    this.openLabels.delete(this.labelsOf(path));
    this.tell();
  }

  toggle(path: OrdinalPath): void {
    if (this.isOpen(path)) this.close(path);
    else this.open(path);
  }

  /** Shows a text or picture in full, in `slots` rows below its own; 0 folds it again. */
  setBlock(path: OrdinalPath, slots: number): void {
    this.root = blockAt(this.root, path, slots);
    this.tell();
  }

  blockOf(path: OrdinalPath): number {
    return openNodeAt(this.root, path)?.block ?? 0;
  }

  /** Opens every sibling of a place that has children and has been read (`*` in a tree). */
  openSiblings(path: OrdinalPath): void {
    const parent = path.slice(0, -1);
    const count = openNodeAt(this.root, parent)?.children ?? 0;
    for (let i = 0, opened = 0; i < count && opened < mostCarried; i++) {
      const node = this.nodeAt([...parent, i]);
      if (node === null || node.children === 0) continue;
      this.open([...parent, i]);
      opened++;
    }
  }

  /** Opens everything above a place, reading what is needed; resolves to its row. */
  async reveal(path: OrdinalPath): Promise<number> {
    for (let depth = 1; depth <= path.length; depth++) {
      const at = path.slice(0, depth);
      if (this.nodeAt(at) === null) await this.fetch(at.slice(0, -1), Math.floor((at.at(-1) ?? 0) / chunkSize));
      const node = this.nodeAt(at);
      if (depth < path.length && node !== null && node.children > 0 && !this.isOpen(at)) {
        this.root = openAt(this.root, at, node.children);
        this.openLabels.add(this.labelsOf(at));
      }
    }
    this.tell();
    return this.indexOf(path);
  }
}
