// Forking and editing a file of a branch, by the measured experiments. Into a new branch: one file, as both hosts' own fork writes it,
// with the branch that it came from. In place: one more file behind the newest; it becomes the latest because of its name.
// A file names its agent, branch and time in itself and again by where it lies; both are written.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import { utf8 } from '../../values/bytes.ts';
import { setMembers } from '../../values/splice.ts';
import type { ChangeSet, UndoGuard } from '../backend.ts';
import type { EditRequest, ForkRequest, PlanContext, StorePlan } from '../store.ts';
import { editState, hugeIntegerWarnings, nothingToEdit, type EditedState } from './edits.ts';
import { hostName, jsonDialect, memoryMember, readHostFile, type HostDialect, type HostFile } from './host-file.ts';
import {
  agentNamed,
  type AgentPlace,
  checkpointFiles,
  inside,
  nameOf,
  numberOf,
  rustOrder,
  stemOf,
} from './host-layout.ts';
import type { HostPoints } from './host-points.ts';
import type { HostSource } from './host-source.ts';
import { newParts, threadOf } from './ids.ts';
import { branchCode } from './resume.ts';

const longestName = 255;

interface Target {
  readonly agent: AgentPlace;
  readonly branch: string;
  readonly folder: string;
}

export function planHostFork(
  source: HostSource,
  { points, index }: { readonly points: HostPoints; readonly index: PointIndex },
  request: ForkRequest | EditRequest,
  context: PlanContext,
): StorePlan {
  if (request.operation === 'edit' && request.edits.length === 0) throw nothingToEdit();
  const { dialect } = points;
  const file = reliedFile(source, points, index, context);
  const edited = editState(file.memory!, request.edits, jsonDialect[dialect]);
  const target = request.operation === 'fork' && request.target.kind === 'thread' ? request.target.thread : null;
  const branch = target === null ? null : newBranch(source, points.place.agent, target, dialect);
  if (branch === null && index === points.count - 1 && edited.bytes === null) {
    throw new ForkpointError(
      'unable',
      'This is the newest file of its branch already, and there is no edit: nothing would change.',
      'Fork it into a new branch, or give an edit.',
    );
  }
  const place: Target = branch?.target ?? points.place;
  const name = nextName(source, points, branch === null, context.draw.now());
  const path = inside(place.folder, `${name}.json`);
  context.relying.relyOnFile(`that \`${path}\` does not exist`, path);
  const content = copyOf(file, dialect, {
    agent: place.agent.agent,
    branch: place.branch,
    time: name,
    parent: branch === null ? null : points.place.branch,
    oldTail: inside(points.place.branch, nameOf(source.pathOf(points, index))),
    tail: inside(place.branch, `${name}.json`),
    memory: edited.bytes,
  });
  const refused = readHostFile(content).header.refusedBy;
  if (refused[dialect] !== null) {
    throw new ForkpointError(
      'bad_value',
      `${hostName[dialect]} could not load the new file: ${refused[dialect]}. Nothing was changed.`,
      'Give another value.',
    );
  }
  const thread = threadOf(place.agent.agent, place.branch);
  const changes: ChangeSet = {
    backend: 'files',
    changes: [
      {
        kind: 'new-file',
        path,
        content: [content],
        bytes: content.length,
        key: formatKey({ thread, namespace: '', id: name, nth: 0 }),
      },
    ],
    guards: [guardOf(place)],
  };
  return {
    changes,
    warnings: [
      ...edited.warnings,
      ...(dialect === 'rust' ? hugeIntegerWarnings(request.edits) : []),
      ...(branch?.warnings ?? []),
      ...memoryWarnings(edited, dialect, refused.rust),
      ...(branch === null ? inPlaceWarnings(points, index) : switchWarnings(source, place)),
    ],
    target: { thread, id: name },
    resume: branchCode(place.agent.agent, place.branch, dialect),
    edited: edited.sides,
    follows: [],
  };
}

