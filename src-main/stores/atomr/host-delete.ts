// Deleting a branch: every file in its folder, and the folder, which the Rust host would list as an empty branch. Branches that lie
// inside it (`feature/x` in `feature`) are their own. The branch that CURRENT names is refused: its agent would begin anew without saying so.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import type { FileChange } from '../backend.ts';
import { removedFiles } from '../records/removed-files.ts';
import type { DeleteRequest, PlanContext, StorePlan } from '../store.ts';
import { noSuchThread, removalPlan } from '../whole-thread.ts';
import { guardOf } from './host-fork.ts';
import { branchesOf, checkpointFiles, currentName, inside, stemOf, type BranchPlace } from './host-layout.ts';
import type { HostSource } from './host-source.ts';
import { newParts, threadOf } from './ids.ts';

export function planHostDelete(
  source: HostSource,
  { thread, into }: DeleteRequest,
  { relying }: PlanContext,
): StorePlan {
  const place = source.placeOf(thread);
  if (place === null) throw noSuchThread(thread);
  const { agent, branch, folder } = place;
  const current = inside(agent.base, currentName);
  const entry = relying.relyOnFile(`the branch that ${shownName(agent.agent)} works on`, current);
  const isCurrent = source.currentOf(agent) === branch;
  if (isCurrent && into === null) {
    throw new ForkpointError(
      'unable',
      `Agent ${shownName(agent.agent)} works on branch ${shownName(branch)}: without it, it would begin with an empty memory. Nothing was changed.`,
      `Switch the agent to another branch first (\`${current}\`).`,
    );
  }
  // What a save left behind when it was cut short goes too: with it the folder would stay.
  const files = source.reader.list(1, folder).map((entry) => entry.path);
  const changes = removedFiles(
    relying,
    `the checkpoints of branch ${shownName(thread)}`,
    files,
    foldersOf(place),
    (path) => (path.endsWith('.json') ? formatKey({ thread, namespace: '', id: stemOf(path), nth: 0 }) : null),
  );
  const follow = isCurrent && into !== null ? [currentFollows(source, current, entry !== null, place, into)] : [];
  return removalPlan(
    { backend: 'files', changes: [...follow, ...changes], guards: [guardOf(place)] },
    forksStay(source, place),
  );
}

/** The agent goes on working on the branch under its new name. Whatever stands around the name in the file stays. */
function currentFollows(
  source: HostSource,
  path: string,
  isThere: boolean,
  place: BranchPlace,
  into: string,
): FileChange {
  const [agent, branch] = newParts(into, 'branch', place.agent.agent);
  if (agent !== place.agent.agent) {
    throw new ForkpointError(
      'unable',
      `Agent ${shownName(place.agent.agent)} works on branch ${shownName(place.branch)}, which cannot leave it. Nothing was changed.`,
      `Switch the agent to another branch first (\`${path}\`).`,
    );
  }
  if (!isThere) {
    const name = Buffer.from(branch);
    return { kind: 'new-file', path, content: [name], bytes: name.length };
  }
  const old = Buffer.from(source.reader.read(path));
  const at = old.indexOf(place.branch);
  const content = [old.subarray(0, at), Buffer.from(branch), old.subarray(at + Buffer.byteLength(place.branch))];
  return { kind: 'rewrite', path, content, bytes: content.reduce((sum, part) => sum + part.length, 0) };
}

/** The branch's folder, and those around it that its name has made. */
function foldersOf({ agent, branch }: BranchPlace): string[] {
  const parts = branch.split('/');
  return parts.map((_, i) => inside(agent.base, parts.slice(0, i + 1).join('/')));
}

function forksStay(source: HostSource, { agent, branch }: BranchPlace): Warning[] {
  const forks = [...branchesOf(source.reader, agent)].filter((other) => {
    const [first] = checkpointFiles(source.reader, other.folder);
    return other.branch !== branch && first !== undefined && source.header(first).parentBranch === branch;
  });
  if (forks.length === 0) return [];
  const names = forks.map((other) => shownName(threadOf(agent.agent, other.branch))).join(', ');
  return [
    {
      code: 'forks_stay',
      message: `${names} ${forks.length === 1 ? 'was' : 'were'} forked from this branch and stay${forks.length === 1 ? 's' : ''}: every file is whole, only the name of the origin leads nowhere then.`,
      remedy: null,
    },
  ];
}
