// Genuine stores damaged on purpose: single cells, pages, ids.

import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { SQLInputValue } from 'node:sqlite';

/** Runs one statement (with parameters) or several (without) on a store. */
export function sql(path: string, text: string, ...params: readonly SQLInputValue[]): void {
  const database = new DatabaseSync(path);
  try {
    if (params.length > 0) database.prepare(text).run(...params);
    else database.exec(text);
  } finally {
    database.close();
  }
}

/** First column of the rows of a query. */
export function column(path: string, text: string, ...params: readonly SQLInputValue[]): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    return database
      .prepare(text)
      .all(...params)
      .map((row) => Object.values(row)[0]);
  } finally {
    database.close();
  }
}

/** Ids of the root checkpoints of a thread, oldest first. */
export function idsOf(path: string, thread: string): string[] {
  return column(
    path,
    `SELECT checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' ORDER BY checkpoint_id`,
    thread,
  ).map(String);
}

/** Puts something else into one cell of one checkpoint. */
export function setCell(path: string, id: string, name: string, value: SQLInputValue): void {
  sql(path, `UPDATE checkpoints SET "${name}" = ? WHERE checkpoint_id = ?`, value, id);
}

/** Fills a page (counted from 1, as SQLite does) with rubbish. */
export function spoilPage(path: string, page: number): void {
  const bytes = readFileSync(path);
  const size = bytes.readUInt16BE(16);
  bytes.fill(0xa5, (page - 1) * size, page * size);
  writeFileSync(path, bytes);
}

/** Root page of a table or index. */
export function rootPage(path: string, name: string): number {
  return Number(column(path, 'SELECT rootpage FROM sqlite_schema WHERE name = ?', name)[0]);
}

/** A checkpoint cell as LangGraph.js writes it. */
export function jsCell(values: string): Buffer {
  return Buffer.from(`{"v":4,"channel_values":${values},"channel_versions":{"budget":1},"versions_seen":{}}`);
}

/** A thread of `count` checkpoints whose ids and parents are as given, with small states, written at once. */
export function addPoints(
  path: string,
  thread: string,
  count: number,
  idOf: (i: number) => string,
  parentOf: (i: number) => string | null,
): void {
  const database = new DatabaseSync(path);
  database.exec('BEGIN');
  const insert = database.prepare(
    `INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata) VALUES (?, '', ?, ?, 'json', ?, '{"source":"loop","step":1,"parents":{}}')`,
  );
  const cell = jsCell('{"budget":1}');
  for (let i = 0; i < count; i++) insert.run(thread, idOf(i), parentOf(i), cell);
  database.exec('COMMIT');
  database.close();
}
