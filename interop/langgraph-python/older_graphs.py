"""The graphs of the older stores in fixtures/langgraph-py and fixtures/langgraph-more, in today's LangGraph; none asks a model."""
import operator
import sqlite3
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.serde.encrypted import EncryptedSerializer
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.types import Command, Send, interrupt

from answers import place, stop


class Agent(TypedDict):
    messages: Annotated[list, add_messages]
    budget: int


def agent(saver):
    g = StateGraph(Agent)
    g.add_node("model", lambda s: {"budget": s.get("budget", 0) + 1})
    g.add_node("tools", lambda s: {"budget": 100 * interrupt({"ask": "send?"}) + s.get("budget", 0)})
    g.add_edge(START, "model")
    g.add_conditional_edges("model", lambda s: "tools" if getattr(s["messages"][-1], "tool_calls", None) and s["budget"] < 100 else END, ["tools", END])
    g.add_edge("tools", "model")
    return g.compile(checkpointer=saver)


class Fan(TypedDict):
    topics: list
    jokes: Annotated[list, operator.add]


def fanout(saver):
    g = StateGraph(Fan)
    g.add_node("plan", lambda s: {})
    g.add_node("write", lambda s: {"jokes": [f"joke {s['topic']}"]})
    g.add_node("pick", lambda s: {"topics": [f"best of {len(s['jokes'])}"]})
    g.add_edge(START, "plan")
    g.add_conditional_edges("plan", lambda s: [Send("write", {"topic": t}) for t in s["topics"]], ["write"])
    g.add_edge("write", "pick")
    return g.compile(checkpointer=saver)


class Count(TypedDict):
    n: int


def count(saver):
    g = StateGraph(Count)
    g.add_node("a", lambda s: {"n": s["n"] + 1})
    g.add_node("b", lambda s: {"n": s["n"] * 10})
    g.add_edge(START, "a")
    g.add_edge("a", "b")
    return g.compile(checkpointer=saver)


class Log(TypedDict, total=False):
    log: Annotated[list, operator.add]
    n: int


class Notes(TypedDict, total=False):
    log: Annotated[list, operator.add]


def both(saver):
    """Two sub-graphs that ask at the same time."""

    def sub(name):
        g = StateGraph(Notes)
        g.add_node(f"{name}1", lambda s: {"log": [f"{name}1"]})
        g.add_node(f"{name}2", lambda s: {"log": [f"{name}2 {interrupt('ask ' + name)}"]})
        g.add_edge(START, f"{name}1")
        g.add_edge(f"{name}1", f"{name}2")
        return g.compile()

    g = StateGraph(Log)
    g.add_node("p", sub("p"))
    g.add_node("q", sub("q"))
    g.add_node("fin", lambda s: {"log": ["fin"]})
    g.add_edge(START, "p")
    g.add_edge(START, "q")
    g.add_edge(["p", "q"], "fin")
    return g.compile(checkpointer=saver)


def called(saver):
    """A sub-graph that a node calls."""
    sub = StateGraph(Log)
    sub.add_node("x1", lambda s: {"log": ["x1"]})
    sub.add_node("x2", lambda s: {"log": [f"x2 {interrupt('in called')}"]})
    sub.add_edge(START, "x1")
    sub.add_edge("x1", "x2")
    inner = sub.compile()
    g = StateGraph(Log)
    g.add_node("outer", lambda s: {"log": inner.invoke({"log": [], "n": s.get("n", 0)})["log"], "n": 5})
    g.add_node("fin", lambda s: {"log": [f"fin {s['n']}"]})
    g.add_edge(START, "outer")
    g.add_edge("outer", "fin")
    return g.compile(checkpointer=saver)


GRAPHS = {"agent": agent, "agent-pending": agent, "fanout": fanout, "tt": count, "t": count, "both-ask": both, "called": called}


def carried_on(db: str, graph_name: str, thread: str, checkpoint: str | None, key: str | None) -> list[Any]:
    """Goes on from a thread or one of its checkpoints, and answers what is asked: what LangGraph shows before, and at every stop."""
    conn = sqlite3.connect(db, check_same_thread=False)
    try:
        serde = None if key is None else EncryptedSerializer.from_pycryptodome_aes(key=key.encode())
        graph = GRAPHS[graph_name](SqliteSaver(conn, serde=serde))
        config = place(thread)
        at = place(thread, checkpoint)
        found = [stop(graph.get_state(at))]
        graph.invoke(None, at)
        for _ in range(4):
            state = graph.get_state(config)
            found.append(stop(state))
            if not state.interrupts:
                break
            graph.invoke(Command(resume={i.id: 7 for i in state.interrupts}), config)
        return found
    finally:
        conn.close()
