// Importing a thread document into a new thread: records and ledger as they are, only `thread_id` rewritten, as the framework's own
// copy does. Everything is checked before anything is planned: the document comes from somewhere else.

import type { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { Warning } from '../../../shared/model/shapes.ts';
import { badRecord, expectFormat } from '../document-refusals.ts';
import type { ImportRequest, StorePlan, ThreadRecord } from '../store.ts';
import { ledgerKind, recordKind } from './document.ts';
import { readLedgerLine } from './ledger-line.ts';
import { namespaceOfText, namespaceText } from './namespace.ts';
import { checkedRecord, rewriteRecord, stringText } from './new-record.ts';
import { developmentReason, openLine, readRecord } from './record.ts';
import { resumeCode } from './resume.ts';
import { statusOfRecord } from './status.ts';
import type { NewLedgerRow, NewRecord, PlanWriter } from './write.ts';

export function planImport(request: ImportRequest, writer: PlanWriter): StorePlan {
  const { document, thread } = request;
  expectFormat(request, 'tinyagents');
  writer.expectNewThread(thread);
  const threadText = stringText(thread);
  const records: NewRecord[] = [];
  const ledger: NewLedgerRow[] = [];
  const seen = new Map<string, number>();
  document.records.forEach((entry, i) => {
    if (entry.kind === recordKind) records.push(recordOf(cellOf(entry, 'record', i), thread, threadText, seen, i));
    else if (entry.kind === ledgerKind) ledger.push(ledgerRowOf(cellOf(entry, 'line', i), i));
    else throw badDocument(i, `it is of the kind \`${entry.kind}\`, which a tinyagents thread does not have`);
  });
  const head = records.findLast((made) => made.record.namespace.length === 0);
  if (records.length === 0) throw badDocument(0, 'there are no records in it');

  const warnings: Warning[] = [...writer.warnings(true)];
  if (ledger.length > 0 && !writer.hasLedger) {
    warnings.push({
      code: 'no_ledger',
      message:
        'This store was made by a release before 2.1.1 and has no table for the write ledger; its rows are left out. The records hold the same writes.',
      remedy: null,
    });
  }
  return {
    changes: writer.newThread(thread, records, writer.hasLedger ? ledger : []),
    warnings,
    target: head === undefined ? null : { thread, id: head.record.id },
    resume:
      head === undefined || head.record.pending.length === 0
        ? null
        : resumeCode(thread, null, statusOfRecord(head.record) === 'interrupted'),
    edited: null,
    follows: [],
  };
}

function badDocument(index: number, what: string): ForkpointError {
  return badRecord(index, what, 'Export the thread again from its store.');
}

function cellOf(entry: ThreadRecord, name: string, index: number): Uint8Array {
  const cell = entry.cells.find((c) => c.name === name);
  if (cell === undefined || cell.storage !== 'text') throw badDocument(index, `it has no text \`${name}\``);
  return cell.bytes;
}

function recordOf(
  bytes: Uint8Array,
  thread: string,
  threadText: Uint8Array,
  seen: Map<string, number>,
  index: number,
): NewRecord {
  const reading = readRecord(bytes);
  if (!reading.ok) throw badDocument(index, reading.reason);
  if (reading.record.version >= 2) throw badDocument(index, developmentReason);
  if (reading.record.state === null || reading.record.metadata === null) {
    throw badDocument(index, 'tinyagents could not read it: `state` or `metadata` is missing');
  }
  const text = rewriteRecord(reading.record.root, { thread_id: threadText });
  const record = checkedRecord(text, thread, reading.record.id);
  const namespace = namespaceOfText(namespaceText(record.namespace));
  const place = `${namespace}\u0000${record.id}`;
  const nth = (seen.get(place) ?? 0) + 1;
  seen.set(place, nth);
  return { record, text, basis: null, key: formatKey({ thread, namespace, id: record.id, nth: nth === 1 ? 0 : nth }) };
}

function ledgerRowOf(bytes: Uint8Array, index: number): NewLedgerRow {
  const root = openLine(bytes);
  if ('reason' in root) throw badDocument(index, root.reason);
  const row = readLedgerLine(root);
  if (row === null || !/^-?\d{1,18}$/.test(row.write.idx))
    throw badDocument(index, 'it is not a row of a write ledger');
  return { ...row, from: null, line: root.slice() };
}
