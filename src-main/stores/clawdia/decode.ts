// What clawdia 0.1.0-alpha.4 decodes: one record or checkpoint that it cannot decode makes the whole run unreadable for it, so the
// shapes stand here as tables. Payloads that it nests deeper than a debugger needs are checked as far as their outer members go.

import { asBuffer } from '../../values/bytes.ts';
import type { Cursor } from '../../values/cursor.ts';

/** Null if the value is taken, else what is said of it (`its … is …`). */
type Check = (value: Cursor) => string | null;

const largest = 2n ** 64n - 1n;

export function textOf(value: Cursor | null): string | null {
  return value !== null && value.kind === 'string' && value.isUnicode() ? value.text() : null;
}

/** Digits of an unsigned 64-bit number, null for anything else. */
export function u64Of(value: Cursor | null): string | null {
  if (value === null || value.kind !== 'integer') return null;
  const text = value.lexeme();
  return /^\d{1,20}$/.test(text) && BigInt(text) <= largest ? text : null;
}

const text: Check = (value) => (textOf(value) === null ? 'is not a text' : null);
const number: Check = (value) => (u64Of(value) === null ? 'is not a whole number of 64 bits' : null);
const map: Check = (value) => (value.kind === 'map' ? null : 'is not an object');

/** Ids are checked when they are decoded: 1 to 512 bytes, no control characters. */
const id: Check = (value) => {
  const read = textOf(value);
  if (read === null) return 'is not a text';
  const bytes = Buffer.byteLength(read);
  if (bytes === 0 || bytes > 512) return `has ${bytes} bytes`;
  return /\p{Cc}/u.test(read) ? 'holds control characters' : null;
};

const oneOf = (words: string): Check => {
  const known = new Set(words.split(' '));
  return (value) => (known.has(textOf(value) ?? '') ? null : 'is not a word that it knows');
};

const listOf =
  (check: Check): Check =>
  (value) => {
    if (value.kind !== 'list') return 'is not a list';
    for (let i = 0; i < value.count; i += 1) {
      const bad = check(value.child(i));
      if (bad !== null) return `has an entry that ${bad}`;
    }
    return null;
  };

/** Members by name; a `?` behind it marks one that may be missing or `null`. Others are passed over, as serde does. */
const object = (members: Readonly<Record<string, Check>>): Check => {
  const known = new Map<string, { readonly check: Check; readonly optional: boolean }>();
  for (const [name, check] of Object.entries(members)) {
    const optional = name.endsWith('?');
    known.set(optional ? name.slice(0, -1) : name, { check, optional });
  }
  return (value) => {
    if (value.kind !== 'map') return 'is not an object';
    const seen = new Set<string>();
    for (let i = 0; i < value.count; i += 1) {
      const name = textOf(value.key(i));
      const member = name === null ? undefined : known.get(name);
      if (name === null || member === undefined) continue;
      if (seen.has(name)) return `has \`${name}\` twice`;
      seen.add(name);
      const child = value.child(i);
      if (member.optional && child.kind === 'null') continue;
      const bad = member.check(child);
      if (bad !== null) return `has a \`${name}\` that ${bad}`;
    }
    for (const [name, { optional }] of known) if (!optional && !seen.has(name)) return `has no \`${name}\``;
    return null;
  };
};

/** References repeat from record to record, and within one: what was found right is not looked at again. */
const rememberedUpTo = 512;
const mostRemembered = 4096;

const remembered = (check: Check): Check => {
  const right = new Set<string>();
  return (value) => {
    if (value.end - value.start > rememberedUpTo) return check(value);
    const text = asBuffer(value.source).toString('latin1', value.start, value.end);
    if (right.has(text)) return null;
    const bad = check(value);
    if (bad === null) {
      if (right.size >= mostRemembered) right.clear();
      right.add(text);
    }
    return bad;
  };
};

const privacy = oneOf('public internal content_refs_only sensitive secret');
const entityRef = remembered(object({ kind: text, id, privacy }));
const sourceRef = remembered(
  object({
    kind: text,
    id,
    trust: oneOf('trusted sdk_generated host_provided user_provided external untrusted'),
    privacy,
  }),
);
const destinationRef = remembered(
  object({
    kind: text,
    id,
    privacy,
    retention: oneOf('ephemeral run_scoped session_scoped durable persistent host_policy'),
  }),
);
const pendingEffect = object({
  effect_id: id,
  intent_record_id: text,
  'idempotency_key?': text,
  'dedupe_key?': text,
  unsafe_pending_reason: text,
});

