// Importing a thread document into a new thread: records as they are, only the thread's id rewritten. Everything is checked before
// anything is planned: the document comes from somewhere else.

import type { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { badRecord, expectFormat } from '../document-refusals.ts';
import type { ImportRequest, StorePlan, ThreadRecord } from '../store.ts';
import { recordKind } from './document.ts';
import { numbersFrom } from './new-record.ts';
import { readLine, type RecordView } from './record.ts';
import { resumeCode } from './resume.ts';
import type { NewRecord, PlanWriter } from './write.ts';

export function planImport(request: ImportRequest, writer: PlanWriter): StorePlan {
  const { document, thread } = request;
  expectFormat(request, 'wesichain');
  writer.expectNewThread(thread);
  const views = document.records.map((entry, i) => viewOfEntry(entry, i));
  const last = views.at(-1);
  if (last === undefined) throw badDocument(0, 'there are no records in it');
  const warnings: Warning[] = [...writer.warnings(null), ...writer.accepts(views)];

  // A key must be unique in SQLite, and no framework writes a falling one: then they are numbered anew.
  const ordered = views.every((view, i) => i === 0 || BigInt(view.seq) > BigInt(views[i - 1]!.seq));
  const fresh = numbersFrom(views.length, 1n);
  if (!ordered) {
    warnings.push({
      code: 'renumbered',
      message: 'The numbers of these records repeat or fall; they are numbered from 1 in their order.',
      remedy: null,
    });
  }
  const records: NewRecord[] = views.map((record, i) => {
    const seq = ordered ? record.seq : fresh[i]!;
    return { seq, key: formatKey({ thread, namespace: '', id: seq, nth: 0 }), basis: null, record, data: null };
  });
  return {
    changes: writer.newThread(thread, records),
    warnings,
    target: { thread, id: records.at(-1)!.seq },
    resume: last.queue === null || last.queue.length === 0 ? null : resumeCode(thread),
    edited: null,
    follows: [],
  };
}

function badDocument(index: number, what: string): ForkpointError {
  return badRecord(index, what, 'Export the thread again from its store.');
}

function viewOfEntry(entry: ThreadRecord, index: number): RecordView {
  if (entry.kind !== recordKind) {
    throw badDocument(index, `it is of the kind \`${entry.kind}\`, which a wesichain thread does not have`);
  }
  const cell = entry.cells.find((c) => c.name === 'record');
  if (cell === undefined || cell.storage !== 'text') throw badDocument(index, 'it has no text `record`');
  const reading = readLine(cell.bytes);
  if (!reading.ok) throw badDocument(index, reading.reason);
  if (reading.record.refused !== null) {
    throw badDocument(index, `wesichain could not read it: ${reading.record.refused}`);
  }
  return reading.record;
}
