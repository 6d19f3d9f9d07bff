// Import: the rows of a thread document as inserts under another thread id; states arrive byte for byte.

import { bytesOf } from './cells.ts';
import { dialectOfCell } from './layout.ts';
import { relyOnNewThread, threadGuards } from './plan-thread.ts';
import type { PlanSource } from './plan-source.ts';
import { neighbourWarnings } from './describe.ts';
import { resumeCode } from './pending.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { formatKey } from '../../../shared/model/key.ts';
import type { SqliteChange, SqlRow, SqlTable, SqlValue } from '../backend.ts';
import type { ImportRequest, PlanContext, ResumeCode, StorePlan, ThreadRecord } from '../store.ts';
import type { WriterDialect } from './ids.ts';

type Cell = ThreadRecord['cells'][number];

const bad = (message: string): ForkpointError =>
  new ForkpointError('bad_value', `${message} Nothing was changed.`, 'Export the thread again.');

function valueOf(cell: Cell): SqlValue {
  const text = (): string => {
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(cell.bytes);
    } catch {
      throw bad(`The cell \`${cell.name}\` of the document is not valid text.`);
    }
  };
  switch (cell.storage) {
    case 'null':
      return null;
    case 'blob':
      return cell.bytes;
    case 'text':
      return text();
    case 'integer': {
      const digits = text();
      if (!/^-?\d{1,19}$/.test(digits))
        throw bad(`The cell \`${cell.name}\` of the document is not an integer of 64 bits.`);
      const value = BigInt(digits);
      if (BigInt.asIntN(64, value) !== value)
        throw bad(`The cell \`${cell.name}\` of the document is not an integer of 64 bits.`);
      return value;
    }
    case 'real': {
      const number = Number(text());
      if (Number.isNaN(number)) throw bad(`The cell \`${cell.name}\` of the document is not a number.`);
      return number;
    }
  }
}

/** Columns that one version of the saver has and another has not; a row can do without them. */
const optional = new Set(['task_path']);

function rowOf(record: ThreadRecord, table: SqlTable, thread: string): SqlRow {
  const known = new Map(table.columns.map((c) => [c.name, c]));
  const row: Record<string, SqlValue> = {};
  for (const cell of record.cells) {
    if (!known.has(cell.name)) {
      if (optional.has(cell.name)) continue;
      throw new ForkpointError(
        'unable',
        `The document has a column \`${cell.name}\` that the table \`${table.name}\` of this store does not have. Nothing was changed.`,
        'Import it into a store of the same version.',
      );
    }
    row[cell.name] = cell.name === 'thread_id' ? thread : valueOf(cell);
  }
  for (const column of table.columns) {
    if (column.pk > 0 && row[column.name] === undefined)
      throw bad(`A row of \`${record.kind}\` in the document has no \`${column.name}\`.`);
  }
  return row;
}

/** Plans an import. Throws `unable` for another format or dialect, `exists` for a thread that is there. */
export function planImport(own: PlanSource, request: ImportRequest, context: PlanContext): StorePlan {
  const { document, thread } = request;
  if (document.format !== 'langgraph') {
    throw new ForkpointError(
      'unable',
      `This is a thread of ${document.framework}; this store is one of LangGraph. Nothing was changed.`,
      null,
    );
  }
  if (own.dialect !== null && document.dialect !== own.dialect) {
    const name = (dialect: string): string =>
      dialect === 'js' ? 'LangGraph.js' : dialect === 'python' ? 'LangGraph for Python' : dialect;
    throw new ForkpointError(
      'unable',
      `This thread was written by ${name(document.dialect)}, the store by ${name(own.dialect)}: neither library reads the rows of the other. Nothing was changed.`,
      'Import it into a store that the same library wrote.',
    );
  }
  relyOnNewThread(context, thread);
  context.relying.relyOnRows(
    'the columns of the tables',
    "SELECT 'checkpoints' AS t, name FROM pragma_table_info('checkpoints') UNION ALL SELECT 'writes', name FROM pragma_table_info('writes')",
    [],
  );
  const changes: SqliteChange[] = [];
  let head: string | null = null;
  const dropsPath =
    !own.layout.taskPath &&
    document.records.some((r) => r.cells.some((c) => c.name === 'task_path' && c.bytes.length > 0));
  for (const record of document.records) {
    const table =
      record.kind === 'checkpoints' ? own.layout.checkpoints : record.kind === 'writes' ? own.layout.writes : null;
    if (table === null)
      throw bad(`The document has rows of a kind \`${record.kind}\` that a LangGraph store does not have.`);
    const row = rowOf(record, table, thread);
    const id = row['checkpoint_id'];
    const namespace = row['checkpoint_ns'];
    if (record.kind === 'checkpoints' && typeof id === 'string') {
      const type = row['type'];
      const wrote = typeof type === 'string' ? dialectOfCell(type, bytesOf(row['checkpoint'])) : null;
      if (wrote !== null && wrote !== document.dialect) {
        throw bad(
          `A checkpoint of the document has the type \`${String(type)}\`, which ${document.dialect} does not write.`,
        );
      }
      if (namespace === '' && (head === null || id > head)) head = id;
      changes.push({
        kind: 'insert',
        table: table.name,
        row,
        key: formatKey({ thread, namespace: String(namespace), id, nth: 0 }),
      });
    } else changes.push({ kind: 'insert', table: table.name, row, key: null });
  }
  if (head === null) throw bad('The document holds no checkpoint of the root graph.');
  return {
    changes: { backend: 'sqlite', changes, guards: threadGuards(thread) },
    warnings: [
      ...neighbourWarnings(own.reader, false),
      ...(dropsPath
        ? [
            {
              code: 'task_path_dropped',
              message:
                'This store has no column `task_path` yet: the order in which parallel tasks of the thread wrote is kept only as far as their ids tell it.',
              remedy: 'Open the store once with checkpoint-sqlite 3.1.2 or later, which adds the column.',
            },
          ]
        : []),
    ],
    target: { thread, id: head },
    resume: resumeOf(document.dialect === 'js' ? 'js' : 'python', thread, changes, head),
    edited: null,
    follows: [],
  };
}

/** The code that goes on from the head: with an answer where one task waits for it; several questions go by ids that Pending tells. */
function resumeOf(
  dialect: WriterDialect,
  thread: string,
  changes: readonly SqliteChange[],
  head: string,
): ResumeCode | null {
  const channels = new Map<string, Set<string>>();
  for (const change of changes) {
    if (change.kind !== 'insert' || change.row['checkpoint_ns'] !== '' || change.row['checkpoint_id'] !== head)
      continue;
    const { task_id: task, channel } = change.row;
    if (typeof task !== 'string' || typeof channel !== 'string') continue;
    channels.set(task, (channels.get(task) ?? new Set()).add(channel));
  }
  // Whatever else a task wrote says that its question is answered.
  const waits = [...channels.values()].filter(
    (of) => of.has('__interrupt__') && [...of].every((c) => c === '__interrupt__' || c === '__resume__'),
  );
  return waits.length > 1 ? null : resumeCode(dialect, thread, null, waits.length === 1 ? [null] : []);
}
