// Importing a thread document as a new run: records and checkpoints as they are; under another id they are re-stamped, so that the
// runtime that wrote them can go on. Everything is checked before anything is planned: the document comes from somewhere else.

import type { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { sameBytes } from '../../values/bytes.ts';
import { badRecord, expectFormat } from '../document-refusals.ts';
import type { ImportRequest, StorePlan, ThreadRecord } from '../store.ts';
import { kinds } from './document.ts';
import { compareSeq, openText, readCheckpoint, readRecord, type CheckpointView, type RecordView } from './record.ts';
import { renamedText, restampedId, type Naming } from './restamp.ts';
import { namesOf, resumeCode, startId } from './resume.ts';
import type { NewArguments, NewContent, NewRecord, NewSavedCheckpoint, PlanWriter } from './write.ts';

interface Parts {
  readonly records: RecordView[];
  readonly checkpoints: CheckpointView[];
  readonly contents: NewContent[];
  readonly provided: NewArguments[];
}

export function planImport(request: ImportRequest, writer: PlanWriter): StorePlan {
  const { document, thread } = request;
  expectFormat(request, 'clawdia');
  writer.expectNewRun(thread);
  const parts = partsOf(document.records, document.thread);
  const naming = namingOf(document.thread, thread, parts.records[0]?.id ?? null);
  const keyOf = (id: string) => formatKey({ thread, namespace: '', id, nth: 0 });
  const textOfView = (view: RecordView | CheckpointView) =>
    thread === document.thread ? view.root.slice() : renamedText(view.root, naming);
  const records: NewRecord[] = parts.records.map((view) => {
    const id = restampedId(view.id, naming);
    return { seq: view.seq, id, text: textOfView(view), key: keyOf(id) };
  });
  const checkpoints: NewSavedCheckpoint[] = parts.checkpoints.map((view) => {
    const id = restampedId(view.id, naming);
    return { id, covers: view.covers, text: textOfView(view), key: keyOf(id) };
  });
  const warnings: Warning[] = [...writer.warnings(null)];
  const contents = parts.contents.filter((one) => isWanted(one.bytes, writer.heldContent(one.id), one.id, warnings));
  const provided = parts.provided.filter((one) => isWanted(one.raw, writer.heldArguments(one.ref), one.ref, warnings));
  const id = checkpoints.at(-1)?.id ?? records.at(-1)!.id;
  const first = records[0] === undefined ? null : readRecord(records[0].text);
  return {
    changes: writer.newRun({ run: thread, records, checkpoints, contents, provided }),
    warnings,
    target: { thread, id },
    resume: resumeCode(namesOf(thread, first?.ok === true ? first.view : null, writer.backend)),
    edited: null,
    follows: [],
  };
}

/** How a run is told under another id. `first`: id of its first record, by which the runtime's own runs are known. */
export function namingOf(from: string, to: string, first: string | null): Naming {
  return { from, to, restamp: to !== from && first === startId(from), shift: 0n };
}

/** Contents are named by their id in every run: what the store holds stays. */
function isWanted(bytes: Uint8Array, held: Uint8Array | null, id: string, warnings: Warning[]): boolean {
  if (held === null) return true;
  if (!sameBytes(bytes, held)) {
    warnings.push({
      code: 'other_content',
      message: `This store holds other bytes under the content id \`${id}\`; they stay, and the imported run will show them.`,
      remedy: 'Import into a store of its own.',
    });
  }
  return false;
}

function partsOf(entries: readonly ThreadRecord[], run: string): Parts {
  const parts: Parts = { records: [], checkpoints: [], contents: [], provided: [] };
  entries.forEach((entry, i) => take(parts, entry, i));
  const { records, checkpoints } = parts;
  if (records.length + checkpoints.length === 0) throw badDocument(0, 'there are no records in it');
  records.forEach((view, i) => {
    if (view.run !== run) throw badDocument(i, 'it is of another run');
    if (i > 0 && compareSeq(records[i - 1]!.seq, view.seq) >= 0)
      throw badDocument(i, 'its `journal_seq` does not rise');
  });
  if (new Set(records.map((view) => view.id)).size < records.length) {
    throw badDocument(0, 'two records have the same `record_id`, which clawdia takes for one');
  }
  return parts;
}

function take(parts: Parts, entry: ThreadRecord, index: number): void {
  const bytes = (name: string): Uint8Array => {
    const found = entry.cells.find((c) => c.name === name);
    if (found === undefined || (found.storage !== 'text' && found.storage !== 'blob')) {
      throw badDocument(index, `it has no \`${name}\``);
    }
    return found.bytes;
  };
  const text = (name: string): string => Buffer.from(bytes(name)).toString('utf8');
  switch (entry.kind) {
    case kinds.record: {
      const reading = readRecord(bytes('json'));
      if (!reading.ok) throw badDocument(index, reading.reason);
      if (reading.view.refused !== null) throw badDocument(index, `clawdia could not read it: ${reading.view.refused}`);
      parts.records.push(reading.view);
      return;
    }
    case kinds.checkpoint: {
      const reading = readCheckpoint(bytes('json'));
      if (!reading.ok) throw badDocument(index, reading.reason);
      if (reading.view.refused !== null) throw badDocument(index, `clawdia could not read it: ${reading.view.refused}`);
      parts.checkpoints.push(reading.view);
      return;
    }
    case kinds.content: {
      const ref = bytes('content_ref');
      if ('reason' in openText(ref)) throw badDocument(index, 'its `content_ref` is no JSON');
      parts.contents.push({ id: text('content_id'), ref, bytes: bytes('bytes') });
      return;
    }
    case kinds.provided: {
      const names = { provider: text('provider_ref'), call: text('call_id'), tool: text('canonical_tool_name') };
      parts.provided.push({ ref: text('content_ref'), raw: bytes('raw_arguments'), ...names });
      return;
    }
    default:
      throw badDocument(index, `it is of the kind \`${entry.kind}\`, which a clawdia run does not have`);
  }
}

function badDocument(index: number, what: string): ForkpointError {
  return badRecord(index, what.replace(/\.$/, ''), 'Export the run again from its store.');
}
