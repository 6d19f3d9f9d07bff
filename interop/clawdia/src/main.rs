//! Makes clawdia stores and says what clawdia itself makes of them afterwards.
//!
//! `make STORE` | `seed STORE` (one run) | `load STORE RUN` | `resume STORE RUN INPUT [works|approved]` | `host STORE RUN`
//! STORE ending in `.db` is the SQLite backend, anything else a file tree. One JSON document on stdout.

use std::process::{exit, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use agent_sdk_core::domain::ContentRef;
use agent_sdk_core::journal::{JournalRecordBase, PendingSideEffect, RunCheckpoint};
use agent_sdk_core::replay::{ReplayMode, ReplayReducer};
use agent_sdk_core::testing::{FakeContentResolver, ScriptedToolExecutor};
use agent_sdk_core::tool_records::CanonicalToolName;
use agent_sdk_core::{
    Agent, AgentError, AgentId, AgentPoolId, AgentPoolMember, AgentPoolMessagePolicy, AgentPoolStore,
    AgentPoolStoreConfig, AgentPoolWakePolicy, AgentRuntime, AllowToolPolicy, ApprovalDecision,
    ApprovalDispatchRequest, ApprovalDispatchResponse, ApprovalDispatcher, CapabilityId, CapabilityNamespace,
    CapabilitySpec, CheckpointStore, DestinationKind, DestinationRef, EffectClass, ExecutorRef,
    InMemoryAgentEventBus, JournalRecord, PackageSidecarRef, PolicyDecision, PolicyKind, PolicyOutcome, PolicyRef,
    PolicyStage, PrivacyClass, ProviderAdapter, ProviderArgumentStore, ProviderCapabilities, ProviderMessageRole,
    ProviderRequest, ProviderResponse, ProviderRouteSnapshot, ProviderToolCall, RetentionClass, RiskClass, RunId,
    RunJournal, RunJournalReader, RunRequest, RuntimePackage, RuntimePackageId, RuntimePolicyPort, SessionId,
    SourceKind, SourceRef, ToolCallId, ToolExecutionOutput, ToolExecutionRequest, ToolExecutor, ToolRoute, TurnId,
};
use agent_sdk_store_file::FileStoreBundle;
use agent_sdk_store_sqlite::SqliteStoreBundle;
use serde_json::{json, Value};

/// The parts of a store that this program uses, whichever backend it is.
struct Store {
    journal: Arc<dyn Journal>,
    checkpoints: Box<dyn CheckpointStore>,
    arguments: Arc<dyn ProviderArgumentStore>,
    pools: Box<dyn AgentPoolStore>,
}

trait Journal: RunJournal + RunJournalReader {}
impl<T: RunJournal + RunJournalReader> Journal for T {}

/// The runtime wants a journal of its own.
struct Shared(Arc<dyn Journal>);

impl RunJournal for Shared {
    fn append(&self, record: JournalRecord) -> Result<agent_sdk_core::JournalCursor, AgentError> {
        self.0.append(record)
    }
}

fn open(path: &str) -> Result<Store, AgentError> {
    if path.ends_with(".db") {
        let bundle = SqliteStoreBundle::open(path)?;
        bundle.content()?;
        bundle.event_archive()?;
        bundle.tool_execution()?;
        return Ok(Store {
            journal: Arc::new(bundle.journal()?),
            checkpoints: Box::new(bundle.checkpoints()?),
            arguments: Arc::new(bundle.provider_arguments()?),
            pools: Box::new(bundle.agent_pool()?),
        });
    }
    let bundle = FileStoreBundle::new(path);
    Ok(Store {
        journal: Arc::new(bundle.journal()),
        checkpoints: Box::new(bundle.checkpoints()),
        arguments: Arc::new(bundle.provider_arguments()),
        pools: Box::new(bundle.agent_pool()),
    })
}

#[derive(Clone, Debug)]
struct Allow;

impl RuntimePolicyPort for Allow {
    fn evaluate_run_start(&self, request: &RunRequest, _: &RuntimePackage) -> Result<PolicyOutcome, AgentError> {
        Ok(PolicyOutcome {
            stage: PolicyStage::Input,
            decision: PolicyDecision::allow("policy.allow"),
            subject: None,
            source: Some(request.source.clone()),
            destination: None,
            policy_refs: vec![PolicyRef::with_kind(PolicyKind::RuntimePackage, "policy.package")],
            privacy: PrivacyClass::Internal,
            retention: RetentionClass::RunScoped,
        })
    }
}

/// Asks for the tool where the text says `tool`, and answers with what it was given.
#[derive(Clone)]
struct Model {
    arguments: Arc<dyn ProviderArgumentStore>,
    calls: Arc<AtomicUsize>,
    down: bool,
}

impl ProviderAdapter for Model {
    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::text_only("provider.fake")
    }

    fn complete(&self, request: &ProviderRequest) -> Result<ProviderResponse, AgentError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.down {
            return Err(AgentError::contract_violation("the provider is down"));
        }
        let last = request.messages.last().ok_or_else(|| AgentError::contract_violation("no message"))?;
        if last.role == ProviderMessageRole::Tool {
            return Ok(ProviderResponse::text(format!("done after {}", last.content)));
        }
        if !last.content.contains("tool") {
            return Ok(ProviderResponse::text(format!("said of {}", last.content)));
        }
        let tool = CanonicalToolName::new("write_note");
        let call = format!("call.{}", last.content.replace(' ', "."));
        let raw = r#"{"path":"tides.md","size":9007199254740993}"#;
        let args = self.arguments.store_provider_arguments("provider.fake", &call, &tool, raw)?;
        let made = ProviderToolCall::new(ToolCallId::new(call), tool, "write a note about the tide");
        let made = match args {
            Some(args) => made.with_args_ref(args),
            None => made,
        };
        Ok(ProviderResponse::tool_use([made]))
    }
}

