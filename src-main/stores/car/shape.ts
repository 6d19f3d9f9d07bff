// What CAR 0.60.0 needs of a checkpoint to read it: its record types as data, and the check. Members that a type does not know are
// skipped, as CAR skips them; older releases wrote a part of these members, which 0.60.0 reads too. The names and which of them are
// required were read in car-workflow, car-ir and car-multi and are held against the running framework (`interop/car`). An object that is
// written as a list of its members, which serde would take too, counts as refused: no CAR writes one.

import type { Cursor } from '../../values/cursor.ts';

/** `any` is any value, `object` an object of any values. */
type Plain = 'string' | 'bool' | 'u32' | 'u64' | 'f64' | 'time' | 'any' | 'object';

type Shape =
  | Plain
  | { readonly list: ShapeName | Shape }
  /** May be null. */
  | { readonly option: ShapeName | Shape }
  | { readonly oneOf: readonly string[] }
  | Struct
  | Tagged;

interface Struct {
  /** What its members must be to each other. */
  readonly check?: (value: Cursor) => string | null;
  /** Required members. */
  readonly needs: Readonly<Record<string, ShapeName | Shape>>;
  /** Members that may be left out. */
  readonly may?: Readonly<Record<string, ShapeName | Shape>>;
}

/** An object whose member `type` says which of several it is. */
interface Tagged {
  readonly variants: Readonly<Record<string, Struct>>;
}

const words = (text: string): Shape => ({ oneOf: text.split(' ') });
const listOf = (list: ShapeName | Shape): Shape => ({ list });
const option = (of: ShapeName | Shape): Shape => ({ option: of });

const strings = listOf('string');

type ShapeName =
  | '#run'
  | '#workflow'
  | '#stage'
  | '#step'
  | '#field'
  | '#condition'
  | '#proposal'
  | '#action'
  | '#stageResult'
  | '#output'
  | '#workflowResult'
  | '#proposalResult'
  | '#agentOutput';

const proposalStep: Struct = { needs: { proposal: '#proposal' } };

