// One checkpoint of a host branch: a JSON file. Two writers make it, and read each other's: the Rust host (pretty, with `path`) and the
// Python host (one line, keys sorted). They differ in what they refuse.

import type { Cursor } from '../../values/cursor.ts';
import type { Dialect } from '../../values/edit.ts';
import { serdeRefusal } from '../../values/json/serde-text.ts';
import { openJson } from './rows.ts';

export type HostDialect = 'rust' | 'python';

export const hostName: Readonly<Record<HostDialect, string>> = { rust: 'The Rust host', python: 'The Python host' };
export const jsonDialect: Readonly<Record<HostDialect, Dialect>> = { rust: 'json-serde', python: 'json-python' };
/** Which host made the files of a thread document. */
export const documentDialect: Readonly<Record<HostDialect, string>> = { rust: 'host-rust', python: 'host-python' };

/** Members of a checkpoint, in the order in which the Rust host writes them. */
export const memoryMember = 'working_memory';

/** What lineage and listing need of a file; kept without its text. */
export interface HostHeader {
  /** Which host wrote it; null where the file does not tell. */
  readonly dialect: HostDialect | null;
  readonly parentBranch: string | null;
  /** `ts_ms` inside the file, as text; null where it is no integer. */
  readonly time: string | null;
  readonly branch: string | null;
  readonly agent: string | null;
  /** What each host says when it loads the file (part of a sentence); null if it reads it. */
  readonly refusedBy: Readonly<Record<HostDialect, string | null>>;
}

export interface HostFile {
  readonly header: HostHeader;
  /** Null where it is no JSON object. */
  readonly root: Cursor | null;
  readonly memory: Cursor | null;
}

function textOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'string' && value.isUnicode() ? value.text() : null;
}

function startsPretty(bytes: Uint8Array): boolean {
  return bytes[0] === 0x7b && bytes[1] === 0x0a;
}

export function readHostFile(bytes: Uint8Array): HostFile {
  const opened = openJson(bytes);
  if ('reason' in opened || opened.kind !== 'map') {
    const reason = 'reason' in opened ? `it is no JSON: ${opened.reason}` : 'it is not a JSON object';
    const dialect = startsPretty(bytes) ? 'rust' : null;
    return {
      header: {
        dialect,
        parentBranch: null,
        time: null,
        branch: null,
        agent: null,
        refusedBy: { rust: reason, python: reason },
      },
      root: null,
      memory: null,
    };
  }
  const time = opened.get('ts_ms');
  return {
    header: {
      dialect: startsPretty(bytes) || opened.get('path') !== null ? 'rust' : 'python',
      parentBranch: textOf(opened.get('parent_branch')),
      time: time?.kind === 'integer' ? time.lexeme() : null,
      branch: textOf(opened.get('branch_id')),
      agent: textOf(opened.get('agent_id')),
      refusedBy: { rust: rustRefusal(opened, bytes), python: pythonRefusal(opened) },
    },
    root: opened,
    memory: opened.get(memoryMember),
  };
}

const largestTime = 2n ** 64n - 1n;

/** In the order in which serde would notice. */
function rustRefusal(root: Cursor, bytes: Uint8Array): string | null {
  const refusal = serdeRefusal(bytes);
  if (refusal !== null) return refusal;
  for (const name of ['branch_id', 'agent_id']) {
    if (textOf(root.get(name)) === null) return `its \`${name}\` is missing or no text`;
  }
  const time = root.get('ts_ms');
  const lexeme = time?.kind === 'integer' ? time.lexeme() : '';
  if (!/^\d+$/.test(lexeme) || BigInt(lexeme) > largestTime) return 'its `ts_ms` is missing or no whole number';
  if (root.get(memoryMember) === null) return `it has no \`${memoryMember}\``;
  for (const name of ['parent_branch', 'path']) {
    const member = root.get(name);
    if (member !== null && member.kind !== 'null' && textOf(member) === null) return `its \`${name}\` is no text`;
  }
  return null;
}

/** Python's reader goes no deeper than its own recursion does. */
const deepestPython = 990;

function pythonRefusal(root: Cursor): string | null {
  let depth = 0;
  const open: { readonly at: Cursor; next: number }[] = [{ at: root, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next >= top.at.count) {
      open.pop();
      continue;
    }
    const child = top.at.child(top.next);
    top.next += 1;
    if (child.kind !== 'map' && child.kind !== 'list') continue;
    open.push({ at: child, next: 0 });
    depth = Math.max(depth, open.length);
    if (depth > deepestPython) return `it is nested more than ${deepestPython} levels deep`;
  }
  return null;
}
