// Where a host keeps what: agents, their branches, the files of a branch, and which of these files a host takes for the latest.
// A store may be opened at the host's folder, at one agent's, or at its `state/checkpoints`.

import { basename, dirname } from 'node:path';
import type { FileEntry, FilesReader } from '../backend.ts';

/** Folders within each other that a branch name with `/` may make. */
const nestedBranches = 4;
export const currentName = 'CURRENT';
/** Depth of a file in a nested branch, counted from the host's folder. */
export const hostDepth = 5 + nestedBranches;
const suffix = '.json';

export interface AgentPlace {
  readonly agent: string;
  /** Folder of its branches, relative to the store; empty if that is the store itself. */
  readonly base: string;
}

export const inside = (folder: string, name: string): string => (folder === '' ? name : `${folder}/${name}`);

const placeIn = (agent: string): AgentPlace => ({ agent, base: `agents/${agent}/state/checkpoints` });

/** Whether a name can be a folder. */
export function isFolderName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}

/** An agent by its name, without looking at the others; null if there is none. */
export function agentNamed(reader: FilesReader, agent: string): AgentPlace | null {
  if (!isFolderName(agent)) return null;
  const place = placeIn(agent);
  if (isFolder(reader, place.base)) return place;
  return agentsOf(reader).find((one) => one.agent === agent) ?? null;
}

export function agentsOf(reader: FilesReader): readonly AgentPlace[] {
  const places = reader
    .folders('agents')
    .map(placeIn)
    .filter(({ base }) => isFolder(reader, base));
  if (places.length > 0) return places;
  const base = 'state/checkpoints';
  if (isFolder(reader, base)) return [{ agent: basename(reader.root), base }];
  const state = dirname(reader.root);
  const isCheckpoints = basename(reader.root) === 'checkpoints' && basename(state) === 'state';
  return isCheckpoints ? [{ agent: basename(dirname(state)), base: '' }] : [];
}

function isFolder(reader: FilesReader, path: string): boolean {
  const slash = path.lastIndexOf('/');
  return reader.folders(path.slice(0, slash)).includes(path.slice(slash + 1));
}

/** Where the host writes its log of events; null where the store is only a part of a host. */
export function eventsPath(reader: FilesReader): string | null {
  return reader.stat('events.jsonl') === null ? null : 'events.jsonl';
}

export interface BranchPlace {
  readonly agent: AgentPlace;
  /** Its name: the folder below the agent's, with `/` where it is nested. */
  readonly branch: string;
  readonly folder: string;
}

/** Branches that have files, by name. A folder without any is one that was emptied, or the outer part of a nested name. */
export function* branchesOf(reader: FilesReader, agent: AgentPlace): Generator<BranchPlace, void, void> {
  const walk = function* (prefix: string, depth: number): Generator<BranchPlace, void, void> {
    const at = prefix === '' ? agent.base : inside(agent.base, prefix);
    for (const name of reader.folders(at)) {
      const branch = inside(prefix, name);
      const folder = inside(agent.base, branch);
      if (checkpointFiles(reader, folder).length > 0) yield { agent, branch, folder };
      if (depth > 1) yield* walk(branch, depth - 1);
    }
  };
  yield* walk('', nestedBranches);
}

export function checkpointFiles(reader: FilesReader, folder: string): readonly FileEntry[] {
  return reader.list(1, folder).filter((entry) => entry.path.endsWith(suffix));
}

/** Name of a file without its folder. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Name of a checkpoint without folder and `.json`. */
export function stemOf(path: string): string {
  return nameOf(path).slice(0, -suffix.length);
}

/** Milliseconds in a name, as Python's `int` takes them; null for a name that is no number. */
export function numberOf(stem: string): bigint | null {
  const match = /^\s*([+-]?)(\d+(?:_\d+)*)\s*$/.exec(stem);
  if (match === null) return null;
  const digits = BigInt(match[2]!.replaceAll('_', ''));
  return match[1] === '-' ? -digits : digits;
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** The Rust host takes every `.json`, in the order of names as text; the last is the latest. */
export function rustOrder(files: readonly FileEntry[]): readonly FileEntry[] {
  return files.toSorted((a, b) => byBytes(nameOf(a.path), nameOf(b.path)));
}

/** The Python host takes names that are numbers, in the order of these. */
export function pythonOrder(files: readonly FileEntry[]): readonly FileEntry[] {
  return files
    .flatMap((entry) => {
      const number = numberOf(stemOf(entry.path));
      return number === null ? [] : [{ entry, number }];
    })
    .sort((a, b) => (a.number < b.number ? -1 : a.number > b.number ? 1 : byBytes(a.entry.path, b.entry.path)))
    .map(({ entry }) => entry);
}

/** Branch that CURRENT names, as its host reads it; null where there is no such file. */
export function currentBranch(reader: FilesReader, agent: AgentPlace): string | null {
  const path = inside(agent.base, currentName);
  const entry = reader.stat(path);
  if (entry === null) return null;
  return Buffer.from(reader.read(path, 0, 4096))
    .toString('utf8')
    .trim();
}

export const defaultBranch = 'main';
