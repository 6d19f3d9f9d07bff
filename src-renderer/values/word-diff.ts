// Two texts as one line of segments, word by word: what was taken out, what was put in, what stayed.

import { diffWordsWithSpace } from 'diff';

export interface Segment {
  readonly kind: 'same' | 'del' | 'add';
  readonly text: string;
}

/** Beyond this many single changes the texts have nothing to do with each other: old and new are shown one after the other. */
const mostEdits = 2000;

/**
 * Invariant: the `same` and `del` segments joined are `before`, `same` and `add` joined are `after`.
 * Changes that only white space keeps apart are drawn as one, since "~~refund~~ offer ~~in~~ the ~~full~~ carrier" reads as noise.
 */
export function wordDiff(before: string, after: string): Segment[] {
  if (before === after) return before === '' ? [] : [{ kind: 'same', text: before }];
  // Single words and numbers: parts of them in common say nothing.
  if (!/\s/.test(before) && !/\s/.test(after)) return whole(before, after);
  const parts = diffWordsWithSpace(before, after, { maxEditLength: mostEdits });
  if (parts === undefined) return whole(before, after);
  const segments: Segment[] = [];
  let del = '';
  let add = '';
  const flush = (): void => {
    // White space that both end with did not change; striking it through would only look torn.
    const space = sharedSpace(del, add);
    const kept = del.slice(del.length - space);
    if (del.length > space) segments.push({ kind: 'del', text: del.slice(0, del.length - space) });
    if (add.length > space) segments.push({ kind: 'add', text: add.slice(0, add.length - space) });
    if (kept !== '') segments.push({ kind: 'same', text: kept });
    del = '';
    add = '';
  };
  parts.forEach((part, i) => {
    if (part.removed) del += part.value;
    else if (part.added) add += part.value;
    else if (i > 0 && i < parts.length - 1 && part.value.trim() === '' && !part.value.includes('\n')) {
      del += part.value;
      add += part.value;
    } else {
      flush();
      segments.push({ kind: 'same', text: part.value });
    }
  });
  flush();
  const kept = segments.reduce((n, s) => n + (s.kind === 'same' ? s.text.trim().length : 0), 0);
  // A few common words by chance are no relation either.
  return kept * 8 < Math.min(before.length, after.length) ? whole(before, after) : segments;
}

/** How much white space both texts end with. */
function sharedSpace(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a.at(-1 - n) === b.at(-1 - n) && /\s/.test(a.at(-1 - n) ?? '')) n++;
  return n;
}

function whole(before: string, after: string): Segment[] {
  const segments: Segment[] = [];
  if (before !== '') segments.push({ kind: 'del', text: before });
  if (after !== '') segments.push({ kind: 'add', text: after });
  return segments;
}

export type Shown = Segment | { readonly kind: 'gap'; readonly text: string };

/** Long stretches that stayed the same shrink to `context` characters at either side, cut between words; the gap keeps its text. */
export function foldSame(segments: readonly Segment[], context: number): Shown[] {
  return segments.flatMap((segment, i): Shown[] => {
    if (segment.kind !== 'same' || segment.text.length < context * 3) return [segment];
    const head = i === 0 ? 0 : cutBefore(segment.text, context);
    const tail =
      i === segments.length - 1 ? segment.text.length : cutAfter(segment.text, segment.text.length - context);
    const shown: Shown[] = [
      { kind: 'same', text: segment.text.slice(0, head) },
      { kind: 'gap', text: segment.text.slice(head, tail) },
      { kind: 'same', text: segment.text.slice(tail) },
    ];
    return shown.filter((s) => s.text !== '');
  });
}

function cutBefore(text: string, at: number): number {
  const space = text.lastIndexOf(' ', at);
  return whole16(text, space > at / 2 ? space : at);
}

function cutAfter(text: string, at: number): number {
  const space = text.indexOf(' ', at);
  return whole16(text, space >= 0 && space < at + (text.length - at) / 2 ? space + 1 : at);
}

/** Never between the halves of a surrogate pair. */
function whole16(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}
