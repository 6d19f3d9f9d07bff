// A record or checkpoint of one run as that of another: ids are replaced in its stored text, every other byte is copied.
//
// Two ways, by what the copy is for. *Renamed*: the run's id where it means this run; record ids stay, they are unique per run only.
// *Re-stamped*: also the runtime's own fragment (12 hex digits of the run id's SHA-256), which stands in every id that the runtime
// makes; only then does `run_text` recognise the records as its own and go on behind them.

import { patched, utf8, type Patch } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { textOf } from './decode.ts';
import { fragmentOf } from './names.ts';
import { walk } from './walk.ts';

export interface Naming {
  readonly from: string;
  readonly to: string;
  /** Ids that the runtime made from the run's id follow it. */
  readonly restamp: boolean;
  /** Taken from every sequence number: the runtime of a new process counts from 1. */
  readonly shift: bigint;
}

/** Members that name a run by its id. `child_run_id` is none of them: children stay those of the source. */
const runMembers = new Set(['run_id', 'parent_run_id', 'source_run_id', 'run_ids', 'member_run_ids', 'delivered_to']);
const seqMembers = new Set(['journal_seq', 'covers_journal_seq']);
/** Texts for people, in which nothing is an id. */
const prose = new Set(['redacted_summary', 'recovery_reason', 'unsafe_pending_reason', 'reason']);

/** A JSON string as serde writes it. */
export function stringText(text: string): Uint8Array {
  return utf8(JSON.stringify(text));
}

/** An id with the fragment of one run replaced by that of another, and the sequence number in a tool's record id shifted. */
export function restampedId(id: string, naming: Naming): string {
  if (!naming.restamp) return id;
  const [from, to] = [fragmentOf(naming.from), fragmentOf(naming.to)];
  if (!id.includes(from)) return id;
  const moved = id.replace(new RegExp(`(?<=^|\\.)${from}(?=\\.|$)`, 'g'), to);
  if (naming.shift === 0n) return moved;
  return moved.replace(new RegExp(`^(journal\\.p0\\.${to}\\.tool\\.)(\\d+)(?=\\.)`), (_, head: string, seq: string) => {
    return `${head}${BigInt(seq) - naming.shift}`;
  });
}

/** The text of a record or checkpoint under another run's name. */
export function renamedText(root: Cursor, naming: Naming): Uint8Array {
  const patches: Patch[] = [];
  for (const { value, name, owner } of walk(root)) {
    if (name === null) continue;
    if (value.kind === 'integer' && naming.shift !== 0n && seqMembers.has(name)) {
      patches.push({ start: value.start, end: value.end, bytes: utf8(String(BigInt(value.lexeme()) - naming.shift)) });
      continue;
    }
    const text = value.kind === 'string' ? textOf(value) : null;
    if (text === null) continue;
    const isRun =
      text === naming.from &&
      (runMembers.has(name) || (name === 'id' && owner !== null && textOf(owner.get('kind')) === 'run'));
    const next = isRun ? naming.to : prose.has(name) ? text : restampedId(text, naming);
    if (next !== text) patches.push({ start: value.start, end: value.end, bytes: stringText(next) });
  }
  return patched(root.source, root.start, root.end, patches);
}
