//! Makes stores of atomr-agents and says what atomr itself makes of them afterwards.
//!
//! Databases: `make STORE` | `load STORE WORKFLOW RUN` | `run STORE GRAPH WORKFLOW RUN` | `resume STORE GRAPH WORKFLOW RUN [ANSWER]`
//! | `records STORE WORKFLOW RUN` | `fork STORE WORKFLOW RUN STEP`
//! Hosts: `host-make ROOT` | `host-list ROOT AGENT` | `host-load ROOT AGENT BRANCH` | `host-go-on ROOT AGENT BRANCH NAME TEXT`
//! | `host-fork ROOT AGENT SOURCE NEW` | `host-switch ROOT AGENT BRANCH`
//! One JSON document on stdout.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use atomr_agents_core::{AgentError, Result as AgentResult, RunId, Value, WorkflowId};
use atomr_agents_host::branching;
use atomr_agents_host::layout::HostPaths;
use atomr_agents_state::{
    AppendList, CheckpointKey, Checkpointer, LastWriteWins, MergeMap, RunState, SqlCheckpointer, SqlStepRecordStore,
    StateSchema, StepRecord, StepRecordStore, ToolCallRecord,
};
use atomr_agents_workflow::{
    Command, Dag, InterruptCtrl, Interruptible, InterruptibleStep, PlainStep, RunOutcome, StatefulRunner, StatefulStep,
    StepId,
};
use serde_json::json;

type Error = Box<dyn std::error::Error>;

/// A step that says what it saw; `parse` fails while the topic is `broken`.
#[derive(Clone, Copy)]
struct Node(&'static str);

fn writes_of(name: &str, state: &RunState) -> AgentResult<Vec<(String, Value)>> {
    let topic = state.read("topic").as_str().unwrap_or("?").to_string();
    if name == "parse" && topic == "broken" {
        return Err(AgentError::Workflow("parse cannot do broken".into()));
    }
    let budget = state.read("budget").as_i64().unwrap_or(-1);
    let (ticket, score) = (state.read("ticket"), state.read("score"));
    let line = format!("{name} saw {topic} at {budget} for {ticket} with {score}");
    Ok(vec![("budget".into(), json!(budget + 1)), ("notes".into(), json!([line]))])
}

#[async_trait]
impl StatefulStep for Node {
    async fn run(&self, state: &RunState) -> AgentResult<Vec<(String, Value)>> {
        writes_of(self.0, state)
    }
}

/// Asks once, and keeps the answer.
struct Ask;

#[async_trait]
impl InterruptibleStep for Ask {
    async fn run(&self, state: &RunState, ctrl: &InterruptCtrl) -> AgentResult<Vec<(String, Value)>> {
        match ctrl.take_resume_value() {
            Some(answer) => {
                let mut writes = writes_of("ask", state)?;
                writes.push(("config".into(), json!({ "answer": answer })));
                Ok(writes)
            }
            None => {
                let question = json!({ "question": "Send it?", "topic": state.read("topic") });
                ctrl.interrupt(StepId::new("ask"), Some(question));
                Ok(vec![])
            }
        }
    }
}

fn schema(topic: &str) -> Arc<StateSchema> {
    Arc::new(
        StateSchema::builder()
            .add_with_default("topic", LastWriteWins, json!(topic))
            .add_with_default("budget", LastWriteWins, json!(1))
            .add_with_default("ticket", LastWriteWins, json!(u64::MAX))
            .add_with_default("score", LastWriteWins, json!(1.0))
            .add("notes", AppendList)
            .add("config", MergeMap)
            .build(),
    )
}

fn chain_of(graph: &str) -> &'static [&'static str] {
    match graph {
        "flaky" => &["fetch", "parse", "store"],
        "approval" => &["plan", "ask", "act", "report"],
        _ => &["plan", "draft", "review", "publish"],
    }
}

fn stateful(graph: &str) -> Dag<Arc<dyn StatefulStep>> {
    if graph == "fan" {
        let mut built = Dag::builder("split");
        for node in ["split", "left", "right", "join"] {
            built = built.step(node, Arc::new(Node(node)) as Arc<dyn StatefulStep>);
        }
        return built.edge("split", "left").edge("split", "right").edge("left", "join").edge("right", "join").build();
    }
    let nodes = chain_of(graph);
    let mut built = Dag::builder(nodes[0]);
    for node in nodes {
        built = built.step(*node, Arc::new(Node(node)) as Arc<dyn StatefulStep>);
    }
    for pair in nodes.windows(2) {
        built = built.edge(pair[0], pair[1]);
    }
    built.build()
}

