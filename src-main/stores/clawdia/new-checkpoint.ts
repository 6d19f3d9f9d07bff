// The checkpoint that a fork begins with, and the journal record that tells of it: the only texts that are written anew, members in
// the order and spelling of the SDK's own writer.

import { createHash } from 'node:crypto';
import { utf8 } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';
import { openValue } from '../../values/open.ts';
import { compose } from '../../values/splice.ts';
import { stringText } from './restamp.ts';

export interface PendingEffect {
  readonly effect: string;
  readonly intentRecord: string;
  readonly idempotencyKey: string | null;
  readonly dedupeKey: string | null;
}

export interface NewCheckpoint {
  readonly id: string;
  readonly run: string;
  /** Digits. */
  readonly seq: string;
  readonly covers: string;
  readonly created: string;
  readonly loop: string;
  readonly turn: string | null;
  readonly fingerprint: string;
  readonly effects: readonly PendingEffect[];
  readonly approvals: readonly string[];
  readonly stateHash: string;
  readonly writer: string;
}

type Members = [string, Uint8Array][];

/** `state_hash` is any text to the SDK; this one says what it is over. */
export function prefixHash(records: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const record of records) hash.update(record).update('\n');
  return `forkpoint.journal.sha256:${hash.digest('hex')}`;
}

function listText(items: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat([utf8('['), ...items.flatMap((item, i) => (i === 0 ? [item] : [utf8(','), item])), utf8(']')]);
}

function membersOf(checkpoint: NewCheckpoint): Members {
  const { turn, effects, approvals } = checkpoint;
  const members: Members = [
    ['checkpoint_id', stringText(checkpoint.id)],
    ['run_id', stringText(checkpoint.run)],
    ['checkpoint_seq', utf8(checkpoint.seq)],
    ['covers_journal_seq', utf8(checkpoint.covers)],
    ['loop_state', stringText(checkpoint.loop)],
  ];
  if (turn !== null) members.push(['turn_id', stringText(turn)]);
  members.push(['runtime_package_fingerprint', stringText(checkpoint.fingerprint)]);
  if (effects.length > 0) members.push(['pending_side_effects', listText(effects.map((effect) => effectText(effect)))]);
  if (approvals.length > 0) members.push(['pending_approvals', listText(approvals.map((id) => stringText(id)))]);
  members.push(
    ['state_hash', stringText(checkpoint.stateHash)],
    ['created_at_millis', utf8(checkpoint.created)],
    ['writer_id', stringText(checkpoint.writer)],
  );
  return members;
}

function effectText(effect: PendingEffect): Uint8Array {
  const members: Members = [
    ['effect_id', stringText(effect.effect)],
    ['intent_record_id', stringText(effect.intentRecord)],
  ];
  if (effect.idempotencyKey !== null) members.push(['idempotency_key', stringText(effect.idempotencyKey)]);
  if (effect.dedupeKey !== null) members.push(['dedupe_key', stringText(effect.dedupeKey)]);
  members.push(['unsafe_pending_reason', stringText('the journal up to this point holds no result of this effect')]);
  return compose('json-serde', members);
}

/** Compact, as SQLite holds it. */
export function checkpointText(checkpoint: NewCheckpoint): Uint8Array {
  return compose('json-serde', membersOf(checkpoint));
}

/** What the record takes over from the run's last one. */
export interface RecordNames {
  readonly id: string;
  readonly seq: string;
  readonly agent: string;
  readonly redactionPolicy: string;
}

/** The journal record of a checkpoint, as `JournalRecord::checkpoint` builds it. */
export function checkpointRecordText(checkpoint: NewCheckpoint, names: RecordNames): Uint8Array {
  const run = stringText(checkpoint.run);
  const agent = stringText(names.agent);
  const privacy = stringText('content_refs_only');
  const subject = compose('json-serde', [
    ['kind', stringText('run')],
    ['id', run],
    ['privacy', privacy],
  ]);
  const source = compose('json-serde', [
    ['kind', stringText('host')],
    ['id', stringText('source.forkpoint')],
    ['trust', stringText('host_provided')],
    ['privacy', privacy],
  ]);
  const semantics = stringText('journal_backed');
  const index = compose('json-serde', [
    ['run_id', run],
    ['agent_id', agent],
    ['event_family', stringText('checkpoint')],
    ['event_kind', stringText('saved')],
    ['source', source],
    ['subject_ref', subject],
    ['privacy_class', privacy],
    ['delivery_semantics', semantics],
  ]);
  return compose('json-serde', [
    ['journal_schema_version', utf8('1')],
    ['journal_seq', utf8(names.seq)],
    ['record_id', stringText(names.id)],
    ['record_kind', stringText('checkpoint')],
    ['run_id', run],
    ['agent_id', agent],
    ['subject_ref', subject],
    ['source', source],
    ['delivery_semantics', semantics],
    ['event_index', index],
    ['timestamp_millis', utf8(checkpoint.created)],
    ['runtime_package_fingerprint', stringText(checkpoint.fingerprint)],
    ['privacy', privacy],
    ['redaction_policy_id', stringText(names.redactionPolicy)],
    ['checkpoint_ref', stringText(checkpoint.id)],
    ['payload', compose('json-serde', [['type', stringText('checkpoint')], ...membersOf(checkpoint)])],
  ]);
}

/** Laid out as serde's pretty printer does, scalars as they stand; for a text of ours only, which is a few levels deep. */
export function prettyText(text: Uint8Array): Uint8Array {
  return utf8(pretty(openValue('json', text), ''));
}

function pretty(value: Cursor, indent: string): string {
  if ((value.kind !== 'map' && value.kind !== 'list') || value.count === 0) {
    return Buffer.from(value.slice()).toString('utf8');
  }
  const inner = `${indent}  `;
  const parts: string[] = [];
  for (let i = 0; i < value.count; i += 1) {
    const name = value.kind === 'map' ? `${Buffer.from(value.key(i).slice()).toString('utf8')}: ` : '';
    parts.push(`${inner}${name}${pretty(value.child(i), inner)}`);
  }
  const [open, close] = value.kind === 'map' ? ['{', '}'] : ['[', ']'];
  return `${open}\n${parts.join(',\n')}\n${indent}${close}`;
}
