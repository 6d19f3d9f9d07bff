//! Makes wesichain stores and says what wesichain itself makes of them afterwards.
//!
//! `make STORE` | `load STORE THREAD` | `resume STORE GRAPH THREAD`
//! STORE ending in `.db` is the SQLite backend, anything else a folder of line files. One JSON document on stdout.

use std::collections::BTreeMap;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use wesichain_checkpoint_sqlite::SqliteCheckpointer;
use wesichain_core::{Runnable, StreamEvent, WesichainError};
use wesichain_graph::{
    Checkpointer, ExecutableGraph, ExecutionOptions, FileCheckpointer, GraphBuilder, GraphState, StateSchema,
    StateUpdate,
};

/// Counts add, logs append, everything else is replaced where the update says something.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Job {
    topic: String,
    count: i64,
    ticket: u64,
    score: f64,
    log: Vec<String>,
    extra: BTreeMap<String, Value>,
}

impl StateSchema for Job {
    type Update = Self;
    fn apply(now: &Self, update: Self) -> Self {
        let mut next = now.clone();
        next.count += update.count;
        next.log.extend(update.log);
        next
    }
}

/// A node that says what it saw; `parse` fails while the topic is `broken`.
struct Node(&'static str);

#[async_trait]
impl Runnable<GraphState<Job>, StateUpdate<Job>> for Node {
    async fn invoke(&self, input: GraphState<Job>) -> Result<StateUpdate<Job>, WesichainError> {
        let job = &input.data;
        if self.0 == "parse" && job.topic == "broken" {
            return Err(WesichainError::Custom("parse cannot do broken".into()));
        }
        let line = format!("{} saw {} at {} for {} with {:?}", self.0, job.topic, job.count, job.ticket, job.score);
        Ok(StateUpdate::new(Job { count: 1, log: vec![line], ..Job::default() }))
    }

    fn stream(&self, _input: GraphState<Job>) -> BoxStream<'_, Result<StreamEvent, WesichainError>> {
        stream::empty().boxed()
    }
}

type Error = Box<dyn std::error::Error>;

fn builder(name: &str) -> GraphBuilder<Job> {
    let chain = |nodes: &[&'static str]| {
        let mut built = GraphBuilder::<Job>::new().set_entry(nodes[0]);
        for node in nodes {
            built = built.add_node(node, Node(node));
        }
        for pair in nodes.windows(2) {
            built = built.add_edge(pair[0], pair[1]);
        }
        built
    };
    match name {
        "fan" => {
            let mut built = GraphBuilder::<Job>::new().set_entry("split");
            for node in ["split", "left", "right", "slow"] {
                built = built.add_node(node, Node(node));
            }
            built.add_edges("split", &["left", "right", "slow"])
        }
        "flaky" => chain(&["fetch", "parse", "store"]),
        _ => chain(&["plan", "draft", "review", "publish"]),
    }
}

async fn graph(name: &str, store: &str) -> Result<ExecutableGraph<Job>, Error> {
    let built = builder(name);
    Ok(if store.ends_with(".db") {
        let url = format!("sqlite://{store}?mode=rwc");
        built.with_checkpointer(SqliteCheckpointer::builder(url.as_str()).build().await?, "unused").build()
    } else {
        built.with_checkpointer(FileCheckpointer::new(store), "unused").build()
    })
}

async fn run(name: &str, store: &str, thread: &str, state: Job, options: ExecutionOptions) -> Result<Value, Error> {
    let options = ExecutionOptions { checkpoint_thread_id: Some(thread.into()), ..options };
    let done = graph(name, store).await?.invoke_graph_with_options(GraphState::new(state), options).await;
    let mut after = load(store, thread).await?;
    after["raised"] = done.err().map_or(Value::Null, |e| json!(e.to_string()));
    Ok(after)
}

async fn load(store: &str, thread: &str) -> Result<Value, Error> {
    let saved = if store.ends_with(".db") {
        let url = format!("sqlite://{store}?mode=rwc");
        let checkpointer = SqliteCheckpointer::builder(url.as_str()).build().await?;
        Checkpointer::<Job>::load(&checkpointer, thread).await?
    } else {
        Checkpointer::<Job>::load(&FileCheckpointer::new(store), thread).await?
    };
    Ok(match saved {
        None => json!({ "thread": null }),
        Some(c) => json!({
            "thread": c.thread_id, "step": c.step, "node": c.node, "data": c.state.data,
            "queue": c.queue.iter().map(|(node, path)| json!([node, path.to_string()])).collect::<Vec<_>>(),
        }),
    })
}

fn job(topic: &str) -> Job {
    let extra = BTreeMap::from([("one".to_string(), json!(1.0)), ("big".to_string(), json!(u64::MAX))]);
    Job { topic: topic.into(), ticket: 9007199254740993, score: 1.0, extra, ..Job::default() }
}

async fn answer(args: &[String]) -> Result<Value, Error> {
    let arg = |i: usize| args.get(i).map_or("", String::as_str);
    let store = arg(1);
    let plain = ExecutionOptions::default;
    match arg(0) {
        "make" => {
            run("linear", store, "done", job("tides"), plain()).await?;
            let gate = ExecutionOptions { interrupt_before: vec!["review".into()], ..plain() };
            run("linear", store, "gate", job("lamps"), gate).await?;
            run("flaky", store, "failed", job("broken"), plain()).await?;
            run("fan", store, "fan", job("storms"), plain()).await?;
            Ok(json!({ "made": ["done", "gate", "failed", "fan"] }))
        }
        "load" => load(store, arg(2)).await,
        "resume" => run(arg(2), store, arg(3), Job::default(), ExecutionOptions { auto_resume: true, ..plain() }).await,
        other => Err(format!("no command {other}").into()),
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