const shapes: Readonly<Record<ShapeName, Struct | Tagged>> = {
  '#run': {
    needs: {
      run_id: 'string',
      workflow: '#workflow',
      paused_stage_id: 'string',
      prompt: 'string',
      fields: listOf('#field'),
      output_key: 'string',
      wf_state: 'object',
      stage_results: listOf('#stageResult'),
      completed_stage_ids: strings,
      iterations: 'u32',
      created_at: 'time',
    },
    may: { prior_duration_ms: 'f64', owner: option('string') },
  },
  '#workflow': {
    needs: {
      id: 'string',
      name: 'string',
      start: 'string',
      stages: listOf('#stage'),
      edges: listOf({
        needs: { from: 'string', to: 'string' },
        may: { conditions: listOf('#condition'), label: 'string' },
      }),
    },
    may: { goal: option('string'), max_iterations: 'u32', metadata: 'object' },
  },
  '#stage': {
    needs: { id: 'string', name: 'string', step: '#step' },
    may: {
      compensation: option({ variants: { proposal: proposalStep, stage_ref: { needs: { stage_id: 'string' } } } }),
      timeout_ms: option('u64'),
      metadata: 'object',
    },
  },
  '#step': {
    variants: {
      pattern: {
        needs: {
          pattern: words(
            'swarm_parallel swarm_sequential swarm_debate pipeline supervisor delegator map_reduce vote fleet adversarial_review tournament',
          ),
          task: 'string',
          agents: listOf({
            needs: { name: 'string', system_prompt: 'string', tools: strings, max_turns: 'u32', metadata: 'object' },
            may: { cache_control: 'bool' },
          }),
        },
        may: { config: 'object' },
      },
      proposal: proposalStep,
      sub_workflow: { needs: { workflow: '#workflow' } },
      approval: { needs: { prompt: 'string', output_key: 'string' }, may: { fields: listOf('#field') } },
      loop_until: { needs: { body: '#step', max_iterations: 'u32' }, may: { until: listOf('#condition') } },
      for_each: { needs: { items_from: 'string', body: '#step' }, may: { max_concurrent: 'u64' } },
      dedup: {
        needs: { items_from: 'string', into: 'string', store: 'string' },
        may: { hash_fields: strings, ttl_secs: option('u64') },
      },
      deliver: { needs: { sinks: listOf('#proposal') }, may: { payload_key: option('string') } },
    },
  },
  '#field': {
    needs: { name: 'string' },
    may: { label: 'string', field_type: 'string', options: strings, required: 'bool' },
  },
  '#condition': {
    needs: { key: 'string' },
    may: { operator: 'string', value: 'any', description: 'string' },
  },
  '#proposal': {
    needs: { actions: listOf('#action') },
    may: { id: 'string', source: 'string', timestamp: 'time', context: 'object' },
  },
  '#action': {
    needs: { type: words('tool_call state_write state_read assertion') },
    may: {
      id: 'string',
      tool: option('string'),
      parameters: 'object',
      preconditions: listOf('#condition'),
      expected_effects: 'object',
      state_dependencies: strings,
      read_set: strings,
      write_set: strings,
      assumptions: listOf({
        needs: { key: 'string' },
        may: { expected_value: 'any', read_version: option('u64') },
      }),
      invocation_mode: words('one_shot streaming long_running'),
      reversibility: words('reversible compensable irreversible'),
      compensation: option({
        variants: {
          tool: { needs: { tool: 'string' }, may: { parameters: 'object' } },
          action_ref: { needs: { action_id: 'string' } },
        },
      }),
      idempotent: 'bool',
      max_retries: 'u32',
      failure_behavior: words('abort retry skip'),
      timeout_ms: option('u64'),
      metadata: 'object',
    },
  },
  '#stageResult': {
    needs: {
      stage_id: 'string',
      stage_name: 'string',
      status: words('succeeded failed skipped compensated'),
      output: '#output',
      duration_ms: 'f64',
    },
    may: { error: option('string') },
  },
  '#output': {
    variants: {
      pattern: { needs: { outputs: listOf('#agentOutput'), final_answer: 'string' } },
      proposal: { needs: { result: '#proposalResult' } },
      sub_workflow: { needs: { result: '#workflowResult' } },
      approval: { needs: { response: 'any' } },
      review: {
        needs: {
          passed: 'bool',
          blocker_count: 'u64',
          findings: listOf({
            needs: { criterion: 'string', passed: 'bool', evidence: 'string', severity: 'string' },
          }),
          reviewer: '#agentOutput',
        },
        may: { inconclusive: 'bool' },
      },
      loop: { needs: { iterations: 'u32', satisfied: 'bool', iterations_output: listOf('#output') } },
      for_each: { needs: { items: strings, outputs: listOf('#output') } },
      dedup: { needs: { total: 'u64', unseen: 'u64' } },
      deliver: {
        needs: {
          results: listOf({
            needs: { sink_id: 'string', ok: 'bool' },
            may: { result: option('#proposalResult'), error: option('string') },
          }),
        },
      },
      empty: { needs: {} },
    },
  },
  '#workflowResult': {
    needs: {
      workflow_id: 'string',
      workflow_name: 'string',
      status: words('completed failed compensated partially_compensated paused'),
      stages: listOf('#stageResult'),
      compensations: listOf({
        needs: {
          for_stage_id: 'string',
          status: words('succeeded failed skipped compensated'),
          duration_ms: 'f64',
        },
        may: { error: option('string') },
      }),
      duration_ms: 'f64',
      timestamp: 'time',
    },
    may: { final_state: 'object', paused: option('#run') },
  },
  '#proposalResult': {
    needs: { proposal_id: 'string' },
    may: {
      original_proposal_id: option('string'),
      final_proposal: option('#proposal'),
      replan_lineage: listOf({
        check: lineageProblem,
        needs: { generation: 'u32', proposal_id: 'string', status: words('accepted rejected') },
        may: { proposal_digest: option('string'), rejection_reason: option('string') },
      }),
      accepted_proposal_preimages: listOf({
        needs: { generation: 'u32', proposal_digest: 'string', proposal: '#proposal' },
      }),
      results: listOf({
        needs: {
          action_id: 'string',
          status: words('proposed validated rejected executing succeeded failed skipped'),
        },
        may: {
          output: 'any',
          error: option('string'),
          terminal: 'bool',
          rolled_back: 'bool',
          state_changes: 'object',
          duration_ms: option('f64'),
          timestamp: 'time',
        },
      }),
      cost: {
        needs: {
          tool_calls: 'u32',
          actions_executed: 'u32',
          actions_skipped: 'u32',
          total_duration_ms: 'f64',
          retries: 'u32',
        },
        may: { actions_rejected: 'u32' },
      },
    },
  },
  '#agentOutput': {
    needs: {
      name: 'string',
      answer: 'string',
      turns: 'u32',
      tool_calls: 'u32',
      duration_ms: 'f64',
    },
    may: {
      error: option('string'),
      outcome: option({
        needs: { status: words('success partial_success give_up timeout failure done') },
        may: {
          summary: 'string',
          evidence: listOf({
            needs: {
              kind: words('self_assessment tool_result state_change external_verification stop_reason evaluator'),
              description: 'string',
            },
            may: { data: 'any' },
          }),
          metrics: {
            needs: {},
            may: {
              turns: 'u32',
              tool_calls: 'u32',
              duration_ms: 'f64',
              retries: 'u32',
              actions_succeeded: 'u32',
              actions_failed: 'u32',
            },
          },
          timestamp: 'time',
        },
      }),
      tokens: option({
        needs: {},
        may: {
          input_tokens: 'u64',
          output_tokens: 'u64',
          cost_usd: 'f64',
          latency: option({ needs: {}, may: { generation_ms: 'f64', ttft_ms: option('u64') } }),
        },
      }),
      tools_used: strings,
    },
  },
};