/** The file of the point as it stands now, relied on. Throws `corrupt` where the host could not load what would be made of it. */
function reliedFile(source: HostSource, points: HostPoints, index: PointIndex, context: PlanContext): HostFile {
  const path = source.pathOf(points, index);
  if (context.relying.relyOnFile(`the checkpoint \`${path}\``, path) === null) {
    throw new ForkpointError('moved', `\`${path}\` was removed meanwhile. Nothing was changed.`, 'Reload the thread.');
  }
  const file = source.read(points, index);
  const refused = file.header.refusedBy[points.dialect];
  if (refused === null && file.memory !== null) return file;
  throw new ForkpointError(
    'corrupt',
    `${hostName[points.dialect]} could not load a fork of \`${path}\`: ${refused ?? 'it holds no working memory'}. Nothing was changed.`,
    'Fork another point.',
  );
}

/** Undo must find that nobody went on in the branch. */
export function guardOf(place: Target): UndoGuard {
  const thread = threadOf(place.agent.agent, place.branch);
  return { kind: 'folder', describe: `the checkpoints of branch ${shownName(thread)}`, path: place.folder };
}

/** The branch that is to be made. Throws `bad_value` for a name that its host would not take, `exists` for one that is there. */
export function newBranch(
  source: HostSource,
  from: AgentPlace | null,
  thread: string,
  dialect: HostDialect,
): { readonly target: Target; readonly warnings: readonly Warning[] } {
  const [agentName, branch] = newParts(thread, 'branch', from?.agent ?? '<agent>');
  if (from !== null && agentName !== from.agent) {
    throw new ForkpointError(
      'unable',
      `A branch is forked within its agent: ${shownName(agentName)} is not ${shownName(from.agent)}. Nothing was changed.`,
      'Export the branch and import it into the other agent.',
    );
  }
  const agent = from ?? agentNamed(source.reader, agentName);
  if (agent === null) {
    throw new ForkpointError(
      'not_found',
      `This host has no agent ${shownName(agentName)} with checkpoints. Nothing was changed.`,
      'Choose one of its agents.',
    );
  }
  const warnings = checkedName(branch, dialect);
  if (source.reader.folders(agent.base).includes(branch)) {
    throw new ForkpointError(
      'exists',
      `Agent ${shownName(agentName)} already has a branch ${shownName(branch)}. Nothing was changed.`,
      'Choose another name for the new branch.',
    );
  }
  return { target: { agent, branch, folder: inside(agent.base, branch) }, warnings };
}

/** The names that both hosts take; the Rust host takes others too. */
function checkedName(branch: string, dialect: HostDialect): readonly Warning[] {
  const bad = (what: string) =>
    new ForkpointError(
      'bad_value',
      `${shownName(branch)} is no name for a branch: ${what}. Nothing was changed.`,
      'Choose a name of letters, digits, `_`, `-` and `.`.',
    );
  if (branch === '' || branch === '.' || branch === '..') throw bad('it is reserved');
  if (/[/\\\0]/.test(branch)) throw bad('it would lie in a folder within a folder, which no host lists');
  if (branch.startsWith('.')) throw bad('the Python host does not list a hidden folder');
  if (branch === 'CURRENT') throw bad('a host keeps the name of its current branch there');
  if (Buffer.byteLength(branch) > longestName) throw bad('file systems take no such long name');
  if (/^[A-Za-z0-9_.-]+$/.test(branch)) return [];
  if (dialect === 'python') throw bad('the Python host takes letters, digits, `_`, `-` and `.` only');
  return [
    {
      code: 'rust_only',
      message: `The Python host refuses the branch name ${shownName(branch)}; the Rust host takes it.`,
      remedy: 'Choose a name of letters, digits, `_`, `-` and `.` for both.',
    },
  ];
}

