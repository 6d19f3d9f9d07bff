// The reading commands' output for people: columns, a drawn lineage, states and diffs as short lines.

import type { Checkpoint, FormatInfo, Operation, StoreInfo, Thread } from '../../../shared/model/shapes.ts';
import type { CheckpointKey } from '../../../shared/model/key.ts';
import { statusMark } from '../../../shared/model/status.ts';
import { recordsOf } from '../../service/report/records.ts';
import * as read from '../../service/report/read.ts';
import type { Point } from '../../service/report/resolve.ts';
import type { Session } from '../../service/report/session.ts';
import { columns, cut, mark, number, size, visible, when, type Paint } from './format.ts';
import { graphRows } from './graph.ts';

type Store = Session['store'];

export function formats(rows: readonly FormatInfo[], paint: Paint): string {
  const table = columns(
    ['format', 'framework', 'backend', 'eras', 'can'],
    rows.map((f) => [f.format, f.framework, f.backend, f.eras.join(', '), f.capabilities.join(' ')]),
    paint,
  );
  const unable = rows.flatMap((f) =>
    f.unable.map((u) => `${f.framework}, ${f.backend}: no ${u.operation}: ${u.reason}`),
  );
  return unable.length === 0 ? table : `${table}\n\n${unable.map((u) => paint.dim(u)).join('\n')}`;
}

export function stores(
  path: string,
  found: readonly { path: string; format: string }[],
  complete: boolean,
  paint: Paint,
): string {
  return `${visible(path)} holds ${found.length} stores; name one of them:\n${columns(
    ['format', 'path'],
    found.map((s) => [s.format, visible(s.path)]),
    paint,
  )}${complete ? '' : '\nThe folder is too large or too deep to be looked at as a whole: there may be more.'}`;
}

export function info(store: StoreInfo, paint: Paint): string {
  const lines = [
    paint.bold(visible(store.path)),
    `${store.framework} · ${store.backend} · ${store.eras.join(', ')}`,
    `${number(store.threads)} threads · ${number(store.checkpoints)} checkpoints · ${size(store.bytes)}`,
    store.writable ? 'can be written to (only by an operation that you commit)' : 'read-only',
    ...store.unable.map((u) => paint.dim(`no ${u.operation}: ${u.reason}`)),
    ...store.notes.map((n) => `${paint.changed('!')} ${n}`),
  ];
  return lines.join('\n');
}

export function threads(rows: readonly Thread[], paint: Paint): string {
  if (rows.length === 0) return 'No thread fits.';
  return columns(
    ['status', 'thread', 'checkpoints>', 'branches>', 'updated', 'size>'],
    rows.map((t) => [
      mark(t.status),
      t.thread === '' ? '""' : cut(t.thread, 64),
      number(t.checkpoints),
      number(t.branches),
      when(t.updatedAt),
      size(t.bytes),
    ]),
    paint,
  );
}

/** Newest first, the lineage at the left. Inferred links are not told apart here; `--json` has `parentKind` and its reason. */
export function log(rows: readonly Checkpoint[], width: number, paint: Paint): string {
  if (rows.length === 0) return 'No checkpoints here.';
  const index = new Map(rows.map((r, i) => [r.key, i]));
  const parent = rows.map((r) => (r.parent === null ? -1 : (index.get(r.parent) ?? -1)));
  const drawn = graphRows(parent, (i) => statusMark[rows[i]?.status ?? 'unknown']);
  const laneWidth = Math.max(...drawn.map((d) => d.lanes.length));
  const lines: string[] = [];
  for (const row of drawn) {
    const point = rows[row.index];
    if (point === undefined) continue;
    const step = point.step === null ? '–' : String(point.step);
    const node = point.node.length === 0 ? (point.source ?? '–') : point.node.join('+');
    const next = point.next.length === 0 ? '' : ` → ${point.next.join(', ')}`;
    const space = point.namespace === '' ? '' : ` [${point.namespace}]`;
    const note = point.note === null ? '' : ` · ${point.note}`;
    const missing =
      point.missingParent === null
        ? ''
        : ` (parent ${visible(point.missingParent.slice(-8))} ${point.parentReason === null ? 'is missing' : 'is in a circle'})`;
    const lanes = row.lanes + ' '.repeat(laneWidth - row.lanes.length);
    const text = `${step.padStart(4)}  ${point.id.slice(-8).padEnd(8)}  ${when(point.time)}  ${visible(node)}${visible(next)}${visible(space)}${visible(missing)}${visible(note)}`;
    lines.push(`${paint.status(point.status, lanes)}  ${cut(text, Math.max(width - laneWidth - 2, 40))}`.trimEnd());
    if (row.join !== null) lines.push(row.join);
  }
  return lines.join('\n');
}