/** What a checkpoint lacks for CAR to read it, as a part of a sentence; null if it reads it. Depth is known to be small. */
export function runProblem(run: Cursor): string | null {
  return problemOf(run, '#run', '');
}

function problemOf(value: Cursor, shape: ShapeName | Shape, where: string): string | null {
  const wrong = (what: string): string => `${where === '' ? 'it' : `\`${where}\``} is not ${what}`;
  if (typeof shape === 'string') {
    return isName(shape) ? problemOf(value, shapes[shape], where) : plainProblem(value, shape, wrong);
  }
  if ('option' in shape) return value.kind === 'null' ? null : problemOf(value, shape.option, where);
  if ('oneOf' in shape) {
    const known = value.kind === 'string' && shape.oneOf.includes(value.text());
    return known ? null : wrong(`one of ${shape.oneOf.join(', ')}`);
  }
  if ('list' in shape) {
    if (value.kind !== 'list') return wrong('a list');
    for (let i = 0; i < value.count; i += 1) {
      const problem = problemOf(value.child(i), shape.list, `${where}[${i}]`);
      if (problem !== null) return problem;
    }
    return null;
  }
  if (value.kind !== 'map') return wrong('an object');
  if (!('variants' in shape)) return structProblem(value, shape, where);
  const tag = value.get('type');
  if (tag === null) return `${where === '' ? 'its' : `\`${where}\` has no`} \`type\``;
  const names = Object.keys(shape.variants);
  const variant = tag.kind === 'string' && names.includes(tag.text()) ? shape.variants[tag.text()] : undefined;
  if (variant === undefined) return `\`${where}.type\` is not one of ${names.join(', ')}`;
  return structProblem(value, variant, where, 'type');
}

const isName = (shape: Plain | ShapeName): shape is ShapeName => shape.startsWith('#');

function plainProblem(value: Cursor, shape: Plain, wrong: (what: string) => string): string | null {
  switch (shape) {
    case 'any':
      return null;
    case 'string':
      return value.kind === 'string' ? null : wrong('a text');
    case 'bool':
      return value.kind === 'boolean' ? null : wrong('true or false');
    case 'u32':
      return isUnsigned(value, 2n ** 32n) ? null : wrong('an integer from 0 to 4294967295');
    case 'u64':
      return isUnsigned(value, 2n ** 64n) ? null : wrong('an integer from 0 to 18446744073709551615');
    case 'f64':
      return value.kind === 'integer' || value.kind === 'float' ? null : wrong('a number');
    case 'time':
      return value.kind === 'string' && isTime(value.text()) ? null : wrong('a time with its zone');
    case 'object':
      return value.kind === 'map' ? null : wrong('an object');
  }
}

