// The thread document of a host branch: its files by name, each as it stands. An import writes agent, branch and path anew inside them,
// as they are named by where they lie.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import { shownName } from '../../../shared/model/shown-name.ts';
import type { FileChange } from '../backend.ts';
import { badRecord } from '../document-refusals.ts';
import type { ImportRequest, PlanContext, StorePlan, ThreadRecord } from '../store.ts';
import { documentDialect, hostName, readHostFile, type HostDialect } from './host-file.ts';
import { copyOf, guardOf, newBranch } from './host-fork.ts';
import { inside, nameOf, numberOf, pythonOrder, rustOrder, stemOf } from './host-layout.ts';
import type { HostPoints } from './host-points.ts';
import type { HostSource } from './host-source.ts';
import { threadOf } from './ids.ts';
import { branchCode } from './resume.ts';
import { expectDocument } from './sql-document.ts';

const checkpointKind = 'checkpoint';

export function* exportBranch(source: HostSource, points: HostPoints): Generator<ThreadRecord, void, void> {
  for (let index = 0; index < points.count; index += 1) {
    const path = source.pathOf(points, index);
    const bytes = source.reader.read(path);
    const refused = readHostFile(bytes).header.refusedBy[points.dialect];
    if (refused !== null) {
      throw new ForkpointError(
        'corrupt',
        `\`${path}\` cannot be read: ${refused}. The branch was not exported.`,
        'Fork a whole point, and export that branch.',
      );
    }
    yield {
      kind: checkpointKind,
      cells: [
        { name: 'name', storage: 'text', bytes: Buffer.from(nameOf(path)) },
        { name: 'record', storage: 'text', bytes },
      ],
    };
  }
}

function bad(index: number, what: string): ForkpointError {
  return badRecord(index, what, 'Export the branch again from its host.');
}

export function planHostImport(source: HostSource, request: ImportRequest, context: PlanContext): StorePlan {
  expectDocument(request, Object.values(documentDialect), 'branches of an agent host');
  const dialect: HostDialect = request.document.dialect === documentDialect.python ? 'python' : 'rust';
  const { target, warnings } = newBranch(source, null, request.thread, dialect);
  const thread = threadOf(target.agent.agent, target.branch);
  const names = new Set<string>();
  const files = request.document.records.map((record, index) => {
    if (record.kind !== checkpointKind) throw bad(index, `it is of the kind ${shownName(record.kind)}`);
    const cell = (name: string) => record.cells.find((one) => one.name === name && one.storage === 'text')?.bytes;
    const name = Buffer.from(cell('name') ?? []).toString('utf8');
    const bytes = cell('record');
    if (bytes === undefined) throw bad(index, 'it has no text `record`');
    if (!isFileName(name)) throw bad(index, `${shownName(name)} is no name of a checkpoint`);
    if (names.has(name)) throw bad(index, `${shownName(name)} stands there twice`);
    names.add(name);
    const file = readHostFile(bytes);
    const refused = file.header.refusedBy[dialect];
    if (refused !== null) throw bad(index, `${hostName[dialect]} could not load it: ${refused}`);
    const path = inside(target.folder, name);
    const content = copyOf(file, dialect, {
      agent: target.agent.agent,
      branch: target.branch,
      time: file.header.time ?? String(numberOf(stemOf(path)) ?? 0n),
      parent: file.header.parentBranch,
      oldTail: inside(file.header.branch ?? '', name),
      tail: inside(target.branch, name),
      memory: null,
    });
    const key = formatKey({ thread, namespace: '', id: stemOf(path), nth: 0 });
    return { path, size: content.length, mtimeMs: 0, inode: 0, content, key };
  });
  // The latest comes last: without it the branch is an older one, but whole.
  const byHost = dialect === 'python' ? pythonOrder(files) : rustOrder(files);
  if (byHost.length < files.length) throw bad(0, 'a name of it is no number, and the Python host would not see it');
  const ordered = byHost.flatMap((entry) => files.filter((file) => file.path === entry.path));
  const last = ordered.at(-1);
  if (last === undefined) throw bad(0, 'there are no checkpoints in it');
  context.relying.relyOnFile(`that \`${last.path}\` does not exist`, last.path);
  return {
    changes: {
      backend: 'files',
      changes: ordered.map(({ path, content, key }): FileChange => ({
        kind: 'new-file',
        path,
        content: [content],
        bytes: content.length,
        key,
      })),
      guards: [guardOf(target)],
    },
    warnings,
    target: { thread, id: stemOf(last.path) },
    resume: branchCode(target.agent.agent, target.branch, dialect),
    edited: null,
    follows: [],
  };
}

function isFileName(name: string): boolean {
  return (
    name.endsWith('.json') &&
    name.length > 5 &&
    !name.startsWith('.') &&
    !/[/\\\0]/.test(name) &&
    Buffer.byteLength(name) <= 255
  );
}