export function detail(store: Store, point: Point, applied: boolean, paint: Paint): string {
  const row = store.checkpoints(point.lineage, [point.index])[0];
  const state = store.state(point.key, applied);
  const lines: string[] = [];
  if (row !== undefined) {
    lines.push(
      paint.bold(
        `${row.node.length === 0 ? (row.source ?? 'checkpoint') : row.node.join('+')} · step ${row.step ?? '–'}`,
      ),
      `${paint.dim('key')}     ${visible(row.key)}`,
      `${paint.dim('time')}    ${when(row.time)}`,
      `${paint.dim('parent')}  ${row.parent === null ? (row.missingParent === null ? '–' : `${visible(row.missingParent)} (${row.parentReason ?? 'missing'})`) : visible(row.parent)}`,
      `${paint.dim('status')}  ${paint.status(row.status, mark(row.status))}${row.note === null ? '' : ` ${visible(row.note)}`}`,
      `${paint.dim('next')}    ${row.next.length === 0 ? '–' : visible(row.next.join(', '))}`,
      '',
    );
  }
  const record = state.root === null ? store.metadata(point.key) : null;
  if (state.root !== null) lines.push(read.valueText(state.root, 2));
  else lines.push(`No state is stored at this checkpoint.${record === null ? '' : ' Its record:'}`);
  if (record !== null) lines.push(read.valueText(record, 2));
  for (const note of state.notes) lines.push(`${paint.changed('!')} ${note}`);
  return lines.join('\n');
}

export function pending(view: ReturnType<Store['pending']>, paint: Paint): string {
  const lines = [
    `${paint.status(view.status, mark(view.status))}${view.reason === null ? '' : `  ${visible(view.reason)}`}`,
  ];
  if (view.next.length > 0) lines.push(`next: ${visible(view.next.join(', '))}`);
  for (const task of view.tasks) {
    lines.push(`task ${visible(task.name ?? '–')}  ${paint.dim(visible(task.id ?? ''))}`);
    if (task.error !== null) lines.push(`  ${paint.removed('error')} ${cut(read.valueText(task.error, 0), 400)}`);
    for (const i of task.interrupts)
      lines.push(`  ${paint.changed('asks')} ${i.value === null ? '–' : cut(read.valueText(i.value, 0), 400)}`);
    for (const w of task.writes)
      lines.push(`  wrote ${visible(w.channel)} ${w.value === null ? '' : cut(read.valueText(w.value, 0), 200)}`);
  }
  if (view.resume !== null)
    lines.push(
      paint.dim(`to go on, in ${view.resume.language}:`),
      ...view.resume.code.split('\n').map((l) => `  ${l}`),
    );
  return lines.join('\n');
}

export function records(store: Store, thread: string, key: CheckpointKey | null, paint: Paint): string {
  const lines: string[] = [];
  for (const each of recordsOf(store, thread, key)) {
    lines.push(`${visible(each.kind)}  ${visible(each.record)}  ${paint.dim(each.time ?? '')}`);
    lines.push(`  ${cut(read.valueText(each.content, 0), 400)}`);
  }
  const where = key === null ? 'thread' : 'checkpoint';
  return lines.length === 0 ? `Nothing stands beside the checkpoints of this ${where}.` : lines.join('\n');
}

export function diff(store: Store, before: Point | null, after: Point, path: string | null, paint: Paint): string {
  const { changes, summary } = read.diffLines(store, before, after, path);
  if (changes.length === 0) return 'No difference.';
  const head = summary
    .filter((s) => s.added + s.removed + s.changed > 0)
    .map(
      (s) =>
        `${visible(s.channel)}${s.added > 0 ? ` ${paint.added(`+${s.added}`)}` : ''}${s.removed > 0 ? ` ${paint.removed(`-${s.removed}`)}` : ''}${s.changed > 0 ? ` ${paint.changed(`~${s.changed}`)}` : ''}`,
    )
    .join(' · ');
  const lines = changes.flatMap((c) => {
    const where = visible(c.path);
    switch (c.op) {
      case 'add':
        return [paint.added(`+ ${where}  ${cut(c.after ?? '', 300)}`)];
      case 'remove':
        return [paint.removed(`- ${where}  ${cut(c.before ?? '', 300)}`)];
      case 'move':
        return [paint.changed(`→ ${where}  from ${visible(c.from ?? '')}`)];
      case 'replace':
        return [
          paint.changed(`~ ${where}`),
          paint.removed(`    - ${cut(c.before ?? '', 300)}`),
          paint.added(`    + ${cut(c.after ?? '', 300)}`),
        ];
    }
  });
  return [head, ...lines].join('\n');
}

export function raw(parts: ReturnType<Store['raw']>, paint: Paint): string {
  return parts
    .map((part) => {
      const lines = [`${paint.bold(visible(part.where))}  ${part.storage}  ${size(part.bytes.length)}`];
      for (let at = 0; at < part.bytes.length; at += 16) {
        const row = part.bytes.subarray(at, at + 16);
        const hex = [...row].map((b) => b.toString(16).padStart(2, '0')).join(' ');
        const text = [...row].map((b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·')).join('');
        lines.push(`${paint.dim(at.toString(16).padStart(8, '0'))}  ${hex.padEnd(47)}  ${text}`);
      }
      return lines.join('\n');
    })
    .join('\n\n');
}

export function operations(rows: readonly Operation[], paint: Paint): string {
  if (rows.length === 0) return 'Nothing was done to this store yet.';
  return columns(
    ['time', 'operation', 'thread', 'rows', 'size>', 'undo', 'id'],
    rows.map((o) => [
      when(o.time),
      o.operation,
      o.thread === null ? '–' : cut(o.thread, 40),
      [
        o.counts.insert > 0 ? `+${o.counts.insert}` : '',
        o.counts.update > 0 ? `~${o.counts.update}` : '',
        o.counts.delete > 0 ? `-${o.counts.delete}` : '',
      ]
        .filter((p) => p !== '')
        .join(' '),
      size(o.counts.bytes),
      o.undone ? 'undone' : o.undoable ? 'possible' : `no: ${o.reason ?? ''}`,
      o.operationId,
    ]),
    paint,
  );
}
