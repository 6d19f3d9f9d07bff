"""Makes branches of atomr's Python host and says what that host makes of them afterwards.

make ROOT | all ROOT | load ROOT AGENT BRANCH | go-on ROOT AGENT BRANCH NAME TEXT | fork ROOT AGENT SOURCE NEW | switch ROOT AGENT BRANCH
One JSON document on stdout; NaN and infinities as {"$float": …}.
"""

import json
import math
import sys

from atomr_agents.agent_host.branching import (
    current_branch,
    fork_branch,
    latest_checkpoint,
    list_branches,
    list_checkpoints,
    prune_branch,
    switch_branch,
    write_checkpoint,
)
from atomr_agents.agent_host.events import EventLog, EventRecord
from atomr_agents.agent_host.layout import HostPaths


def tagged(value):
    if isinstance(value, float) and not math.isfinite(value):
        name = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        return {"$float": name}
    if isinstance(value, dict):
        return {key: tagged(member) for key, member in value.items()}
    return [tagged(item) for item in value] if isinstance(value, list) else value


def shown(checkpoint):
    return None if checkpoint is None else {
        "branch_id": checkpoint.branch_id,
        "agent_id": checkpoint.agent_id,
        "ts_ms": checkpoint.ts_ms,
        "name": checkpoint.path.name,
        "working_memory": tagged(checkpoint.working_memory),
        "thread_head": checkpoint.thread_head,
        "parent_branch": checkpoint.parent_branch,
    }


def make(root):
    host = HostPaths(root)
    log = EventLog(host.root / "events.jsonl")
    alpha = host.agent("alpha")
    first = 1_795_267_400_000
    for n in range(4):
        memory = {"counter": n, "plan": ["read", "think", "act"][:n], "notes": {"one": 1.0, "big": 2**53 + 1, "text": "Grüße 🦦"}}
        # The second and third fall into one millisecond: the host takes the next name.
        write_checkpoint(alpha, "main", working_memory=memory, thread_head={"thread": "t-1", "msg": n}, ts_ms=first + n // 2)
    fork_branch(alpha, source_branch="main", new_branch="bench")
    log.emit("branch.forked", agent_id="alpha", source="main", new="bench")
    latest = latest_checkpoint(alpha, "bench")
    write_checkpoint(alpha, "bench", working_memory={"counter": 40, "extra": True}, ts_ms=latest.ts_ms + 5)
    switch_branch(alpha, "bench")
    # Names as numbers and names as text have another order here.
    for name in (1000, 999, 17):
        write_checkpoint(alpha, "short", working_memory={"name": name}, ts_ms=name)
    odd = {"nan": math.nan, "low": -math.inf, "high": math.inf, "huge": 2**70, "neg": -0.0, "e": 1e21, "": "empty", "a.b": None}
    write_checkpoint(alpha, "odd", working_memory=odd, ts_ms=first)
    for n in range(5):
        write_checkpoint(alpha, "pruned", working_memory={"i": n}, parent_branch="main", ts_ms=first + n)
    prune_branch(alpha, "pruned", keep=2)
    write_checkpoint(host.agent("бета"), "main", working_memory={}, ts_ms=first)
    log.append(EventRecord(kind="tool.called", ts_ms=first + 0.5, agent_id=None, payload={"name": "search"}))


def everything(root):
    host = HostPaths(root)
    agents = []
    for agent in sorted(path.name for path in (host.root / "agents").iterdir()):
        paths = host.agent(agent)
        branches = [
            {
                "branch": branch,
                "checkpoints": [shown(one) for one in list_checkpoints(paths, branch)],
                "latest": shown(latest_checkpoint(paths, branch)),
            }
            for branch in list_branches(paths)
        ]
        agents.append({"agent_id": agent, "current": current_branch(paths), "branches": branches})
    return {"backend": "host", "made_with": {"atomr-agents (PyPI)": "0.21.0"}, "agents": agents}


def answer(command, root, *args):
    host = HostPaths(root)
    if command == "make":
        make(root)
        return {"made": True}
    if command == "all":
        return everything(root)
    paths = host.agent(args[0])
    if command == "load":
        return shown(latest_checkpoint(paths, args[1]))
    if command == "switch":
        return {"loaded": shown(switch_branch(paths, args[1])), "current": current_branch(paths)}
    if command == "fork":
        return shown(fork_branch(paths, source_branch=args[1], new_branch=args[2]))
    if command == "go-on":
        # What a host does: takes the latest memory, changes it, writes the next checkpoint.
        memory = dict(latest_checkpoint(paths, args[1]).working_memory)
        memory[args[2]] = args[3]
        return shown(write_checkpoint(paths, args[1], working_memory=memory))
    raise SystemExit(f"no command {command}")


try:
    print(json.dumps(answer(*sys.argv[1:]), ensure_ascii=False))
except Exception as error:  # what the host raises is an answer too
    print(json.dumps({"error": f"{type(error).__name__}: {error}"}))
