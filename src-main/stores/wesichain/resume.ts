// The Rust code that carries a run on, as the framework's own API takes it. Ids become string literals, never code.

import { rustText } from '../records/rust-text.ts';
import type { ResumeCode } from '../store.ts';

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