function structProblem(value: Cursor, { needs, may, check }: Struct, where: string, tag?: string): string | null {
  const seen = new Set<string>();
  for (let i = 0; i < value.count; i += 1) {
    const name = value.key(i).text();
    const shape = Object.hasOwn(needs, name)
      ? needs[name]
      : may !== undefined && Object.hasOwn(may, name)
        ? may[name]
        : undefined;
    if (shape === undefined && name !== tag) continue;
    const place = where === '' ? name : `${where}.${name}`;
    if (seen.has(name)) return `\`${place}\` stands in it twice`;
    seen.add(name);
    const problem = shape === undefined ? null : problemOf(value.child(i), shape, place);
    if (problem !== null) return problem;
  }
  for (const name of Object.keys(needs)) {
    if (!seen.has(name)) return `\`${where === '' ? name : `${where}.${name}`}\` is missing`;
  }
  const problem = check?.(value) ?? null;
  return problem === null ? null : `\`${where}\` ${problem}`;
}

/** A proposal that was accepted has the digest of its text, one that was rejected has a reason. */
function lineageProblem(entry: Cursor): string | null {
  const text = (name: string): string | null => {
    const value = entry.get(name);
    return value === null || value.kind === 'null' ? null : value.text();
  };
  const digest = text('proposal_digest');
  const reason = text('rejection_reason');
  if (digest !== null && !/^[0-9a-f]{64}$/.test(digest)) return 'has a `proposal_digest` that is no SHA-256';
  if (text('status') === 'accepted') {
    if (digest === null) return 'has no `proposal_digest`';
    return reason === null ? null : 'has a `rejection_reason` although it was accepted';
  }
  if (reason === null || reason.trim() === '') return 'has no `rejection_reason`';
  const undigested = ['RFC 8785 canonicalization failed', 'proposal serialization failed'];
  return digest !== null || undigested.some((begin) => reason.startsWith(begin)) ? null : 'has no `proposal_digest`';
}

function isUnsigned(value: Cursor, below: bigint): boolean {
  if (value.kind !== 'integer') return false;
  const text = value.lexeme();
  return /^\d{1,20}$/.test(text) && BigInt(text) < below;
}

/** As chrono reads times: a space may stand for the `T`, and the zone must be there. */
const timePattern =
  /^\s*([+-]\d{1,6}|\d{1,4})-\s*(\d{1,2})-\s*(\d{1,2})(?:[Tt]|\s+)\s*(\d{1,2}):\s*(\d{1,2}):\s*(\d{1,2})(?:\.\d+)?\s*(?:[Zz]|[Uu][Tt][Cc]|[+\u2212-](\d\d):?(\d\d))\s*$/;
/** The last year that chrono knows. */
const lastYear = 262_142;

function isTime(text: string): boolean {
  const match = timePattern.exec(text);
  if (match === null) return false;
  const part = (n: number): number => Number(match[n] ?? 0);
  const month = part(2);
  // The calendar repeats after 400 years; Date takes two digits for years of the last century.
  const days = new Date(Date.UTC(2000 + (part(1) % 400), month, 0)).getUTCDate();
  return (
    Math.abs(part(1)) <= lastYear &&
    month >= 1 &&
    month <= 12 &&
    part(3) >= 1 &&
    part(3) <= days &&
    part(4) <= 23 &&
    part(5) <= 59 &&
    part(6) <= 60 &&
    part(7) <= 23 &&
    part(8) <= 59
  );
}

/** ISO 8601 in UTC with the digits that are stored, as CAR writes it; null for what is no time. */
export function isoTime(text: string | null): string | null {
  if (text === null || !isTime(text)) return null;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text)) return text;
  const [, date, clock, fraction, zone] =
    /^\s*(\S+?)(?:[Tt]|\s+)\s*(\d{1,2}:\d{1,2}:\d{1,2})(\.\d+)?\s*(\S+)\s*$/.exec(text) ?? [];
  const parts = (part: string | undefined, between: string): string =>
    (part ?? '')
      .split(between)
      .map((p) => p.padStart(2, '0'))
      .join(between);
  const offset = /^(?:z|utc)$/i.test(zone ?? '') ? 'Z' : (zone ?? '').replace(/^([+-]\d\d):?(\d\d)$/, '$1:$2');
  const seconds = Date.parse(`${parts(date, '-')}T${parts(clock, ':')}${offset}`);
  if (Number.isNaN(seconds)) return null;
  return new Date(seconds).toISOString().replace('.000Z', `${fraction ?? ''}Z`);
}
