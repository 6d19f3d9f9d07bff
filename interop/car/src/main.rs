//! Makes CAR stores and says what CAR itself makes of them afterwards.
//!
//! `make STORE` | `load STORE RUN` | `list STORE` | `judge STORE` | `recover STORE` | `claim STORE RUN`
//! `resume STORE RUN INPUT` (INPUT: a JSON object) | `chain JOURNAL`
//! STORE is a folder with `runs`, `results`, `journal` and `dedup`. One JSON document on stdout.
#![recursion_limit = "512"]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use car_eventlog::{EventKind, EventLog};
use car_multi::{AgentOutput, AgentRunner, AgentSpec, Mailbox, MultiError, SharedInfra};
use car_workflow::{CheckpointStore, Workflow, WorkflowEngine, WorkflowResult};
use serde_json::{json, Value};

type Error = Box<dyn std::error::Error>;

/// Every agent answers with its task.
struct Echo;

#[async_trait::async_trait]
impl AgentRunner for Echo {
    async fn run(
        &self,
        spec: &AgentSpec,
        task: &str,
        _runtime: &car_engine::Runtime,
        _mailbox: &Mailbox,
    ) -> Result<AgentOutput, MultiError> {
        Ok(serde_json::from_value(json!({
            "name": spec.name, "answer": format!("{} says: {task}", spec.name), "turns": 1, "tool_calls": 0,
            "duration_ms": 3.0, "error": null,
        }))
        .expect("an output"))
    }
}

fn engine(store: &Path) -> WorkflowEngine {
    WorkflowEngine::with_dedup_dir(Arc::new(Echo), SharedInfra::new(), store.join("dedup"))
}

fn agent(id: &str, task: &str) -> Value {
    let spec = json!({ "name": id, "system_prompt": "", "tools": [], "max_turns": 2, "metadata": {} });
    json!({ "id": id, "name": id, "step": { "type": "pattern", "pattern": "pipeline", "task": task, "agents": [spec] } })
}

fn gate(id: &str, options: &[&str], output_key: &str) -> Value {
    let field = json!({ "name": "decision", "field_type": "options", "options": options, "required": true });
    let note = json!({ "name": "note" });
    json!({ "id": id, "name": id, "step": {
        "type": "approval", "prompt": format!("What about {id}?"), "fields": [field, note], "output_key": output_key } })
}

fn write(id: &str, key: &str, value: Value) -> Value {
    json!({ "id": id, "name": id, "step": { "type": "proposal", "proposal": { "id": format!("p-{id}"), "actions": [
        { "id": format!("a-{id}"), "type": "state_write", "parameters": { "key": key, "value": value } }] } } })
}

fn edge(from: &str, to: &str) -> Value {
    json!({ "from": from, "to": to })
}

fn branch(from: &str, to: &str, key: &str, value: &str) -> Value {
    json!({ "from": from, "to": to, "conditions": [{ "key": key, "value": value }] })
}

/// draft → first gate → publish → second gate → announce; "revise" leads back to draft.
fn review() -> Workflow {
    serde_json::from_value(json!({
        "id": "review", "name": "Review", "start": "draft", "goal": "tides", "max_iterations": 9,
        "stages": [
            agent("draft", "Write"), gate("first", &["approve", "revise", "reject"], "verdict"),
            write("publish", "published", json!({ "price": 1.0, "version": 9007199254740991u64 })),
            gate("second", &["yes", "no"], "announce"), agent("announce", "Tell"), write("trash", "trashed", json!(true)),
        ],
        "edges": [
            edge("draft", "first"), branch("first", "publish", "verdict.decision", "approve"),
            branch("first", "draft", "verdict.decision", "revise"), branch("first", "trash", "verdict.decision", "reject"),
            edge("publish", "second"), branch("second", "announce", "announce.decision", "yes"),
        ],
    }))
    .expect("a workflow")
}

