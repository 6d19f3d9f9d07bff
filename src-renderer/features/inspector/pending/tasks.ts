// Tasks as people look for them: what waits for them first, what is done last. And a question in its words, where its shape is known.

import type { Result } from '../../../../shared/contract/methods.ts';
import { parseJsonText } from '../../../values/json-text.ts';
import type { JsonPart } from '../../../values/json-text.ts';

export type Task = Result<'pending.get'>['tasks'][number];
export type TaskState = 'waiting' | 'failed' | 'to run' | 'done';

export function stateOfTask(task: Task): TaskState {
  if (task.interrupts.length > 0) return 'waiting';
  if (task.error !== null) return 'failed';
  return task.writes.length > 0 ? 'done' : 'to run';
}

const urgency: Readonly<Record<TaskState, number>> = { waiting: 0, failed: 1, 'to run': 2, done: 3 };

/** What waits for a person first; tasks of one state in the order of the store. */
export const byUrgency = (tasks: readonly Task[]): Task[] =>
  [...tasks].sort((a, b) => urgency[stateOfTask(a)] - urgency[stateOfTask(b)]);

/** Tasks that have something left to do. */
export const openTasks = (tasks: readonly Task[]): number => tasks.filter((t) => stateOfTask(t) !== 'done').length;

/** "count ×4, plan" */
export function counted(names: readonly string[]): string {
  const times = new Map<string, number>();
  for (const name of names) times.set(name, (times.get(name) ?? 0) + 1);
  return [...times].map(([name, n]) => (n === 1 ? name : `${name} ×${n}`)).join(', ');
}

/** One call that a person is asked to decide on; `args` is tagged JSON as it is stored. */
export interface ActionRequest {
  readonly name: string;
  readonly args: string | null;
  readonly description: string | null;
  /** "approve", "edit", …; empty where the question does not say. */
  readonly decisions: readonly string[];
}

/**
 * The calls of a question by LangChain's human-in-the-loop middleware: `{action_requests: [{name, args, description}],
 * review_configs: [{action_name, allowed_decisions}]}`. Null for any other shape, which is shown as it is stored.
 */
export function actionRequests(tagged: string): ActionRequest[] | null {
  const root = parseJsonText(tagged);
  const text = (part: JsonPart | null): string | null => stringOf(tagged, part);
  const configs = itemsOf(member(root, 'review_configs'));
  const requests: ActionRequest[] = [];
  for (const item of itemsOf(member(root, 'action_requests'))) {
    const name = text(member(item, 'name') ?? member(item, 'action'));
    if (name === null) return null;
    const args = member(item, 'args');
    const config = configs.find((c) => text(member(c, 'action_name')) === name) ?? null;
    requests.push({
      name,
      args: args === null ? null : tagged.slice(args.start, args.end),
      description: text(member(item, 'description')),
      decisions: itemsOf(member(config, 'allowed_decisions')).flatMap((d) => text(d) ?? []),
    });
  }
  return requests.length > 0 ? requests : null;
}

/** A question on one line: the calls that wait for approval, the sentence it holds, else the value as it is stored. */
export function questionLine(tagged: string): string {
  const calls = actionRequests(tagged);
  if (calls !== null) return calls.map((c) => `${c.name} ${c.args ?? ''}`.trim()).join(', ');
  const sentence = stringOf(tagged, parseJsonText(tagged)) ?? sentenceIn(tagged);
  return (sentence ?? tagged).slice(0, 300);
}

/** The words of a question that has other members as well; null where none of its members is one. */
export function sentenceIn(tagged: string): string | null {
  const root = parseJsonText(tagged);
  const words = ['question', 'ask', 'query', 'prompt', 'message', 'description', 'reason', 'text', 'title', 'error'];
  return words.map((name) => stringOf(tagged, member(root, name))).find((text) => text !== null) ?? null;
}

/** One field of a form that a person is asked to fill in. */
export interface FormField {
  readonly name: string;
  readonly label: string | null;
  /** "text", "number", …, in the framework's words. */
  readonly kind: string;
  /** What can be chosen; empty where anything can be entered. */
  readonly options: readonly string[];
  readonly required: boolean;
}

/**
 * The fields of a form, `[{name, field_type, options, required, label}]`. Null for any other shape (a JSON Schema), which is shown as it
 * is stored; so is a form of which a part would not be shown.
 */
export function formFields(tagged: string): FormField[] | null {
  const known = ['name', 'label', 'field_type', 'options', 'required'].map((name) => JSON.stringify(name));
  const fields: FormField[] = [];
  for (const item of itemsOf(parseJsonText(tagged))) {
    const text = (name: string): string | null => stringOf(tagged, member(item, name));
    const name = text('name');
    const kind = text('field_type');
    if (item.kind !== 'object' || name === null || kind === null) return null;
    if (!item.members.every((m) => known.includes(m.key))) return null;
    const options = itemsOf(member(item, 'options'));
    const required = member(item, 'required');
    fields.push({
      name,
      label: text('label') || null,
      kind,
      options: options.map((o) => stringOf(tagged, o) ?? tagged.slice(o.start, o.end)),
      required: required !== null && tagged.slice(required.start, required.end) === 'true',
    });
  }
  return fields.length > 0 ? fields : null;
}

/** The text of a JSON string; null for anything else. */
export function stringOf(json: string, part: JsonPart | null): string | null {
  if (part?.kind !== 'string') return null;
  const value: unknown = JSON.parse(json.slice(part.start, part.end));
  return typeof value === 'string' ? value : null;
}

function member(part: JsonPart | null, name: string): JsonPart | null {
  if (part?.kind !== 'object') return null;
  return part.members.find((m) => m.key === JSON.stringify(name))?.value ?? null;
}

const itemsOf = (part: JsonPart | null): readonly JsonPart[] => (part?.kind === 'array' ? part.items : []);