/** Name of the new file: now, and above every other of its branch by the rule of the host that keeps it. */
function nextName(source: HostSource, points: HostPoints, inPlace: boolean, now: number): string {
  let next = BigInt(now);
  if (!inPlace) return String(next);
  const files = checkpointFiles(source.reader, points.place.folder);
  for (const file of files) {
    const number = numberOf(stemOf(file.path));
    if (number !== null && number >= next) next = number + 1n;
  }
  const name = String(next);
  const last = rustOrder(files).at(-1);
  const isLast = last === undefined || Buffer.compare(Buffer.from(nameOf(last.path)), Buffer.from(`${name}.json`)) < 0;
  if (isLast || points.dialect === 'python') return name;
  throw new ForkpointError(
    'unable',
    `Whatever is added here would not be the latest: the Rust host goes by names as text and takes \`${last.path}\`. Nothing was changed.`,
    'Fork into a new branch, or move that file away.',
  );
}

interface Renamed {
  readonly agent: string;
  readonly branch: string;
  readonly time: string;
  readonly parent: string | null;
  /** Branch and name of the file as it lay, and as it will lie. */
  readonly oldTail: string;
  readonly tail: string;
  readonly memory: Uint8Array | null;
}

const json = (value: string | null) => utf8(JSON.stringify(value));

/** The file as one of another branch or time; every byte that says neither is copied. */
export function copyOf(file: HostFile, dialect: HostDialect, to: Renamed): Uint8Array {
  const { root } = file;
  if (root === null) throw new TypeError('a file that was read as a checkpoint is an object');
  const members: [string, Uint8Array][] = [
    ['branch_id', json(to.branch)],
    ['agent_id', json(to.agent)],
    ['ts_ms', utf8(to.time)],
  ];
  if (to.memory !== null) members.push([memoryMember, to.memory]);
  if (to.parent !== null || root.get('parent_branch') !== null) members.push(['parent_branch', json(to.parent)]);
  const path = root.get('path');
  if (path !== null)
    members.push(['path', json(movedPath(path.kind === 'string' && path.isUnicode() ? path.text() : null, to))]);
  return setMembers(root, members, jsonDialect[dialect]);
}

/** A host writes the path as it was joined from the folder that it was given; what of it we cannot know is not made up. */
function movedPath(stored: string | null, { oldTail, tail }: Renamed): string | null {
  if (stored === null || !stored.endsWith(oldTail)) return null;
  return stored.slice(0, -oldTail.length) + tail;
}

// ── Warnings ───────────────────────────────────────────────────────────────────────────────────────────────────────

function memoryWarnings(edited: EditedState, dialect: HostDialect, refusedByRust: string | null): Warning[] {
  const warnings: Warning[] = [];
  if (edited.sides === null) return warnings;
  if (edited.sides.after.kind !== 'map') {
    warnings.push({
      code: 'not_an_object',
      message: 'The Python host reads a working memory that is no object as an empty one.',
      remedy: 'Set a member of it instead.',
    });
  }
  if (dialect === 'python' && refusedByRust !== null) {
    warnings.push({
      code: 'python_only',
      message: `The Rust host could not load this file: ${refusedByRust}.`,
      remedy: null,
    });
  }
  return warnings;
}

function inPlaceWarnings(points: HostPoints, index: PointIndex): Warning[] {
  const warnings: Warning[] = [];
  if (index < points.count - 1) {
    warnings.push({
      code: 'behind_newest',
      message:
        'The new file stands behind the newest of the branch, and becomes the latest by its name. A host stores no parents: the store will not say which point it came from.',
      remedy: 'Fork into a new branch to have that kept.',
    });
  }
  warnings.push({
    code: 'may_be_running',
    message:
      'A host that is at work keeps the memory of its agents to itself, and puts it behind this file with its next checkpoint.',
    remedy: 'Commit while no host works on this branch.',
  });
  return warnings;
}

function switchWarnings(source: HostSource, place: Target): Warning[] {
  return [
    {
      code: 'not_current',
      message: `The agent stays on the branch ${shownName(source.currentOf(place.agent))}: forking does not switch it.`,
      remedy: 'Switch it to the new branch (`switch_branch`).',
    },
  ];
}