fn interruptible(graph: &str) -> Dag<Arc<dyn InterruptibleStep>> {
    let nodes = chain_of(graph);
    let mut built = Dag::builder(nodes[0]);
    for node in nodes {
        let step: Arc<dyn InterruptibleStep> =
            if *node == "ask" { Arc::new(Ask) } else { Arc::new(PlainStep(Arc::new(Node(node)))) };
        built = built.step(*node, step);
    }
    for pair in nodes.windows(2) {
        built = built.edge(pair[0], pair[1]);
    }
    built.build()
}

async fn checkpointer(store: &str) -> Result<Arc<dyn Checkpointer>, Error> {
    Ok(Arc::new(SqlCheckpointer::connect(format!("sqlite://{store}?mode=rwc")).await?))
}

/// What atomr loads as latest, and the steps that it lists.
async fn load(store: &str, workflow: &str, run: &str) -> Result<Value, Error> {
    let checkpointer = checkpointer(store).await?;
    let (workflow, run) = (WorkflowId::from(workflow), RunId::from(run));
    let latest = checkpointer.latest(&workflow, &run).await?;
    let steps: Vec<u64> = checkpointer.list(&workflow, &run).await?.iter().map(|meta| meta.super_step).collect();
    Ok(match latest {
        None => json!({ "latest": null, "steps": steps }),
        Some(s) => json!({ "latest": s.key.super_step, "label": s.label, "values": s.values, "steps": steps }),
    })
}

async fn after(store: &str, workflow: &str, run: &str, raised: Option<String>, paused: Value) -> Result<Value, Error> {
    let mut answer = load(store, workflow, run).await?;
    answer["raised"] = raised.map_or(Value::Null, Value::from);
    answer["paused"] = paused;
    Ok(answer)
}

async fn run(store: &str, graph: &str, workflow: &str, run: &str, topic: &str) -> Result<Value, Error> {
    let runner = StatefulRunner {
        workflow_id: WorkflowId::from(workflow),
        run_id: RunId::from(run),
        dag: stateful(graph),
        schema: schema(topic),
        checkpointer: checkpointer(store).await?,
    };
    let done = runner.run().await;
    after(store, workflow, run, done.err().map(|e| e.to_string()), Value::Null).await
}

/// `command` none: `run`, with a break point before `review`.
async fn interrupted(store: &str, graph: &str, workflow: &str, run: &str, command: Option<Command>) -> Result<Value, Error> {
    let runner = Interruptible {
        workflow_id: WorkflowId::from(workflow),
        run_id: RunId::from(run),
        dag: interruptible(graph),
        schema: schema("lamps"),
        checkpointer: checkpointer(store).await?,
        interrupt_before: HashSet::from([StepId::from("review")]),
        interrupt_after: HashSet::new(),
    };
    let outcome = match command {
        None => runner.run().await,
        Some(command) => runner.resume(command).await,
    };
    let (raised, paused) = match outcome {
        Err(error) => (Some(error.to_string()), Value::Null),
        Ok(RunOutcome::Done(_)) => (None, Value::Null),
        Ok(RunOutcome::Paused { super_step, payload, .. }) => (None, json!({ "step": super_step, "payload": payload })),
    };
    after(store, workflow, run, raised, paused).await
}

async fn make(store: &str) -> Result<Value, Error> {
    run(store, "linear", "linear", "done", "tides").await?;
    interrupted(store, "approval", "approval", "waiting", None).await?;
    interrupted(store, "linear", "linear", "stopped", None).await?;
    run(store, "flaky", "flaky", "failed", "broken").await?;
    run(store, "fan", "fan", "wide", "storms").await?;
    let records = SqlStepRecordStore::connect(format!("sqlite://{store}?mode=rwc")).await?;
    for super_step in 1..=4 {
        let key = CheckpointKey { workflow_id: "linear".into(), run_id: "done".into(), super_step };
        let call = ToolCallRecord {
            tool: "post".into(),
            args_hash: "a".into(),
            ret: json!({ "id": u64::MAX, "one": 1.0 }),
            is_side_effecting: super_step == 4,
        };
        records.save_record(StepRecord::new(key).with_tool_call(call)).await?;
    }
    Ok(json!({ "made": true }))
}