const checkpointMembers = {
  checkpoint_id: text,
  run_id: id,
  checkpoint_seq: number,
  covers_journal_seq: number,
  loop_state: text,
  'turn_id?': id,
  'attempt_id?': id,
  runtime_package_fingerprint: text,
  'pending_side_effects?': listOf(pendingEffect),
  'pending_approvals?': listOf(text),
  'content_ref_manifest?': listOf(id),
  state_hash: text,
  created_at_millis: number,
  writer_id: text,
};
const checkpoint = object(checkpointMembers);

const kinds = oneOf(
  'run turn context message model_attempt structured_output stream_rule realtime_session hook approval tool isolation ' +
    'child_lifecycle agent_pool run_message wake output_dispatch subagent extension_action telemetry recovery checkpoint ' +
    'effect_intent effect_result',
);

const effectIntent = object({
  effect_id: id,
  kind: text,
  subject_ref: entityRef,
  source: sourceRef,
  redacted_summary: text,
});
const effectResult = object({
  effect_id: id,
  terminal_status: oneOf('completed failed timed_out cancelled denied_before_execution unknown'),
  redacted_summary: text,
});
const nested = object({ record_type: text, record: map });

/** By `type`. */
const payloads: Readonly<Record<string, Check>> = {
  run_lifecycle: object({ status: text, reason: text }),
  turn_lifecycle: object({
    turn_id: id,
    'run_ids?': listOf(id),
    status: oneOf('started completed failed'),
    redacted_summary: text,
  }),
  context_projection: object({ projection_id: id, selected_item_count: number, provider_destination: destinationRef }),
  model_attempt: object({ provider_route_id: text, provider_model_id: text, request_message_count: number }),
  message: object({ message_id: id, role: text, redacted_summary: text }),
  structured_output: nested,
  approval: nested,
  tool: object({
    tool_call_id: id,
    run_id: id,
    canonical_tool_name: text,
    namespace: text,
    source: sourceRef,
    destination: destinationRef,
    effect_class: text,
    risk_class: text,
    status: text,
    'effect_intent?': effectIntent,
    'effect_result?': effectResult,
  }),
  output_delivery: map,
  hook: map,
  stream_rule: map,
  realtime_session: map,
  isolation: map,
  child_lifecycle: map,
  agent_pool: object({ pool_id: id, lifecycle_status: text, 'member_run_ids?': listOf(id) }),
  run_message: object({ message_id: id, source_run_id: id, delivery_status: text }),
  wake: object({ condition_id: id, run_id: id, trigger_status: text }),
  subagent: nested,
  extension_action: map,
  effect_intent: effectIntent,
  effect_result: effectResult,
  checkpoint,
  recovery: object({ unsafe_pending: listOf(pendingEffect), recovery_reason: text }),
  terminal_result: object({ effect_id: id, result_record_id: text, terminal_status: text }),
};

const payload: Check = (value) => {
  if (value.kind !== 'map') return 'is not an object';
  const type = textOf(value.get('type'));
  if (type === null) return 'has no `type`';
  const check = Object.hasOwn(payloads, type) ? payloads[type] : undefined;
  return check === undefined ? 'has a `type` that it does not know' : check(value);
};

const record = object({
  journal_schema_version: number,
  journal_seq: number,
  record_id: text,
  record_kind: kinds,
  run_id: id,
  'session_id?': id,
  agent_id: id,
  'turn_id?': id,
  'attempt_id?': id,
  subject_ref: entityRef,
  'related_refs?': listOf(entityRef),
  'causal_refs?': listOf(text),
  source: sourceRef,
  'destination?': destinationRef,
  'tags?': listOf(text),
  delivery_semantics: text,
  event_index: object({
    run_id: id,
    agent_id: id,
    event_family: text,
    event_kind: text,
    source: sourceRef,
    'destination?': destinationRef,
    subject_ref: entityRef,
    'related_refs?': listOf(entityRef),
    privacy_class: privacy,
    delivery_semantics: text,
  }),
  timestamp_millis: number,
  runtime_package_fingerprint: text,
  privacy,
  'content_refs?': listOf(id),
  redaction_policy_id: text,
  'checkpoint_ref?': text,
  payload,
});

/** What clawdia would say of a journal record, as `it has no …`; null if it decodes it. */
export function refusedRecord(root: Cursor): string | null {
  const bad = record(root);
  return bad === null ? null : `it ${bad}`;
}

/** The same for a saved checkpoint. */
export function refusedCheckpoint(root: Cursor): string | null {
  const bad = checkpoint(root);
  return bad === null ? null : `it ${bad}`;
}
