// The Rust code that carries a run on, as the framework's own API takes it. Ids become string literals, never code.

import { rustText } from '../records/rust-text.ts';
import type { ResumeCode } from '../store.ts';

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
