//! Makes tinyagents stores and says what tinyagents itself makes of them afterwards.
//!
//! `make STORE` | `state STORE GRAPH THREAD [ID]` | `history STORE GRAPH THREAD` | `resume STORE GRAPH THREAD [VALUE-JSON|-] [ID]`
//! `start STORE GRAPH THREAD [TOPIC]`: a new run of the thread.
//! STORE ending in `.db` is the SQLite backend, anything else a folder of line files. One JSON document on stdout.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use tinyagents::graph::subgraph::adapter_subgraph_node;
use tinyagents::graph::{
    Checkpointer, ClosureStateReducer, Command, CompiledGraph, FileCheckpointer, Interrupt, ResumeTarget, Send,
    SqliteCheckpointer,
};
use tinyagents::{GraphBuilder, NodeContext, NodeResult, Result, TinyAgentsError};

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Job {
    topic: String,
    n: i64,
    ticket: u64,
    score: f64,
    log: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Step {
    n: i64,
    log: Vec<String>,
}

fn step(n: i64, line: String) -> Step {
    Step { n, log: vec![line] }
}

type Graph = CompiledGraph<Job, Step>;

fn builder() -> GraphBuilder<Job, Step> {
    GraphBuilder::<Job, Step>::new().set_reducer(ClosureStateReducer::new(|mut job: Job, step: Step| {
        job.n += step.n;
        job.log.extend(step.log);
        Ok(job)
    }))
}

/// plan → draft → review (asks) → publish
fn review() -> Result<Graph> {
    builder()
        .with_graph_id("review")
        .add_node("plan", |job: Job, _c: NodeContext| async move {
            Ok(NodeResult::Update(step(1, format!("plan for {}", job.topic))))
        })
        .add_node("draft", |job: Job, _c: NodeContext| async move {
            Ok(NodeResult::Update(step(1, format!("draft about {} at {:?}", job.topic, job.score))))
        })
        .add_node("review", |job: Job, c: NodeContext| async move {
            Ok(match c.resume {
                Some(answer) => NodeResult::Update(step(1, format!("review says {answer}"))),
                None => NodeResult::Interrupt(Interrupt::new("review", json!({"approve": job.topic, "ticket": job.ticket}))),
            })
        })
        .add_node("publish", |job: Job, _c: NodeContext| async move {
            Ok(NodeResult::Update(step(1, format!("published {} for {}", job.topic, job.ticket))))
        })
        .set_entry("plan")
        .add_edge("plan", "draft")
        .add_edge("draft", "review")
        .add_edge("review", "publish")
        .set_finish("publish")
        .compile()
}

/// split sends four workers, one of which fails while the topic is `broken`; then sum
fn fan() -> Result<Graph> {
    builder()
        .with_graph_id("fan")
        .add_node("split", |_job: Job, _c: NodeContext| async move {
            Ok(NodeResult::Command(Command::send(
                ["a", "b", "broken", "d"].map(|t| Send::new("worker", json!({ "topic": t }))),
            )))
        })
        .add_node("worker", |job: Job, c: NodeContext| async move {
            let topic = c.send_arg.as_ref().and_then(|a| a["topic"].as_str()).unwrap_or("none").to_string();
            if topic == "broken" && job.topic == "broken" {
                return Err(TinyAgentsError::Graph("worker cannot do broken".into()));
            }
            Ok(NodeResult::Update(step(10, format!("worker did {topic}"))))
        })
        .add_node("sum", |job: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(0, format!("sum {}", job.n)))) })
        .mark_command_routing("split")
        .set_entry("split")
        .add_edge("worker", "sum")
        .set_finish("sum")
        .compile()
}

/// prep → child (the review graph, in its own namespace) → fin
fn sub(checkpointer: Arc<dyn Checkpointer<Job>>) -> Result<Graph> {
    let child = review()?.with_checkpointer(checkpointer);
    builder()
        .with_graph_id("sub")
        .add_node("prep", |_j: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, "prep".into()))) })
        .add_node(
            "child",
            adapter_subgraph_node(child, |job: &Job| job.clone(), |job: &Job, done: Job| Step {
                n: done.n - job.n,
                log: done.log[job.log.len()..].to_vec(),
            }),
        )
        .add_node("fin", |job: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, format!("fin {}", job.topic)))) })
        .set_entry("prep")
        .add_edge("prep", "child")
        .add_edge("child", "fin")
        .set_finish("fin")
        .compile()
}

