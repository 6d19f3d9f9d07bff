// The Rust code that carries a run on, as the framework's own API takes it. Ids become string literals, never code.

import type { ResumeCode } from '../store.ts';

/** A Rust string literal of any text. */
export function rustText(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are exactly what must be escaped
  const escaped = text.replace(/["\\\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '"' || c === '\\') return `\\${c}`;
    return `\\u{${c.charCodeAt(0).toString(16)}}`;
  });
  return `"${escaped}"`;
}

/** wesichain loads the latest record of the thread and starts what its queue names, or the entry node where the queue is empty. */
export function resumeCode(thread: string): ResumeCode {
  return {
    language: 'rust',
    code: `// graph: the graph of this thread, with its checkpointer on this store; State: its state type
let options = ExecutionOptions {
    checkpoint_thread_id: Some(${rustText(thread)}.into()),
    auto_resume: true,
    ..Default::default()
};
let state = graph.invoke_graph_with_options(GraphState::new(State::default()), options).await?;
`,
  };
}