/// Ends the process inside the tool, as a crash would.
struct Crash(ExecutorRef);

impl ToolExecutor for Crash {
    fn executor_ref(&self) -> &ExecutorRef {
        &self.0
    }

    fn execute(&self, _: &ToolExecutionRequest) -> Result<ToolExecutionOutput, AgentError> {
        exit(0)
    }
}

/// Says yes, or ends the process while it waits for an answer.
struct Person {
    answers: bool,
}

impl ApprovalDispatcher for Person {
    fn dispatch(&self, _: ApprovalDispatchRequest) -> Result<ApprovalDispatchResponse, AgentError> {
        if !self.answers {
            exit(0)
        }
        Ok(ApprovalDispatchResponse::decision(ApprovalDecision::approved("actor.host.user")))
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Tool {
    Works,
    Fails,
    Crashes,
    Asks,
    Approved,
}

fn agent() -> Agent {
    Agent::builder().id(AgentId::new("agent.harbour")).name("harbour").build().expect("agent builds")
}

fn approval_policy() -> PolicyRef {
    PolicyRef::with_kind(PolicyKind::Approval, "policy.approval.note")
}

fn sidecar() -> PackageSidecarRef {
    PackageSidecarRef::new("sidecar.schema.note", "json_schema", "v1")
}

const EXECUTOR: &str = "executor.write_note.v1";

fn package() -> RuntimePackage {
    RuntimePackage::builder(RuntimePackageId::new("package.harbour"))
        .agent(agent().snapshot())
        .provider_route(ProviderRouteSnapshot::new("provider.fake", "model.fake.small"))
        .policy(PolicyRef::with_kind(PolicyKind::RuntimePackage, "policy.package"))
        .capability(CapabilitySpec::fake_tool(
            CapabilityId::new("cap.tool.note"),
            "write_note",
            sidecar(),
            ExecutorRef::new(EXECUTOR),
            approval_policy(),
            SourceRef::with_kind(SourceKind::Sdk, "source.sdk.toolpack"),
        ))
        .build()
        .expect("package builds")
}

struct Built {
    runtime: AgentRuntime,
    model: Arc<AtomicUsize>,
    tool: Arc<ScriptedToolExecutor>,
}

fn build(store: &Store, tool: Tool, down: bool) -> Result<Built, AgentError> {
    let calls = Arc::new(AtomicUsize::new(0));
    let model = Model { arguments: store.arguments.clone(), calls: calls.clone(), down };
    let asks = matches!(tool, Tool::Asks | Tool::Approved);
    let route = ToolRoute {
        capability_id: CapabilityId::new("cap.tool.note"),
        canonical_tool_name: CanonicalToolName::new("write_note"),
        namespace: CapabilityNamespace::new("tool.write_note"),
        description: None,
        source: SourceRef::with_kind(SourceKind::Sdk, "source.sdk.toolpack"),
        destination: DestinationRef::with_kind(DestinationKind::Tool, "destination.tool.note"),
        executor_ref: Some(ExecutorRef::new(EXECUTOR)),
        policy_refs: vec![approval_policy()],
        requires_approval: asks,
        sidecar_refs: vec![sidecar()],
        effect_class: EffectClass::Write,
        risk_class: if asks { RiskClass::High } else { RiskClass::Medium },
        privacy: PrivacyClass::ContentRefsOnly,
        retention: RetentionClass::RunScoped,
    };
    let output = match tool {
        Tool::Fails => ToolExecutionOutput::failed("the disk is full", "error.disk"),
        _ => ToolExecutionOutput::completed("note written"),
    };
    let scripted = Arc::new(ScriptedToolExecutor::new(ExecutorRef::new(EXECUTOR), output));
    let executor: Arc<dyn ToolExecutor> = match tool {
        Tool::Crashes => Arc::new(Crash(ExecutorRef::new(EXECUTOR))),
        _ => scripted.clone(),
    };
    let runtime = AgentRuntime::builder()
        .default_package(package())
        .provider("provider.fake", model)?
        .journal(Shared(store.journal.clone()))
        .event_bus(InMemoryAgentEventBus::default())
        .content(FakeContentResolver::default())
        .policy(Allow)
        .tool_route(route)
        .tool_executor(executor)?
        .tool_policy(AllowToolPolicy)
        .approval_dispatcher(Person { answers: tool == Tool::Approved })
        .build()?;
    Ok(Built { runtime, model: calls, tool: scripted })
}

fn request(run: &str, input: &str, turn: Option<(&str, &str)>) -> RunRequest {
    let request = RunRequest::text(RunId::new(run), agent().id().clone(), SourceRef::new("source.host"), input);
    match turn {
        Some((session, turn)) => request.with_session_turn(SessionId::new(session), TurnId::new(turn)),
        None => request,
    }
}

fn checkpoint(run: &str, seq: u64, covers: u64, loop_state: &str, effects: Vec<PendingSideEffect>) -> RunCheckpoint {
    RunCheckpoint {
        checkpoint_id: format!("checkpoint.{run}.{seq}"),
        run_id: RunId::new(run),
        checkpoint_seq: seq,
        covers_journal_seq: covers,
        loop_state: loop_state.into(),
        turn_id: None,
        attempt_id: None,
        runtime_package_fingerprint: "fp".into(),
        pending_side_effects: effects,
        pending_approvals: Vec::new(),
        content_ref_manifest: vec![ContentRef::new("content.host.letter")],
        state_hash: format!("state.{covers}"),
        created_at_millis: 1_780_000_000_000 + covers,
        writer_id: "writer.workshop".into(),
    }
}

fn make(path: &str) -> Result<Value, AgentError> {
    let store = open(path)?;
    let built = build(&store, Tool::Works, false)?;
    built.runtime.run_text(request("run.text", "plain words", Some(("session.1", "turn.1"))))?;
    // The second run of a process: its numbers go on.
    built.runtime.run_text(request("run.second", "tool second", None))?;
    build(&store, Tool::Works, false)?.runtime.run_text(request("run.tool", "tool works", None))?;
    for (seq, covers, state) in [(1, 3, "ProviderProjection"), (2, 8, "ToolExecution"), (3, 16, "Completed")] {
        store.checkpoints.save(checkpoint("run.tool", seq, covers, state, Vec::new()), covers)?;
    }
    build(&store, Tool::Fails, false)?.runtime.run_text(request("run.fails", "tool fails", None)).ok();
    build(&store, Tool::Works, true)?.runtime.run_text(request("run.down", "plain down", None)).ok();
    let pool = AgentPoolId::new("pool.harbour");
    let message_policy = AgentPoolMessagePolicy { required_policy_refs: Vec::new(), include_sender_in_pool_broadcast: false };
    let wake_policy = AgentPoolWakePolicy { envelope_only: true };
    store.pools.open_pool(pool.clone(), AgentPoolStoreConfig { message_policy, wake_policy, policy_refs: Vec::new() })?;
    store.pools.record_pool_created(&pool)?;
    for run in ["run.text", "run.tool"] {
        let (run_id, agent_id) = (RunId::new(run), agent().id().clone());
        store.pools.join_member(&pool, AgentPoolMember { run_id, agent_id, policy_refs: Vec::new(), topics: Vec::new() })?;
    }
    Ok(json!({"made": path}))
}

fn failed(error: &AgentError) -> Value {
    json!({"error": error.context().message})
}

fn loaded(store: &Store, run: &RunId) -> Value {
    let records = match store.journal.records_for_run(run) {
        Ok(records) => records,
        Err(error) => return failed(&error),
    };
    let latest = store.checkpoints.load_latest(run);
    let mut reducer = ReplayReducer::new(ReplayMode::ResumeReplay);
    let replay = records
        .iter()
        .try_for_each(|record| reducer.apply(record.clone()))
        .and_then(|()| reducer.finish());
    json!({
        "records": records.iter().map(|record| json!([record.journal_seq, record.record_id])).collect::<Vec<_>>(),
        "full": records,
        "latest": latest.map_or_else(|error| failed(&error), |found| json!(found)),
        "replay": replay.map_or_else(|error| failed(&error), |result| json!(result)),
    })
}

/// Runs it again under its id, as its snippet says: the session and turn are those of its records.
fn resume(path: &str, run: &str, input: &str, tool: Tool) -> Result<Value, AgentError> {
    let store = open(path)?;
    let id = RunId::new(run);
    let before = store.journal.records_for_run(&id)?;
    let named = before.first().and_then(|record| Some((record.session_id.clone()?, record.turn_id.clone()?)));
    let turn = named.as_ref().map(|(session, turn)| (session.as_str(), turn.as_str()));
    let built = build(&store, tool, false)?;
    let result = built.runtime.run_text(request(run, input, turn));
    let (status, output, error) = match &result {
        Ok(done) => (json!(format!("{:?}", done.status)), json!(done.output), Value::Null),
        Err(error) => (Value::Null, Value::Null, json!(error.context().message)),
    };
    let after = loaded(&store, &id);
    Ok(json!({
        "status": status, "output": output, "error": error,
        "before": before.len(),
        "model": built.model.load(Ordering::SeqCst),
        "tool": built.tool.call_count(),
        "after": after,
    }))
}

/// What a host does that resumes by itself: it loads the latest checkpoint, appends behind the journal and saves the next one.
fn host(path: &str, run: &str) -> Result<Value, AgentError> {
    let store = open(path)?;
    let id = RunId::new(run);
    let records = store.journal.records_for_run(&id)?;
    let last = records.last().map_or(0, |record| record.journal_seq);
    let latest = store.checkpoints.load_latest(&id)?;
    let next = latest.as_ref().map_or(1, |found| found.checkpoint_seq + 1);
    let saved = checkpoint(run, next, last, "running", Vec::new());
    let source = SourceRef::with_kind(SourceKind::Host, "source.workshop");
    let base = JournalRecordBase::new(last + 1, format!("journal.host.{run}.{last}"), id.clone(), agent().id().clone(), source);
    let appended = store.journal.append(JournalRecord::checkpoint(base, saved.clone()));
    let kept = store.checkpoints.save(saved, last + 1);
    Ok(json!({
        "found": latest,
        "appended": appended.map_or_else(|error| failed(&error), |cursor| json!(cursor.as_str())),
        "saved": kept.map_or_else(|error| failed(&error), |outcome| json!(outcome.checkpoint_ref)),
        "after": loaded(&store, &id),
    }))
}

fn crash(path: &str, run: &str, input: &str, tool: Tool) -> Result<Value, AgentError> {
    let store = open(path)?;
    build(&store, tool, false)?.runtime.run_text(request(run, input, None))?;
    Ok(json!({"crashed": false}))
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let text: Vec<&str> = args.iter().map(String::as_str).collect();
    let tool = |name: &str| if name == "approved" { Tool::Approved } else { Tool::Works };
    // One process per crash: it ends inside the tool or the approval.
    let done = match text.as_slice() {
        ["make", path] => make(path).inspect(|_| {
            for (run, input, how) in [("run.crash.tool", "tool crash", "tool"), ("run.crash.approval", "tool ask", "approval")] {
                let me = std::env::current_exe().expect("own path");
                Command::new(me).args(["crash", path, run, input, how]).status().expect("crash runs");
            }
        }),
        ["seed", path] => open(path).and_then(|store| {
            build(&store, Tool::Works, false)?.runtime.run_text(request("run.other", "plain other", None))?;
            Ok(json!({"made": path}))
        }),
        ["crash", path, run, input, "approval"] => crash(path, run, input, Tool::Asks),
        ["crash", path, run, input, _] => crash(path, run, input, Tool::Crashes),
        ["load", path, run] => open(path).map(|store| loaded(&store, &RunId::new(*run))),
        ["resume", path, run, input] => resume(path, run, input, Tool::Works),
        ["resume", path, run, input, how] => resume(path, run, input, tool(how)),
        ["host", path, run] => host(path, run),
        _ => {
            eprintln!("make STORE | seed STORE | load STORE RUN | resume STORE RUN INPUT [works|approved] | host STORE RUN");
            exit(2);
        }
    };
    println!("{}", done.unwrap_or_else(|error| failed(&error)));
}