/// enter → outer (first → inner (the review graph) → last) → leave: two sub-graphs deep; tinyagents names the inner one by its own node only
fn deep(checkpointer: Arc<dyn Checkpointer<Job>>) -> Result<Graph> {
    let fold = |job: &Job, done: Job| Step { n: done.n - job.n, log: done.log[job.log.len()..].to_vec() };
    let inner = review()?.with_checkpointer(checkpointer.clone());
    let outer = builder()
        .with_graph_id("outer")
        .add_node("first", |_j: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, "first".into()))) })
        .add_node("inner", adapter_subgraph_node(inner, |job: &Job| job.clone(), fold))
        .add_node("last", |_j: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, "last".into()))) })
        .set_entry("first")
        .add_edge("first", "inner")
        .add_edge("inner", "last")
        .set_finish("last")
        .compile()?
        .with_checkpointer(checkpointer);
    builder()
        .with_graph_id("deep")
        .add_node("enter", |_j: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, "enter".into()))) })
        .add_node("outer", adapter_subgraph_node(outer, |job: &Job| job.clone(), fold))
        .add_node("leave", |job: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, format!("leave {}", job.topic)))) })
        .set_entry("enter")
        .add_edge("enter", "outer")
        .add_edge("outer", "leave")
        .set_finish("leave")
        .compile()
}

/// start sends to left and right, each of which asks; join waits for both (waiting edges)
fn join() -> Result<Graph> {
    let asks = |name: &'static str, always: bool| {
        move |job: Job, c: NodeContext| async move {
            Ok(match c.resume {
                Some(answer) => NodeResult::Update(step(1, format!("{name} says {answer}"))),
                None if always => NodeResult::Interrupt(Interrupt::new(name, json!({"from": name, "topic": job.topic}))),
                None => NodeResult::Update(step(1, format!("{name} ran"))),
            })
        }
    };
    builder()
        .with_graph_id("join")
        .add_node("start", |_j: Job, _c: NodeContext| async move { Ok(NodeResult::Command(Command::goto(["plain", "left", "right"]))) })
        .mark_command_routing("start")
        .add_node("plain", asks("plain", false))
        .add_node("left", asks("left", true))
        .add_node("right", asks("right", true))
        .add_node("join", |job: Job, _c: NodeContext| async move { Ok(NodeResult::Update(step(1, format!("join {}", job.topic)))) })
        .set_entry("start")
        .add_waiting_edge("plain", "join")
        .add_waiting_edge("left", "join")
        .add_waiting_edge("right", "join")
        .set_finish("join")
        .compile()
}

type Free = CompiledGraph<Value, Value>;

/// one → two (asks) → three over any JSON at all: the state is kept as it is, an update is put under `last`
fn free(store: &str) -> Result<Free> {
    let checkpointer: Arc<dyn Checkpointer<Value>> =
        if store.ends_with(".db") { Arc::new(SqliteCheckpointer::open(store)?) } else { Arc::new(FileCheckpointer::new(store)) };
    let graph = GraphBuilder::<Value, Value>::new()
        .set_reducer(ClosureStateReducer::new(|mut state: Value, update: Value| {
            if let Some(members) = state.as_object_mut() {
                members.insert("last".into(), update);
            }
            Ok(state)
        }))
        .with_graph_id("free")
        .add_node("one", |_s: Value, _c: NodeContext| async move { Ok(NodeResult::Update(json!("one"))) })
        .add_node("two", |_s: Value, c: NodeContext| async move {
            Ok(match c.resume {
                Some(answer) => NodeResult::Update(answer),
                None => NodeResult::Interrupt(Interrupt::new("two", json!("what now?"))),
            })
        })
        .add_node("three", |_s: Value, _c: NodeContext| async move { Ok(NodeResult::Update(json!("three"))) })
        .set_entry("one")
        .add_edge("one", "two")
        .add_edge("two", "three")
        .set_finish("three")
        .compile()?;
    Ok(graph.with_checkpointer(checkpointer))
}

/// Names that a path, a prototype or a template would trip over, and numbers at the ends of their kinds.
fn odd() -> Value {
    let mut nested = json!(1);
    for _ in 0..100 {
        nested = json!([nested]);
    }
    json!({
        "__proto__": {"x": 1}, "constructor": null, "": "empty", "a.b": 1, "a/b": 2, "~1": 3, "[0]": 4, "$set": [1], "u64": u64::MAX,
        "i64": i64::MIN, "big": 1e308, "tiny": 5e-324, "negative zero": -0.0, "one": 1.0, "text": "\u{0}\u{1f41d}\u{2028}\"\\",
        "nested": nested, "long": "é".repeat(100_000), "list": [1, 1.0, "1", null, {"k": {"deep": 1.0}}],
    })
}

/// The free graph has a state type of its own, so it answers for itself.
async fn run_free(command: &str, store: &str, args: &[String]) -> Result<Value> {
    let g = free(store)?;
    let thread = args.first().map_or("", String::as_str);
    let fail = |e: serde_json::Error| TinyAgentsError::Graph(e.to_string());
    match command {
        "start" => drop(g.run_with_thread(thread, odd()).await?),
        "resume" => {
            let value = serde_json::from_str(args.get(1).map_or("null", String::as_str)).map_err(fail)?;
            drop(g.resume(thread, Command::resume(value)).await?);
        }
        _ => {}
    }
    let state = g.get_state(thread, None).await?;
    // as text: a reader in another language would round the numbers
    Ok(json!({ "text": state.as_ref().map(|s| s.values.to_string()), "next": state.map(|s| s.next_nodes.iter().map(|n| n.to_string()).collect::<Vec<_>>()) }))
}

