// The code that carries on from what a store holds, in the language of whoever wrote it. Ids become string literals, never code.

import { rustText } from '../records/rust-text.ts';
import type { ResumeCode } from '../store.ts';
import type { Label } from './labels.ts';

/** atomr takes the highest super step of the run and starts the layers behind it. `pause`: the label, where the run waits. */
export function runCode(workflow: string, run: string, pause: Label | null): ResumeCode {
  const ids = `    workflow_id: WorkflowId::from(${rustText(workflow)}),
    run_id: RunId::from(${rustText(run)}),
    dag, // the graph of this workflow
    schema, // its channels
    checkpointer, // Arc::new(SqlCheckpointer::connect("sqlite://…").await?) on this store`;
  if (pause === null) {
    return { language: 'rust', code: `let runner = StatefulRunner {\n${ids}\n};\nlet state = runner.run().await?;\n` };
  }
  const [points, command] =
    pause.kind === 'before'
      ? [`HashSet::from([StepId::from(${rustText(pause.node)})])`, 'Command::Continue']
      : ['HashSet::new()', 'Command::Resume(json!("your answer"))'];
  return {
    language: 'rust',
    code: `let runner = Interruptible {
${ids}
    interrupt_before: ${points},
    interrupt_after: HashSet::new(),
};
let outcome = runner.resume(${command}).await?;
`,
  };
}

/** A Python string literal of any text. */
function pythonText(text: string): string {
  // JSON's escapes are Python's; what JSON leaves as it is and would fool an eye is escaped as well.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A host works on the branch that CURRENT names, from its newest file. */
export function branchCode(agent: string, branch: string, dialect: 'rust' | 'python'): ResumeCode {
  return dialect === 'rust'
    ? {
        language: 'rust',
        code: `let paths = HostPaths::new(root).agent(${rustText(agent)}); // root: the folder of this host
switch_branch(&paths, ${rustText(branch)})?;
let checkpoint = latest_checkpoint(&paths, ${rustText(branch)})?;
`,
      }
    : {
        language: 'python',
        code: `paths = HostPaths(root).agent(${pythonText(agent)})  # root: the folder of this host
checkpoint = switch_branch(paths, ${pythonText(branch)})
`,
      };
}