/// Every kind of step, then a gate; what a later edge does depends on the state.
fn rich() -> Workflow {
    let loop_body = json!({ "type": "proposal", "proposal": { "id": "p-loop", "actions": [
        { "id": "a-loop", "type": "state_write", "parameters": { "key": "tries", "value": 2 } }] } });
    let each_body = json!({ "type": "pattern", "pattern": "pipeline", "task": "Handle {{item}}", "agents": [
        { "name": "worker", "system_prompt": "", "tools": [], "max_turns": 2, "metadata": {} }] });
    let nested = json!({ "id": "inner", "name": "Inner", "start": "n", "edges": [],
        "stages": [write("n", "nested", json!(1))] });
    let sink = json!({ "id": "sink", "actions": [
        { "id": "a-sink", "type": "state_write", "parameters": { "key": "sent", "value": "{{payload}}" } }] });
    serde_json::from_value(json!({
        "id": "rich", "name": "Rich", "start": "poll",
        "stages": [
            write("poll", "items", json!(["one", "two \"quoted\"", "三"])), gate("early", &["go", "stop"], "early"),
            { "id": "each", "name": "each", "step": { "type": "for_each", "items_from": "items", "body": each_body } },
            { "id": "loop", "name": "loop", "step": { "type": "loop_until", "body": loop_body, "max_iterations": 2,
                "until": [{ "key": "stage.loop.iteration", "operator": "gte", "value": 2 }] } },
            { "id": "nest", "name": "nest", "step": { "type": "sub_workflow", "workflow": nested } },
            { "id": "dedup", "name": "dedup", "step": { "type": "dedup", "items_from": "items", "into": "fresh", "store": "seen items" } },
            { "id": "send", "name": "send", "step": { "type": "deliver", "sinks": [sink], "payload_key": "fresh" } },
            gate("late", &["go", "stop"], "late"), write("end", "ended", json!(true)),
        ],
        "edges": [
            edge("poll", "early"), branch("early", "each", "early.decision", "go"), edge("each", "loop"), edge("loop", "nest"),
            edge("nest", "dedup"), edge("dedup", "send"), edge("send", "late"), branch("late", "end", "late.decision", "go"),
        ],
    }))
    .expect("a workflow")
}

fn input(text: &str) -> Result<HashMap<String, Value>, Error> {
    Ok(serde_json::from_str(text)?)
}

fn answer(decision: &str) -> HashMap<String, Value> {
    HashMap::from([("decision".to_string(), json!(decision))])
}

fn checkpoints(store: &Path) -> Result<CheckpointStore, Error> {
    Ok(CheckpointStore::open(store.join("runs"))?)
}

/// Runs a workflow to its first gate, under an id of ours.
async fn park(store: &Path, id: &str, workflow: &Workflow, state: HashMap<String, Value>) -> Result<(), Error> {
    let result = engine(store).run_with_state(workflow, state).await?;
    let mut paused = result.paused.clone().ok_or("it did not wait")?;
    paused.run_id = id.into();
    checkpoints(store)?.save(&paused)?;
    let mut saved = result;
    saved.paused = Some(paused);
    keep(store, id, &saved)
}

fn keep(store: &Path, id: &str, result: &WorkflowResult) -> Result<(), Error> {
    let folder = store.join("results");
    std::fs::create_dir_all(&folder)?;
    std::fs::write(folder.join(format!("{id}.json")), serde_json::to_string_pretty(result)?)?;
    Ok(())
}

/// As a host resumes: claim, go on, save where it waits again, complete.
async fn resume(store: &Path, id: &str, input: HashMap<String, Value>) -> Result<Value, Error> {
    let kept = checkpoints(store)?;
    let Some(paused) = kept.claim(id)? else { return Ok(json!({ "claimed": false })) };
    let result = engine(store).resume(paused, input).await?;
    if let Some(again) = &result.paused {
        kept.save(again)?;
    }
    kept.complete(id)?;
    Ok(json!({
        "status": result.status, "state": result.final_state,
        "stages": result.stages.iter().map(|s| &s.stage_id).collect::<Vec<_>>(),
        "waits": result.paused.as_ref().map(|p| json!([p.run_id, p.paused_stage_id])),
    }))
}