fn graph(name: &str, store: &str) -> Result<Graph> {
    let checkpointer: Arc<dyn Checkpointer<Job>> =
        if store.ends_with(".db") { Arc::new(SqliteCheckpointer::open(store)?) } else { Arc::new(FileCheckpointer::new(store)) };
    let compiled = match name {
        "review" => review()?,
        "fan" => fan()?,
        "sub" => sub(checkpointer.clone())?,
        "deep" => deep(checkpointer.clone())?,
        "join" => join()?,
        other => return Err(TinyAgentsError::Graph(format!("no graph {other}"))),
    };
    Ok(compiled.with_checkpointer(checkpointer))
}

fn job(topic: &str) -> Job {
    Job { topic: topic.into(), n: 0, ticket: 9007199254740993, score: 1.0, log: vec![] }
}

async fn latest(g: &Graph, thread: &str, id: Option<&str>) -> Result<Value> {
    Ok(match g.get_state(thread, id).await? {
        None => Value::Null,
        Some(s) => json!({
            "id": s.config.checkpoint_id.map(|c| c.to_string()),
            "parent": s.parent_config.and_then(|c| c.checkpoint_id).map(|c| c.to_string()),
            "next": s.next_nodes.iter().map(|n| n.to_string()).collect::<Vec<_>>(),
            "values": s.values,
            "interrupts": s.pending_interrupts.iter().map(|i| i.payload.clone()).collect::<Vec<_>>(),
            "source": s.metadata.source, "step": s.metadata.step,
        }),
    })
}

async fn run(args: Vec<String>) -> Result<Value> {
    let arg = |i: usize| args.get(i).map(String::as_str);
    let (command, store) = (arg(0).unwrap_or(""), arg(1).unwrap_or(""));
    if command == "make" {
        graph("review", store)?.run_with_thread("asked", job("lamps")).await?;
        let done = graph("review", store)?;
        done.run_with_thread("Done/ä", job("bulbs")).await?;
        done.resume("Done/ä", Command::resume(json!("yes"))).await?;
        let _fails = graph("fan", store)?.run_with_thread("fan", job("broken")).await;
        graph("sub", store)?.run_with_thread("sub", job("letters")).await?;
        return Ok(json!({ "made": ["asked", "Done/ä", "fan", "sub"] }));
    }
    if command == "list" {
        let all = if store.ends_with(".db") {
            Checkpointer::<Job>::list_threads(&SqliteCheckpointer::open(store)?).await?
        } else {
            Checkpointer::<Job>::list_threads(&FileCheckpointer::new(store)).await?
        };
        return Ok(json!(all));
    }
    if arg(2) == Some("free") {
        return run_free(command, store, args.get(3..).unwrap_or(&[])).await;
    }
    let g = graph(arg(2).unwrap_or(""), store)?;
    let thread = arg(3).unwrap_or("");
    match command {
        "start" => {
            let raised = g.run_with_thread(thread, job(arg(4).unwrap_or("topic"))).await.err().map(|e| e.to_string());
            let mut after = latest(&g, thread, None).await?;
            after["raised"] = json!(raised);
            Ok(after)
        }
        "state" => latest(&g, thread, arg(4)).await,
        "history" => {
            let mut out = vec![];
            for s in g.get_state_history(thread, None).await? {
                out.push(json!({ "id": s.config.checkpoint_id.map(|c| c.to_string()), "values": s.values, "next": s.next_nodes.iter().map(|n| n.to_string()).collect::<Vec<_>>() }));
            }
            Ok(Value::Array(out))
        }
        "resume" => {
            let value = match arg(4) {
                None | Some("-") => Command::new(),
                Some(text) => Command::resume(serde_json::from_str(text).map_err(|e| TinyAgentsError::Graph(e.to_string()))?),
            };
            let target = arg(5).map_or(ResumeTarget::Latest, |id| ResumeTarget::Checkpoint(id.to_string()));
            let raised = g.resume_from(thread, target, value).await.err().map(|e| e.to_string());
            let mut after = latest(&g, thread, None).await?;
            after["raised"] = json!(raised);
            Ok(after)
        }
        other => Err(TinyAgentsError::Graph(format!("no command {other}"))),
    }
}

#[tokio::main]
async fn main() {
    match run(std::env::args().skip(1).collect()).await {
        Ok(value) => println!("{value}"),
        Err(error) => {
            println!("{}", json!({ "error": error.to_string() }));
            std::process::exit(1);
        }
    }
}
