"""Makes LangGraph stores, and says what LangGraph itself makes of them afterwards.

Usage: driver.py make DB | state DB GRAPH THREAD [CHECKPOINT] | history DB GRAPH THREAD
       | resume DB GRAPH THREAD [--value JSON] [--checkpoint ID] | make-delta DB
       | both GRAPH DB THREAD CHECKPOINT DB THREAD CHECKPOINT | older LIST | versions
`both` goes on from a checkpoint of either store (`-`: from the thread), answers what is asked, and adds another turn. `older` goes
on in stores of older layouts and encrypted ones: LIST is JSON, `[[DB, GRAPH, THREAD, CHECKPOINT or null, KEY or null], …]`.
Every command prints one JSON document. Models are scripted: nothing is asked of a network.
"""
import json
import operator
import sqlite3
import sys
from importlib.metadata import version
from typing import Annotated, TypedDict

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, Send, interrupt

from answers import place, plain, stop
from scripted_model import ScriptedModel


class Shop(MessagesState):
    notes: Annotated[list, operator.add]
    plan: str
    budget: float
    ticket: int


def clerk(state: Shop):
    said = sum(isinstance(m, AIMessage) for m in state["messages"])
    if said == 0:
        call = {"name": "look_up", "args": {"order": "48213"}, "id": "call-1"}
        return {"messages": [AIMessage("Looking it up.", id="ai-1", tool_calls=[call])], "plan": "refund in full"}
    if said == 1:
        call = {"name": "refund", "args": {"order": "48213", "amount": state["budget"]}, "id": "call-2"}
        return {"messages": [AIMessage(f"Plan: {state['plan']}.", id="ai-2", tool_calls=[call])]}
    return {"messages": [AIMessage(f"Done with {state['plan']} at {state['budget']!r} for {state['ticket']!r}.", id="ai-3")]}


def desk(state: Shop):
    call = state["messages"][-1].tool_calls[0]
    if call["name"] == "refund":
        answer = interrupt({"question": "approve?", "amount": call["args"]["amount"]})
        return {"messages": [ToolMessage(f"answer {answer!r}", tool_call_id=call["id"], id="tool-2")], "notes": [f"asked {call['args']['amount']!r}"]}
    return {"messages": [ToolMessage("lost in transit", tool_call_id=call["id"], id="tool-1")], "notes": ["looked up"], "budget": 240.0}


def to_desk(state: Shop):
    last = state["messages"][-1]
    return "desk" if getattr(last, "tool_calls", None) else END


def shop(saver):
    g = StateGraph(Shop)
    g.add_node("clerk", clerk)
    g.add_node("desk", desk)
    g.add_edge(START, "clerk")
    g.add_conditional_edges("clerk", to_desk, ["desk", END])
    g.add_edge("desk", "clerk")
    return g.compile(checkpointer=saver)


class Fan(TypedDict):
    topics: list
    found: Annotated[list, operator.add]
    limit: int


def fan(saver):
    def worker(arg):
        if arg["topic"] == "broken":
            raise ValueError("broken topic")
        return {"found": [f"{arg['topic']}!"]}

    g = StateGraph(Fan)
    g.add_node("plan", lambda s: {"limit": 3})
    g.add_node("worker", worker)
    g.add_node("sum", lambda s: {"found": [f"{len(s['found'])} found"]})
    g.add_edge(START, "plan")
    g.add_conditional_edges("plan", lambda s: [Send("worker", {"topic": t}) for t in s["topics"]], ["worker"])
    g.add_edge("worker", "sum")
    g.add_edge("sum", END)
    return g.compile(checkpointer=saver)


class Outer(TypedDict):
    text: str
    log: Annotated[list, operator.add]


def nested(saver):
    child = StateGraph(Outer)
    child.add_node("draft", lambda s: {"text": s["text"] + " drafted", "log": ["draft"]})
    child.add_node("review", lambda s: {"log": [f"review {interrupt({'review': s['text']})}"]})
    child.add_edge(START, "draft")
    child.add_edge("draft", "review")
    child.add_edge("review", END)
    g = StateGraph(Outer)
    g.add_node("prep", lambda s: {"text": s["text"] + " prepared", "log": ["prep"]})
    g.add_node("child", child.compile())
    g.add_node("fin", lambda s: {"log": [f"fin {s['text']}"]})
    g.add_edge(START, "prep")
    g.add_edge("prep", "child")
    g.add_edge("child", "fin")
    g.add_edge("fin", END)
    return g.compile(checkpointer=saver)


def keeper(saver):
    """A sub-graph that keeps its own state from run to run, beside a node that does not wait for it."""
    child = StateGraph(Outer)
    child.add_node("note", lambda s: {"log": ["note"]})
    child.add_node("ask", lambda s: {"log": [f"answer {interrupt({'keep': s['text']})}"]})
    child.add_edge(START, "note")
    child.add_edge("note", "ask")
    child.add_edge("ask", END)
    g = StateGraph(Outer)
    g.add_node("prep", lambda s: {"text": s["text"] + "!"})
    g.add_node("memory", child.compile(checkpointer=True))
    g.add_node("beside", lambda s: {"log": ["beside"]})
    g.add_node("fin", lambda s: {"log": ["fin"]})
    g.add_edge(START, "prep")
    g.add_edge("prep", "memory")
    g.add_edge("prep", "beside")
    g.add_edge(["memory", "beside"], "fin")
    return g.compile(checkpointer=saver)


