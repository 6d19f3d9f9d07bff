// What a lineage needs of a record's line, without a look into its state: of a record as the releases write it, compact and with the
// state before what follows from it. Any other line is read in full.

import type { LineSpan } from '../backend.ts';
import { MemberSpans } from '../../values/json/members.ts';
import { plainInteger, plainText, SpanReader } from '../records/span-reader.ts';
import { namespaceOfText, namespaceText } from './namespace.ts';
import type { PointHeader } from './points.ts';
import { activationsOf, namesOf, textOf } from './record.ts';

const members = [
  'version',
  'thread_id',
  'checkpoint_id',
  'parent_checkpoint_id',
  'namespace',
  'state',
  'next_nodes',
  'pending_activations',
  'metadata',
] as const;
type Member = (typeof members)[number];
const at = (member: Member): number => members.indexOf(member);
const [version, thread, id, parent] = [at('version'), at('thread_id'), at('checkpoint_id'), at('parent_checkpoint_id')];
const [namespace, state, next] = [at('namespace'), at('state'), at('next_nodes')];
const [activations, metadata] = [at('pending_activations'), at('metadata')];
const always: readonly number[] = [thread, id, parent, namespace, state, metadata];

/** Reads many lines, best of one file: what repeats from line to line is read once. */
export class LineHeads {
  readonly #members = new MemberSpans(members, {
    name: 'state',
    before: ['next_nodes'],
    begins: '{"thread_id":',
  });
  readonly #about = new MemberSpans(['step']);
  readonly #threads = new SpanReader(textOf);
  /** Null for what is no list of names. */
  readonly #namespaces = new SpanReader((value) => {
    const names = namesOf(value);
    return names === null ? null : namespaceOfText(namespaceText(names));
  });
  readonly #names = new SpanReader((value) => namesOf(value) ?? []);
  readonly #activations = new SpanReader((value) => activationsOf(value).map((a) => a.node));
  #lastId = '';

  /** Null where the line is none of the usual kind. */
  read({ block, at: from, to, start }: LineSpan): PointHeader | null {
    const found = this.#members;
    if (!found.read(block, from, to)) return null;
    // Releases write no version.
    if (found.start(version) >= 0 || always.some((member) => found.start(member) < 0)) return null;
    const own = plainText(block, found.start(id), found.end(id));
    const space = this.#namespaces.at(block, found.start(namespace), found.end(namespace));
    const step = this.#step(block);
    if (own === null || space === null || step === undefined) return null;
    if (this.#threads.at(block, found.start(thread), found.end(thread)) === null) return null;
    const before = this.#parent(block);
    if (before === undefined) return null;
    this.#lastId = own;
    const nodes = this.#namesAt(this.#activations, block, activations);
    return {
      position: start,
      bytes: to - from,
      id: own,
      parent: before,
      namespace: space,
      next: nodes.length > 0 ? nodes : this.#namesAt(this.#names, block, next),
      step,
      time: null,
    };
  }

  #namesAt(reader: SpanReader<readonly string[]>, block: Buffer, member: number): readonly string[] {
    const start = this.#members.start(member);
    return start < 0 ? [] : reader.at(block, start, this.#members.end(member));
  }

  /** Undefined where it is neither null nor a plain text. */
  #parent(block: Buffer): string | null | undefined {
    const [start, end] = [this.#members.start(parent), this.#members.end(parent)];
    if (block[start] === 0x6e) return null;
    // Nearly always the record before.
    const last = this.#lastId;
    if (block[start] === 0x22 && end - start === last.length + 2) {
      let k = 0;
      while (k < last.length && block[start + 1 + k] === last.charCodeAt(k)) k++;
      if (k === last.length) return last;
    }
    return plainText(block, start, end) ?? undefined;
  }

  /** Undefined where the metadata must be read in full. */
  #step(block: Buffer): number | undefined {
    const about = this.#about;
    if (!about.read(block, this.#members.start(metadata), this.#members.end(metadata)) || about.start(0) < 0) {
      return undefined;
    }
    return plainInteger(block, about.start(0), about.end(0)) ?? undefined;
  }
}
