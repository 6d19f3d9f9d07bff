"""What LangGraph holds of a thread, as JSON: values with the Python type of every number visible, and where a run has stopped."""
from typing import Any

from langchain_core.messages import BaseMessage, ToolMessage


def plain(value: Any):
    """State as JSON: enough to compare."""
    if isinstance(value, BaseMessage):
        # The id of a tool's answer is drawn by chance.
        identity = None if isinstance(value, ToolMessage) and value.id not in ("tool-1", "tool-2") else value.id
        return {"message": type(value).__name__, "id": identity, "content": value.content, "tool_calls": plain(getattr(value, "tool_calls", []))}
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, (int, float)):
        return {type(value).__name__: repr(value)}
    if isinstance(value, dict):
        if "modified_at" in value:  # a file of a deep agent: its times are those of the run
            return {"content": value["content"]}
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return repr(value)


def stop(state):
    """Where a run has stopped: what is next, what it holds, what it asks."""
    return {"next": list(state.next), "values": plain(state.values), "interrupts": [plain(i.value) for i in state.interrupts]}


def place(thread: str, checkpoint: str | None = None):
    """The configuration that names a thread, or one of its checkpoints."""
    return {"configurable": {"thread_id": thread, **({} if checkpoint is None else {"checkpoint_id": checkpoint})}}