async fn records(store: &str, workflow: &str, run: &str) -> Result<Value, Error> {
    let records = SqlStepRecordStore::connect(format!("sqlite://{store}?mode=rwc")).await?;
    Ok(serde_json::to_value(records.list_records(&WorkflowId::from(workflow), &RunId::from(run)).await?)?)
}

// ── Hosts ──────────────────────────────────────────────────────────────────────────────────────────────────────────

fn host_make(root: &str) -> Result<Value, Error> {
    let paths = HostPaths::new(root).agent("alpha");
    for n in 0..4 {
        let memory = json!({ "counter": n, "plan": ["read", "think"], "ticket": u64::MAX, "one": 1.0, "text": "Grüße" });
        branching::write_checkpoint(&paths, "main", memory, Some(json!({ "thread": "t-1", "msg": n })), None)?;
        std::thread::sleep(std::time::Duration::from_millis(3));
    }
    branching::fork_branch(&paths, "main", "bench")?;
    branching::switch_branch(&paths, "bench")?;
    Ok(json!({ "made": true }))
}

fn host(command: &str, arg: impl Fn(usize) -> String) -> Result<Value, Error> {
    let root = arg(1);
    let paths = HostPaths::new(&root).agent(&arg(2));
    let branch = arg(3);
    Ok(match command {
        "host-make" => host_make(&root)?,
        "host-list" => {
            let mut branches = serde_json::Map::new();
            for branch in branching::list_branches(&paths)? {
                let files = branching::list_checkpoints(&paths, &branch)?;
                let names: Vec<_> = files.iter().filter_map(|p| p.file_name()?.to_str()).collect();
                branches.insert(branch, json!(names));
            }
            json!({ "current": branching::current_branch(&paths)?, "branches": branches })
        }
        "host-load" => serde_json::to_value(branching::latest_checkpoint(&paths, &branch)?)?,
        "host-fork" => serde_json::to_value(branching::fork_branch(&paths, &branch, &arg(4))?)?,
        "host-switch" => {
            branching::switch_branch(&paths, &branch)?;
            let loaded = branching::latest_checkpoint(&paths, &branching::current_branch(&paths)?)?;
            json!({ "current": branching::current_branch(&paths)?, "loaded": loaded })
        }
        "host-go-on" => {
            // What a host does: takes the latest memory, changes it, writes the next checkpoint.
            let latest = branching::latest_checkpoint(&paths, &branch)?.ok_or("nothing to go on from")?;
            let mut memory = latest.working_memory;
            memory[arg(4)] = json!(arg(5));
            serde_json::to_value(branching::write_checkpoint(&paths, &branch, memory, latest.thread_head, None)?)?
        }
        other => return Err(format!("no command {other}").into()),
    })
}

async fn answer(args: &[String]) -> Result<Value, Error> {
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let store = arg(1);
    match arg(0) {
        "make" => make(store).await,
        "load" => load(store, arg(2), arg(3)).await,
        "records" => records(store, arg(2), arg(3)).await,
        "run" => run(store, arg(2), arg(3), arg(4), "defaults").await,
        "resume" => {
            let command = if arg(5).is_empty() { Command::Continue } else { Command::Resume(serde_json::from_str(arg(5))?) };
            interrupted(store, arg(2), arg(3), arg(4), Some(command)).await
        }
        "again" => interrupted(store, arg(2), arg(3), arg(4), None).await,
        "fork" => {
            let key = CheckpointKey {
                workflow_id: WorkflowId::from(arg(2)),
                run_id: RunId::from(arg(3)),
                super_step: arg(4).parse()?,
            };
            let run = checkpointer(store).await?.fork(&key, vec![]).await?;
            load(store, arg(2), run.as_str()).await
        }
        other => host(other, |i| args.get(i).cloned().unwrap_or_default()),
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match answer(&args).await {
        Ok(value) => println!("{value}"),
        Err(error) => {
            println!("{}", json!({ "error": error.to_string() }));
            std::process::exit(1);
        }
    }
}
