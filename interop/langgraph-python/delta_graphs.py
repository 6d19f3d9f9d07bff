"""Graphs with delta channels: LangGraph stores updates of these and rebuilds the values. One has reducers of its own, one is a deep agent."""
from typing import Annotated, TypedDict

from langchain_core.messages import AIMessage, HumanMessage, RemoveMessage
from langchain_core.tools import tool
from langgraph.channels.delta import DeltaChannel
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import _messages_delta_reducer
from langgraph.types import interrupt

from scripted_model import ScriptedModel


def extend(state, writes):
    return list(state or []) + [item for write in writes for item in write]


def best(state, writes):
    """A reducer that no debugger can guess: the highest score of each name, doubled once it is beaten."""
    scores = dict(state or {})
    for write in writes:
        for name, score in write.items():
            scores[name] = score if name not in scores else max(scores[name], 2 * score)
    return scores


class Desk(TypedDict):
    messages: Annotated[list, DeltaChannel(_messages_delta_reducer, snapshot_frequency=5)]
    log: Annotated[list, DeltaChannel(extend, snapshot_frequency=4)]
    scores: Annotated[dict, DeltaChannel(best, snapshot_frequency=50)]
    rounds: int


def desk(saver):
    def think(state: Desk):
        n = state.get("rounds", 0) + 1
        thought = AIMessage(f"thought {n} after {len(state['messages'])} and {len(state['log'])}", id=f"think-{n}")
        return {"rounds": n, "messages": [thought], "log": [f"think {n}"]}

    def side(name, score):
        def node(state: Desk):
            return {"log": [f"{name} {state['rounds']}"], "scores": {name: score + state["rounds"], "both": score}}

        return node

    def close(state: Desk):
        seen = f"{sorted(state['scores'].items())} {state['log']}"
        answer = interrupt({"question": "close?", "seen": seen})
        gone = [RemoveMessage(id=f"think-{state['rounds'] - 1}")] if state["rounds"] > 1 else []
        return {"messages": [*gone, AIMessage(f"closed: {answer}; {seen}", id=f"close-{state['rounds']}")], "log": [f"close {state['rounds']}"]}

    g = StateGraph(Desk)
    g.add_node("think", think)
    g.add_node("left", side("left", 3))
    g.add_node("right", side("right", 2))
    g.add_node("close", close)
    g.add_edge(START, "think")
    g.add_edge("think", "left")
    g.add_edge("think", "right")
    g.add_edge("left", "close")
    g.add_edge("right", "close")
    g.add_edge("close", END)
    return g.compile(checkpointer=saver)


class Writer(ScriptedModel):
    """Writes a file, asks to send it, says what became of it; told again, the same once more."""

    def reply(self, messages, said):
        asked = [m for m in messages if isinstance(m, HumanMessage)][-1].content
        if said % 3 == 0:
            args = {"file_path": f"/letter-{said}.txt", "content": f"Dear reader,\n{asked}\n"}
            return AIMessage("Writing it down.", id=f"ai-{said}", tool_calls=[{"name": "write_file", "args": args, "id": f"call-{said}"}])
        if said % 3 == 1:
            call = {"name": "send_letter", "args": {"file": f"/letter-{said - 1}.txt", "to": "old@example.org"}, "id": f"call-{said}"}
            return AIMessage("Sending it.", id=f"ai-{said}", tool_calls=[call])
        return AIMessage(f"Done: {messages[-1].content}", id=f"ai-{said}")


@tool
def send_letter(file: str, to: str) -> str:
    """Sends a letter."""
    return f"sent {file} to {to}"


def deep(saver):
    from deepagents import create_deep_agent

    return create_deep_agent(model=Writer(), tools=[send_letter], interrupt_on={"send_letter": True}, checkpointer=saver)


ANSWERS = {"desk": "yes", "deep": {"decisions": [{"type": "approve"}]}}
