// The Rust code that carries a run on, as the SDK's own API takes it. Ids become string literals, never code.

import type { Backend } from '../backend.ts';
import { rustText } from '../records/rust-text.ts';
import type { ResumeCode } from '../store.ts';
import { textOf } from './decode.ts';
import { fragmentOf } from './names.ts';
import type { RecordView } from './record.ts';

/** What a run's own records say of how it was started. */
export interface RunNames {
  readonly run: string;
  readonly agent: string | null;
  readonly session: string | null;
  readonly turn: string | null;
  /** Whether the SDK's runtime wrote the journal (`run_text`), and not the host itself. */
  readonly byRuntime: boolean;
  readonly backend: Backend['reader']['kind'];
}

/** @param first the run's first journal record */
export function namesOf(run: string, first: RecordView | null, backend: Backend['reader']['kind']): RunNames {
  const member = (name: string) => textOf(first?.root.get(name) ?? null);
  const turn = member('turn_id');
  return {
    run,
    agent: member('agent_id'),
    session: member('session_id'),
    // The runtime's own choice needs no saying.
    turn: turn === `turn.p0.${fragmentOf(run)}` ? null : turn,
    byRuntime: first?.id === startId(run),
    backend,
  };
}

/** Id of the record that the runtime begins a run with. */
export function startId(run: string): string {
  return `journal.p0.${fragmentOf(run)}.run.started`;
}

/**
 * A run of the runtime goes on by running it again under its id, session and turn: known records are not written again. Anything else
 * only its host can continue, from the latest checkpoint and the records behind it.
 */
export function resumeCode(names: RunNames): ResumeCode {
  return {
    language: 'rust',
    code: names.byRuntime && names.agent !== null ? runAgain(names, names.agent) : hostCode(names),
  };
}

function runAgain({ run, session, turn }: RunNames, agent: string): string {
  const given =
    turn === null
      ? ''
      : session === null
        ? `\n.with_turn_id(TurnId::new(${rustText(turn)}))`
        : `\n.with_session_turn(SessionId::new(${rustText(session)}), TurnId::new(${rustText(turn)}))`;
  return `// runtime: this agent's AgentRuntime with the same package, its journal on this store; input: the text the run was started with.
// The model is called and tools are executed again.
let request = RunRequest::text(
    RunId::new(${rustText(run)}),
    AgentId::new(${rustText(agent)}),
    SourceRef::new("source.host"),
    input,
)${given};
let result = runtime.run_text(request)?;
`;
}

/** For hosts with a loop of their own: what they start from. */
function hostCode({ run, backend }: RunNames): string {
  const [bundle, opened] = backend === 'sqlite' ? ['SqliteStoreBundle', '()?'] : ['FileStoreBundle', '()'];
  return `// store: the ${bundle} of this store
let run_id = RunId::new(${rustText(run)});
let checkpoint = store.checkpoints${opened}.load_latest(&run_id)?;
let mut replay = ReplayReducer::new(ReplayMode::ResumeReplay);
for record in store.journal${opened}.records_for_run(&run_id)? {
    replay.apply(record)?;
}
let replay = replay.finish()?; // resume_allowed, next_loop_state, unsafe_pending_side_effects
`;
}
