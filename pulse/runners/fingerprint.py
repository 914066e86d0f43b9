"""What of a plan must be the same for the state of a checkpoint to fit, and what differs."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.errors import StateError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Collection

    from pulse.graph.logical import Node
    from pulse.graph.plan import Plan
    from pulse.runners.execution import Machines

_HARMLESS = {"on_error", "trace", "where"}


def fingerprint(plan: Plan, machines: Machines) -> dict[str, Any]:
    """Return the plan as plain data: its stages and edges, and what the steps that keep state are.

    What a step without state does is not part of it: a corrected filter or function goes on with the state.

    Args:
        plan: the plan.
        machines: machines made of it, which know what keeps state.
    """
    stateful = {
        node.name: node
        for machine in machines.timed.values()
        for node, operator in zip(machine.nodes, machine.operators, strict=True)
        if operator.stateful
    }
    return {
        "parallelism": plan.parallelism,
        "stages": [
            {"name": s.name, "steps": [node.name for node in s.nodes], "replicas": s.replicas}
            for s in plan.stages
        ],
        "edges": [f"{edge} #{edge.position} {plan.how(edge)}" for edge in plan.edges],
        "splits": {name: [split.name for split in s.splits] for name, s in machines.sources.items()},
        "steps": {name: _declared(plan, node) for name, node in stateful.items()},
    }


def refuse_other(
    saved: Mapping[str, Any], now: Mapping[str, Any], number: int, allowed: Collection[str] = ()
) -> set[str]:
    """Return the steps whose state is given up, when a plan can go on from a checkpoint at all.

    Args:
        saved: the fingerprint in the checkpoint.
        now: that of the plan.
        number: the checkpoint.
        allowed: steps that may lose their state.

    Raises:
        StateError: names the steps that would keep, gain or lose state, or both parallelisms.
    """
    if saved["parallelism"] != now["parallelism"]:
        raise StateError(
            f"checkpoint {number} was taken with parallelism {saved['parallelism']}, and this run has "
            f"{now['parallelism']}",
            hint=f"run with --parallelism {saved['parallelism']}, or start over with --fresh",
        )
    before, after = saved["steps"], now["steps"]
    kept = [name for name in after if before.get(name) == after[name]]
    changed = [name for name in after if name in before and before[name] != after[name]]
    unknown = sorted(set(allowed) - set(before) - set(after))
    if unknown:
        raise StateError(
            f"step {unknown[0]!r}, whose state may be lost, keeps none; {_listed('keep', after)}",
            hint=did_you_mean(unknown[0], after),
        )
    elsewhere = [key for key in ("stages", "edges", "splits") if saved[key] != now[key]]
    if not elsewhere and set(changed) <= set(allowed):
        return set(changed)
    lost = [*changed, *(name for name in before if name not in after)]
    gained = [name for name in after if name not in before]
    parts = [_listed("keep", kept), _listed("lose", lost), _listed("gain", gained)]
    moved = f"; its {' and '.join(elsewhere)} are others" if elsewhere else ""
    flags = " ".join(f"--allow-state-loss {name!r}" for name in changed)
    raise StateError(
        f"the pipeline is not the one of checkpoint {number}: {'; '.join(filter(None, parts))}{moved}",
        hint="run the pipeline that it was, or start over with --fresh"
        if elsewhere
        else f"start over with --fresh, or give up the state of what changed with {flags}",
    )


def _listed(verb: str, names: Collection[str]) -> str:
    return f"steps that {verb} state: {', '.join(map(repr, names))}" if names else ""


def _declared(plan: Plan, node: Node) -> dict[str, Any]:
    reads = [describe(plan.graph.types[port]) for port in node.inputs]
    return {"is": describe(node.op), "reads": reads}


def describe(value: Any) -> str:  # noqa: PLR0911 - one line per kind of value
    """Return a declaration as text that is the same in every process: functions and classes by name.

    Example:
        >>> from datetime import timedelta
        >>> describe({"size": timedelta(seconds=5), "keys": ("a",), "fn": describe})
        "{'fn': pulse.runners.fingerprint.describe, 'keys': ['a'], 'size': 0:00:05}"
    """
    if isinstance(value, str | bytes | int | float | None):
        return repr(value)
    if isinstance(value, Mapping):
        pairs = sorted(f"{describe(key)}: {describe(item)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, AbstractSet):
        return f"{{{', '.join(sorted(map(describe, value)))}}}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(describe, value))}]"
    if isinstance(value, pa.Schema):
        return describe([f"{each.name} {each.type}" for each in value])
    if isinstance(value, partial):
        return f"partial({describe(value.func)}, {describe(value.args)}, {describe(value.keywords)})"
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    kind = type(value)
    if is_dataclass(value):
        given = [
            f"{f.name}={describe(getattr(value, f.name))}" for f in fields(value) if f.name not in _HARMLESS
        ]
        return f"{kind.__qualname__}({', '.join(given)})"
    text = str(value)
    return f"{kind.__module__}.{kind.__qualname__}" if " at 0x" in text else text