class Mailer(ScriptedModel):
    def reply(self, messages, said):
        if said == 0:
            return AIMessage("Sending it.", id="ai-1", tool_calls=[{"name": "send_mail", "args": {"to": "old@example.org"}, "id": "call-1"}])
        return AIMessage(f"Sent: {messages[-1].content}", id="ai-2")


@tool
def send_mail(to: str) -> str:
    """Sends a mail."""
    return f"mailed {to}"


def agent(saver):
    return create_agent(Mailer(), [send_mail], checkpointer=saver, interrupt_before=["tools"])


def deep(saver):
    import delta_graphs

    return delta_graphs.deep(saver)


def delta_desk(saver):
    import delta_graphs

    return delta_graphs.desk(saver)


GRAPHS = {"desk": delta_desk, "deep": deep, "shop": shop, "fan": fan, "nested": nested, "agent": agent, "keeper": keeper}


def snapshot(s):
    return {
        "id": s.config["configurable"].get("checkpoint_id"),
        "parent": (s.parent_config or {}).get("configurable", {}).get("checkpoint_id"),
        **stop(s),
        "errors": [t.error for t in s.tasks if t.error],
        "metadata": {k: s.metadata.get(k) for k in ("source", "step")} if s.metadata else None,
    }


def carried_on(db, graph_name, thread, checkpoint):
    """What becomes of a thread that goes on from a checkpoint: every stop on the way, then another turn of the conversation."""
    from delta_graphs import ANSWERS

    with SqliteSaver.from_conn_string(db) as saver:
        graph = GRAPHS[graph_name](saver)
        config = place(thread)
        stops = []

        def asked():
            state = graph.get_state(config)
            stops.append(stop(state))
            return state.interrupts

        graph.invoke(None, place(thread, None if checkpoint == "-" else checkpoint))
        for turn in ("and then?", "go on", None):
            while asked():
                graph.invoke(Command(resume=ANSWERS[graph_name]), config)
            if turn is not None:
                graph.invoke({"messages": [HumanMessage(turn, id=f"h-{turn}")]}, config)
        return stops


def main(argv):
    command = argv[0]
    if command == "both":
        name, *rest = argv[1:]
        return [carried_on(rest[0], name, *rest[1:3]), carried_on(rest[3], name, *rest[4:6])]
    if command == "older":
        import older_graphs

        return [older_graphs.carried_on(*one) for one in json.loads(argv[1])]
    if command == "versions":
        return {p: version(p) for p in ("langgraph", "langgraph-checkpoint", "langgraph-checkpoint-sqlite", "langchain", "langchain-core", "deepagents")}
    with SqliteSaver.from_conn_string(argv[1]) as saver:
        if command == "make":
            shop(saver).invoke({"messages": [HumanMessage("Where is my lamp?", id="h-1")], "ticket": 9007199254740993, "budget": 1.0}, place("shop"))
            shop(saver).invoke({"messages": [HumanMessage("And mine?", id="h-1")], "ticket": 7, "budget": 2.0}, place("done"))
            shop(saver).invoke(Command(resume="yes"), place("done"))
            try:
                fan(saver).invoke({"topics": ["a", "broken", "c"], "found": [], "limit": 0}, place("fan"))
            except ValueError:
                pass
            nested(saver).invoke({"text": "letter", "log": []}, place("nested"))
            keeper(saver).invoke({"text": "diary", "log": []}, place("keeper"))
            keeper(saver).invoke(Command(resume="one"), place("keeper"))
            agent(saver).invoke({"messages": [HumanMessage("Mail it.", id="h-1")]}, place("agent"))
            return {"made": sorted(GRAPHS)}
        if command == "make-delta":
            from delta_graphs import ANSWERS

            for name in ("desk", "deep"):
                graph = GRAPHS[name](saver)
                config = place(name)
                graph.invoke({"messages": [HumanMessage("hello", id="h-hello")]}, config)
                graph.invoke(Command(resume=ANSWERS[name]), config)
                graph.invoke({"messages": [HumanMessage("once more", id="h-more")]}, config)
            return {"made": ["deep", "desk"]}
        graph = GRAPHS[argv[2]](saver)
        config = place(argv[3])
        rest = argv[4:]
        value = None
        while rest:
            option = rest.pop(0)
            if option == "--value":
                value = Command(resume=json.loads(rest.pop(0)))
            elif option == "--checkpoint":
                config["configurable"]["checkpoint_id"] = rest.pop(0)
            else:
                raise SystemExit(f"unknown option {option}")
        if command == "state":
            return snapshot(graph.get_state(config))
        if command == "history":
            return [snapshot(s) for s in graph.get_state_history(config)]
        if command == "resume":
            try:
                graph.invoke(value, config)
            except Exception as error:  # the error is the answer
                return {"raised": f"{type(error).__name__}: {error}", **snapshot(graph.get_state(place(argv[3])))}
            return snapshot(graph.get_state(place(argv[3])))
    raise SystemExit(f"unknown command {command}")


if __name__ == "__main__":
    sqlite3.enable_callback_tracebacks(True)
    print(json.dumps(main(sys.argv[1:]), ensure_ascii=False))
