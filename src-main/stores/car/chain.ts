// The hash chain of an event journal (car-eventlog): each event's hash covers the hash before it and its own content, so that a line
// that was edited, removed or moved shows. What was cut off at either end does not.

import { createHash } from 'node:crypto';
import { asForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { compactText } from './deltas.ts';
import { textOf } from './run-file.ts';

export type ChainVerdict =
  /** No event has a hash: chaining is off by default. */
  | { readonly kind: 'none'; readonly events: number }
  | { readonly kind: 'whole'; readonly events: number; readonly chained: number }
  /** `line` counts from 1. */
  | { readonly kind: 'broken'; readonly line: number; readonly why: string };

/** A line that is an event; null for anything else. */
export function readEvent(line: Uint8Array): Cursor | null {
  try {
    const event = openValue('json', line);
    return event.kind === 'map' && textOf(event.get('kind')) !== null ? event : null;
  } catch (thrown) {
    if (asForkpointError(thrown).code === 'internal') throw thrown;
    return null;
  }
}

/** Checks events as CAR's `verify_chain` does; lines in the order of the file. */
export class ChainCheck {
  #previous: string | null = null;
  #events = 0;
  #chained = 0;
  #broken: ChainVerdict | null = null;

  add(line: Uint8Array, number: number): void {
    if (this.#broken !== null) return;
    const broken = (why: string): void => {
      this.#broken = { kind: 'broken', line: number, why };
    };
    const event = readEvent(line);
    if (event === null) return broken('it is no event');
    this.#events += 1;
    const stored = textOf(event.get('hash'));
    if (stored === null) {
      if (this.#previous !== null) broken('it has no hash, and those before it have');
      return;
    }
    const before = textOf(event.get('prev_hash')) ?? '';
    if (this.#previous !== null && before !== this.#previous) {
      return broken('it does not follow the line before it: something was removed, added or moved');
    }
    if (digestOf(event, before) !== stored) return broken('its content is not what its hash was made of');
    this.#previous = stored;
    this.#chained += 1;
  }

  verdict(): ChainVerdict {
    if (this.#broken !== null) return this.#broken;
    if (this.#chained === 0) return { kind: 'none', events: this.#events };
    return { kind: 'whole', events: this.#events, chained: this.#chained };
  }
}

/** Digest of an event as car-eventlog computes it. */
function digestOf(event: Cursor, before: string): string {
  const hash = createHash('sha256');
  const part = (separator: string, content: string | Uint8Array): void => {
    hash.update(separator).update(content);
  };
  part('', before);
  part('\u001e', event.get('kind')?.slice() ?? '');
  const binding = ['run_id', 'client_id', 'policy_session_id'].map((name) => textOf(event.get(name)));
  if (binding.some((text) => text !== null)) {
    binding.forEach((text, i) => part(i === 0 ? '\u001d' : '\u001f', text ?? ''));
  }
  part('\u001e', textOf(event.get('action_id')) ?? '');
  part('\u001e', textOf(event.get('proposal_id')) ?? '');
  part('\u001e', dataText(event.get('data')));
  part('\u001e', chronoText(textOf(event.get('timestamp')) ?? ''));
  return hash.digest('hex');
}

function dataText(data: Cursor | null): Uint8Array {
  if (data === null || data.kind !== 'map') return Buffer.alloc(0);
  const members: { readonly name: Buffer; readonly value: Uint8Array }[] = [];
  for (let i = 0; i < data.count; i += 1) {
    members.push({ name: Buffer.from(textOf(data.key(i)) ?? ''), value: compactText(data.child(i)) });
  }
  members.sort((a, b) => Buffer.compare(a.name, b.name));
  const parts = members.flatMap(({ name, value }, i) => [
    Buffer.from(i === 0 ? '' : '\u001f'),
    name,
    Buffer.from('='),
    value,
  ]);
  return Buffer.concat(parts);
}

/** A stored UTC time as chrono's `to_rfc3339` prints it: no fraction, or three, six or nine digits, and `+00:00`. */
function chronoText(stored: string): string {
  const match = /^(.*?)(?:\.(\d{1,9})\d*)?Z$/.exec(stored);
  if (match === null) return stored;
  const digits = (match[2] ?? '').padEnd(9, '0').replace(/(?:000){1,3}$/, '');
  return `${match[1] ?? ''}${digits === '' ? '' : `.${digits}`}+00:00`;
}