async fn make(store: &Path) -> Result<Value, Error> {
    let seeded = HashMap::from([
        ("ticket".to_string(), json!(9007199254740993u64)),
        ("score".to_string(), json!(1.0)),
        ("big".to_string(), json!(u64::MAX)),
        ("text".to_string(), json!("ü 漢 🐝 \u{0000} \"q\"")),
    ]);
    for id in ["plain", "two", "loop", "held", "Lauf 7 – é漢"] {
        park(store, id, &review(), seeded.clone()).await?;
    }
    resume(store, "two", answer("approve")).await?;
    resume(store, "loop", answer("revise")).await?;
    resume(store, "loop", HashMap::from([("decision".into(), json!("revise")), ("note".into(), json!("shorter"))])).await?;
    checkpoints(store)?.claim("held")?;
    park(store, "rich", &rich(), HashMap::new()).await?;
    park(store, "rich-early", &rich(), HashMap::new()).await?;
    resume(store, "rich", answer("go")).await?;
    let mut owned = checkpoints(store)?.load("plain")?.ok_or("no run")?;
    owned.run_id = "owned".into();
    owned.owner = Some("agent-7".into());
    checkpoints(store)?.save(&owned)?;

    std::fs::create_dir_all(store.join("journal"))?;
    let mut log = EventLog::with_journal(store.join("journal/session.jsonl")).with_hash_chaining();
    for i in 0..5 {
        let data = HashMap::from([
            ("i".to_string(), json!(i)),
            ("deep".to_string(), json!({ "z": [1.0, 1e-7, u64::MAX, "ü\u{0007}\"\\/"], "a": { "y": null, "b": true } })),
        ]);
        if i == 3 {
            log.bind_run("two", "client-1")?;
        }
        log.append(EventKind::ProposalReceived, Some("a-publish"), Some("p-publish"), data);
    }
    // The journal is written out when its log is dropped.
    drop(log);
    Ok(json!({ "made": checkpoints(store)?.list()? }))
}

async fn respond(args: &[String]) -> Result<Value, Error> {
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let store = PathBuf::from(arg(1));
    match arg(0) {
        "make" => make(&store).await,
        "load" => Ok(json!(checkpoints(&store)?.load(arg(2))?)),
        "list" => {
            let kept = checkpoints(&store)?;
            let waiting = kept.list_summaries()?.into_iter().map(|s| s.run_id).collect::<Vec<_>>();
            Ok(json!({ "list": kept.list()?, "waiting": waiting }))
        }
        "judge" => {
            let kept = checkpoints(&store)?;
            let mut said = serde_json::Map::new();
            for id in kept.list()? {
                said.insert(id.clone(), kept.load(&id).err().map_or(Value::Null, |e| json!(e.to_string())));
            }
            Ok(Value::Object(said))
        }
        "recover" => Ok(json!({ "rearmed": checkpoints(&store)?.recover_orphaned()? })),
        "claim" => Ok(json!({ "claimed": checkpoints(&store)?.claim(arg(2))?.is_some() })),
        "resume" => resume(&store, arg(2), input(arg(3))?).await,
        "chain" => {
            let log = EventLog::load_read_only(&store)?;
            Ok(json!({ "events": log.events().len(), "verified": log.verify_chain().ok() }))
        }
        other => Err(format!("no command {other}").into()),
    }
}

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match respond(&args).await {
        Ok(value) => println!("{value}"),
        Err(error) => {
            println!("{}", json!({ "error": error.to_string() }));
            std::process::exit(1);
        }
    }
}
