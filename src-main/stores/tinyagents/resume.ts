// The Rust code that carries a run on, as the framework's own API takes it. Ids become string literals, never code.

import type { ResumeCode } from '../store.ts';

/** A Rust string literal of any text. */
export function rustText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must be escaped
  const escaped = text.replace(/["\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    if (c === '\n') return '\\n';
    if (c === '\r') return '\\r';
    if (c === '\t') return '\\t';
    return `\\u{${c.charCodeAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}

/**
 * `answer`: the point waits for a value. `checkpoint`: the id to resume from where the point is not what the framework would load
 * by itself; null for the latest.
 */
export function resumeCode(thread: string, checkpoint: string | null, answer: boolean): ResumeCode {
  const command = answer ? 'Command::resume(json!("your answer"))' : 'Command::new()';
  const call =
    checkpoint === null
      ? `graph.resume(${rustText(thread)}, ${command}).await?;`
      : `graph.resume_from(${rustText(thread)}, ResumeTarget::Checkpoint(${rustText(checkpoint)}.into()), ${command}).await?;`;
  return {
    language: 'rust',
    code: `// graph: the graph of this thread, with its checkpointer on this store\nlet run = ${call}\n`,
  };
}
