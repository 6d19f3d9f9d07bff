// Text for people in a terminal: columns, colours, sizes, times, plans. Nothing of a store reaches a terminal without its control characters shown.

import { statusMark, statusWord, type Status } from '../../../shared/model/status.ts';
import type { Plan } from '../../../shared/model/shapes.ts';

export interface Paint {
  dim(text: string): string;
  bold(text: string): string;
  status(status: Status, text: string): string;
  added(text: string): string;
  removed(text: string): string;
  changed(text: string): string;
}

const plain: Paint = {
  dim: (t) => t,
  bold: (t) => t,
  status: (_, t) => t,
  added: (t) => t,
  removed: (t) => t,
  changed: (t) => t,
};

const code = (n: number) => (text: string) => `\u001B[${n}m${text}\u001B[0m`;
const statusColour: Readonly<Record<Status, number>> = {
  idle: 37,
  interrupted: 33,
  failed: 31,
  terminal: 90,
  armed: 34,
  in_flight: 36,
  orphaned: 35,
  unknown: 90,
};

export function paintFor(colour: boolean): Paint {
  if (!colour) return plain;
  return {
    dim: code(90),
    bold: code(1),
    status: (status, text) => code(statusColour[status])(text),
    added: code(32),
    removed: code(31),
    changed: code(33),
  };
}

/** Store text made safe and one-lined: control characters (terminal escapes too) become visible escapes. */
export function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must not reach the terminal
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });
const wide =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** What a person counts as characters, each with the cells that it takes in a terminal. */
function* cellsOf(text: string): Generator<{ readonly text: string; readonly width: number }> {
  for (const { segment } of graphemes.segment(text)) yield { text: segment, width: wide.test(segment) ? 2 : 1 };
}

/** Cells that a text takes in a terminal. */
export function width(text: string): number {
  let total = 0;
  for (const cell of cellsOf(text)) total += cell.width;
  return total;
}

/** Safe, on one line, and at most `most` cells wide. */
export function cut(text: string, most: number): string {
  const shown = visible(text.length > most * 20 ? text.slice(0, most * 20) : text);
  if (width(shown) <= most) return shown;
  let out = '';
  let used = 0;
  for (const cell of cellsOf(shown)) {
    if (used + cell.width > most - 1) break;
    out += cell.text;
    used += cell.width;
  }
  return `${out}…`;
}

export function size(bytes: number | null): string {
  if (bytes === null) return '–';
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = -1;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const number = (n: number): string => n.toLocaleString('en-US');

export function when(iso: string | null): string {
  return iso === null
    ? '–'
    : iso
        .replace('T', ' ')
        .replace(/\.\d+/, '')
        .replace(/Z$|\+00:00$/, '');
}

export const mark = (status: Status): string => `${statusMark[status]} ${statusWord[status]}`;

/** Left-aligned columns; a column whose header ends in `>` is right-aligned. Paint is added after widths are known. */
export function columns(headers: readonly string[], rows: readonly (readonly string[])[], paint: Paint): string {
  const titles = headers.map((h) => h.replace(/>$/, ''));
  const right = headers.map((h) => h.endsWith('>'));
  const widths = titles.map((t, i) => Math.max(width(t), ...rows.map((r) => width(r[i] ?? ''))));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => {
        const pad = ' '.repeat(Math.max((widths[i] ?? 0) - width(cell), 0));
        return right[i] === true ? pad + cell : cell + pad;
      })
      .join('  ')
      .trimEnd();
  return [paint.dim(line(titles)), ...rows.map(line)].join('\n');
}

export function planText(plan: Plan, paint: Paint): string {
  const lines: string[] = [];
  const to = plan.target === null ? '' : ` → thread ${cut(plan.target.thread, 60)}`;
  lines.push(paint.bold(`${plan.operation}${plan.thread === null ? '' : ` of thread ${cut(plan.thread, 60)}`}${to}`));
  const places = new Map<string, { insert: number; update: number; delete: number; bytes: number }>();
  for (const change of plan.changes) {
    const place = places.get(change.where) ?? { insert: 0, update: 0, delete: 0, bytes: 0 };
    place[change.change]++;
    place.bytes += change.bytes;
    places.set(change.where, place);
  }
  for (const [where, n] of places) {
    const parts = [
      n.insert > 0 ? paint.added(`+${number(n.insert)}`) : '',
      n.update > 0 ? paint.changed(`~${number(n.update)}`) : '',
      n.delete > 0 ? paint.removed(`-${number(n.delete)}`) : '',
    ].filter((p) => p !== '');
    lines.push(`  ${visible(where)}  ${parts.join(' ')}  ${size(n.bytes)}`);
  }
  for (const warning of plan.warnings) {
    lines.push(
      `  ${paint.changed('!')} ${warning.message}${warning.remedy === null ? '' : ` ${paint.dim(warning.remedy)}`}`,
    );
  }
  if (plan.resume !== null)
    lines.push(
      `  ${paint.dim(`then, in ${plan.resume.language}:`)}`,
      ...plan.resume.code.split('\n').map((l) => `    ${l}`),
    );
  lines.push(
    plan.committed
      ? `Done${plan.operationId === null ? '' : ` (${plan.operationId})`}. Undo with \`forkpoint undo <store> --commit\`.`
      : `Nothing is written yet. Plan ${plan.planId}; carry it out with --commit.`,
  );
  return lines.join('\n');
}
