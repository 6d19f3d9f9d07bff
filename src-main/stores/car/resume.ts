// The Rust code that carries a run on, as the framework's own API takes it. Ids and names become string literals, never code.

import type { Cursor } from '../../values/cursor.ts';
import { rustText } from '../records/rust-text.ts';
import type { ResumeCode } from '../store.ts';
import { textOf, type Gate } from './run-file.ts';

interface Field {
  readonly name: string;
  readonly type: string;
  readonly options: readonly string[];
  readonly required: boolean;
}

export function fieldsOf(gate: Gate | null): readonly Field[] {
  const list = gate?.fields ?? null;
  if (list?.kind !== 'list') return [];
  const fields: Field[] = [];
  for (let i = 0; i < list.count; i += 1) {
    const field = list.child(i);
    const name = field.kind === 'map' ? textOf(field.get('name')) : null;
    if (name === null) continue;
    const required = field.get('required');
    fields.push({
      name,
      type: textOf(field.get('field_type')) ?? 'text',
      options: texts(field.get('options')),
      required: required?.kind === 'boolean' && required.bool(),
    });
  }
  return fields;
}

function texts(list: Cursor | null): readonly string[] {
  if (list?.kind !== 'list') return [];
  return Array.from({ length: list.count }, (_, i) => textOf(list.child(i)) ?? '');
}

/** A value that the field takes, as JSON in Rust's `json!`. */
function example(field: Field): string {
  if (field.type === 'options' && field.options.length > 0) return rustText(field.options[0]!);
  if (field.type === 'bool') return 'true';
  if (field.type === 'number') return '1';
  return '"…"';
}

/** CAR claims the run (so that nobody else resumes it), goes on from the gate, and saves it again where it waits at another. */
export function resumeCode(thread: string, gate: Gate | null): ResumeCode {
  const id = rustText(thread);
  const fields = fieldsOf(gate).map((field) => {
    const others = field.options.slice(1).map((option) => rustText(option));
    const notes = [
      ...(field.required ? [] : ['may be left out']),
      ...(others.length > 0 ? [`or ${others.join(', ')}`] : []),
    ];
    const note = notes.length > 0 ? ` // ${notes.join('; ')}` : '';
    return `    (${rustText(field.name)}.to_string(), json!(${example(field)})),${note}\n`;
  });
  const input = fields.length === 0 ? 'HashMap::new()' : `HashMap::from([\n${fields.join('')}])`;
  return {
    language: 'rust',
    code: `// store: CheckpointStore::open(folder of this file)?; engine: a WorkflowEngine with the runner of this workflow's agents
let paused = store.claim(${id})?.expect("waiting, and not claimed by another");
let input = ${input};
let result = engine.resume(paused, input).await?;
if let Some(again) = &result.paused {
    store.save(again)?;
}
store.complete(${id})?;
`,
  };
}
