"""The state and timers that a class declares as its attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.model.state.cells import CellSpec
from pulse.model.state.timers import TimerSpec
from pulse.model.trace import caller

if TYPE_CHECKING:
    from collections.abc import Collection


@dataclass(frozen=True)
class Declared:
    """What a process declares.

    Args:
        cells: name and declaration of each state, in the order of the class.
        timers: name and declaration of each timer.
    """

    cells: tuple[tuple[str, CellSpec], ...] = ()
    timers: tuple[tuple[str, TimerSpec], ...] = ()


def declared(owner: type, taken: Collection[str] = ()) -> Declared:
    """Return what a class and its bases declare; a class overrides its bases.

    Args:
        owner: the class.
        taken: names that a declaration may not have.

    Raises:
        PipelineError: for a name that is taken, or a class in place of an object of it; carries the person's
            line.

    Example:
        >>> from pulse.model.state import EventTimer, ValueState
        >>> class Visits:
        ...     seen = ValueState("int64")
        ...     flush = EventTimer()
        >>> found = declared(Visits)
        >>> [name for name, _ in found.cells], [name for name, _ in found.timers]
        (['seen'], ['flush'])
    """
    found: dict[str, Any] = {}
    for base in reversed(owner.__mro__):
        found |= vars(base)
    for name, spec in found.items():
        if isinstance(spec, type) and issubclass(spec, CellSpec | TimerSpec):
            raise PipelineError(
                f"{owner.__name__} declares {name!r} as the class {spec.__name__}, not as an object of it",
                hint=f"write {name} = {spec.__name__}(...)",
                where=_where(),
            )
        if isinstance(spec, CellSpec | TimerSpec) and (name in taken or name.startswith("_")):
            raise PipelineError(
                f"{owner.__name__} declares {type(spec).__name__} {name!r}, but the context has something of "
                "that name already",
                hint=f"choose another name; taken are {', '.join(sorted(taken))}, and names with _ in front",
                where=_where(),
            )
    return Declared(
        tuple((name, spec) for name, spec in found.items() if isinstance(spec, CellSpec)),
        tuple((name, spec) for name, spec in found.items() if isinstance(spec, TimerSpec)),
    )


def _where() -> str | None:
    line = caller()
    return str(line) if line else None
