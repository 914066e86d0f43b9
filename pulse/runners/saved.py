"""The state of a run as a checkpoint holds it: taken from the machines, and given back to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.engine.ledger import Ledger, StepLedger
from pulse.model.time import MAX_TIME
from pulse.state.checkpoints.store import Key

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pulse.runners.execution import Machines

State = dict[Key, Any]
"""The snapshot of every source and stage replica."""


def keys_of(machines: Machines) -> list[Key]:
    """Return the keys of all sources and stage replicas."""
    return [Key("source", name) for name in machines.sources] + [
        Key("stage", name, replica) for name, replica in machines.stages
    ]


def snapshot(machines: Machines, key: Key) -> Any:
    """Return the state of one machine."""
    if key.kind == "source":
        return machines.sources[key.name].snapshot()
    return machines.stages[key.name, key.replica].snapshot()


def restore(machines: Machines, state: Mapping[Key, Any], lost: Collection[str] = ()) -> None:
    """Give machines their state back.

    Args:
        machines: new machines of the same plan.
        state: by key.
        lost: steps that begin without state.
    """
    for key, found in state.items():
        stage = found["stage"] if key.kind == "source" else found
        for name in set(stage["steps"]) & set(lost):
            del stage["steps"][name]
        if key.kind == "source":
            machines.sources[key.name].restore(found)
        else:
            machines.stages[key.name, key.replica].restore(found)


def restore_ledgers(machines: Machines, ledger: Mapping[str, Mapping[str, int]]) -> None:
    """Give the books of a run that is over back to the first replica of every step."""
    books = {name: StepLedger(**step) for name, step in ledger.items()}
    for name, source in machines.sources.items():
        source.context.ledger = books.pop(name, StepLedger())
    for machine in machines.timed.values():
        for node, operator in zip(machine.nodes, machine.operators, strict=True):
            operator.context.ledger = books.pop(node.name, StepLedger())


def positions_of(state: Mapping[Key, Any]) -> dict[str, Any]:
    """Return where each split of each source continues."""
    return {
        key.name: {
            split["name"]: {"position": split["position"], "ended": split["ended"]}
            for split in found["splits"]
        }
        for key, found in state.items()
        if key.kind == "source"
    }


def watermark_of(state: Mapping[Key, Any]) -> int:
    """Return the lowest watermark of the sources, microseconds."""
    marks = [found["stage"]["inputs"]["current"] for key, found in state.items() if key.kind == "source"]
    return min(marks, default=MAX_TIME)


def ledger_of(state: Mapping[Key, Any], sinks: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return where the records of every step were, over all replicas."""
    total = Ledger.total([dict(_ledgers(state)), *({n: StepLedger(**s["ledger"])} for n, s in sinks.items())])
    return {name: step.as_dict() for name, step in total.items()}


def _ledgers(state: Mapping[Key, Any]) -> Iterator[tuple[str, StepLedger]]:
    found: dict[str, StepLedger] = {}
    for key, saved in state.items():
        stage = saved["stage"] if key.kind == "source" else saved
        pairs = [(name, step["ledger"]) for name, step in stage["steps"].items()]
        if key.kind == "source":
            pairs.append((key.name, saved["ledger"]))
        for name, ledger in pairs:
            found.setdefault(name, StepLedger()).add(StepLedger(**ledger))
    yield from found.items()
