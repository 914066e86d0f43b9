"""State that a ``Process`` keeps per key and window, as it is declared in its class.

The objects that a running process reads and writes under the same names are another type, in
``pulse.engine.process``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from pulse.errors import PipelineError
from pulse.model.aggregates import Aggregate, CombineFn
from pulse.model.aggregates.reference import KINDS
from pulse.model.arguments import placed
from pulse.model.expressions import col
from pulse.model.state.kinds import ANY, kinds_of, misfit
from pulse.model.time import Duration, micros

if TYPE_CHECKING:
    from collections.abc import Callable

Kinds: TypeAlias = frozenset[type]
"""Python types of values."""

_MUTABLE = (list, dict, set)
_WITH_OPTIONS = {"top_k", "bottom_k", "approx_quantile"}
_EDGES = {"first", "last"}


@dataclass(frozen=True, kw_only=True)
class CellSpec:
    """What all state has.

    Args:
        ttl: how long it lives after it was last written, in event time; None: as long as its window.
    """

    ttl: Duration | None = None

    def __post_init__(self) -> None:
        _ = self.ttl_us

    @cached_property
    def ttl_us(self) -> int | None:
        """The time to live in microseconds."""
        if self.ttl is None:
            return None
        length = micros(self.ttl, name="ttl")
        if length <= 0:
            raise PipelineError(f"ttl {self.ttl!r} is not positive", hint="use a length such as '1h'")
        return length


@placed
@dataclass(frozen=True)
class ValueState(CellSpec):
    """One value: ``read()``, ``write(value)``, ``clear()``.

    Args:
        type: name of its type, such as ``"int64"``; ``"any"`` for any plain data.
        default: what ``read`` gives while nothing is written.

    Example:
        >>> ValueState("int64", default=0)
        ValueState(ttl=None, type='int64', default=0)
    """

    type: str = ANY
    default: Any = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.default, _MUTABLE):
            raise PipelineError(
                f"default {self.default!r} of a ValueState can be changed in place, and would be shared by "
                "all keys",
                hint="use ListState, MapState or SetState, or a tuple",
            )
        if self.default.__class__ not in self.kinds:
            raise PipelineError(misfit("default", self.type, self.default).message)

    @cached_property
    def kinds(self) -> Kinds:
        """The Python types that it holds."""
        return kinds_of(self.type)


@placed
@dataclass(frozen=True)
class ListState(CellSpec):
    """Values in the order in which they were added: ``add(value)``, iteration, ``len``, ``clear()``.

    Args:
        type: name of the type of each value; ``"any"`` for any plain data.
    """

    type: str = ANY

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.kinds

    @cached_property
    def kinds(self) -> Kinds:
        """The Python types of its values."""
        return kinds_of(self.type)


@placed
@dataclass(frozen=True)
class SetState(ListState):
    """Distinct values by the order in which they came: ``add``, ``discard``, ``in``, ``clear()``.

    Args:
        type: name of the type of each value; ``"any"`` for any plain data that can be hashed.
    """


@placed
@dataclass(frozen=True)
class MapState(CellSpec):
    """Values by keys of their own: ``state[key]``, ``get``, ``in``, ``del``, ``items()``, ``clear()``.

    Args:
        key: name of the type of its keys.
        value: name of the type of its values.
    """

    key: str = ANY
    value: str = ANY

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.key_kinds, self.kinds

    @cached_property
    def key_kinds(self) -> Kinds:
        """The Python types of its keys."""
        return kinds_of(self.key)

    @cached_property
    def kinds(self) -> Kinds:
        """The Python types of its values."""
        return kinds_of(self.value)


@placed
@dataclass(frozen=True)
class CombiningState(CellSpec):
    """Values folded into one as they are added: ``add(value)``, ``read()``, ``clear()``.

    Args:
        combine: a ``CombineFn``, an aggregate such as ``count()`` or ``sum("score")`` (of which only the
            function counts: it is given values), or the builder of one, such as ``sum``.

    Raises:
        PipelineError: when it is none of these, or an aggregate that needs more than values.

    Example:
        >>> from pulse.model.aggregates import mean
        >>> CombiningState(mean).function.over([1, 2, 6])
        3.0
    """

    combine: CombineFn | type[CombineFn] | Aggregate | Callable[..., Aggregate]

    def __post_init__(self) -> None:
        super().__post_init__()
        _ = self.function

    @cached_property
    def function(self) -> CombineFn:
        """The function that folds."""
        given: Any = self.combine
        if isinstance(given, CombineFn):
            return given
        if isinstance(given, type) and issubclass(given, CombineFn):
            return given()
        if not isinstance(given, Aggregate):
            kind = given if isinstance(given, str) else getattr(given, "__name__", None)
            given = _aggregate(kind)
        if given is None or given.by is not None or given.kind in _EDGES:
            raise PipelineError(
                f"CombiningState cannot fold with {self.combine!r}",
                hint="use count, sum, mean, min, max, a CombineFn of your own; for the first or last value, "
                "ValueState",
            )
        return given.combine_fn()  # type: ignore[no-any-return]


def _aggregate(kind: str | None) -> Aggregate | None:
    """Return the aggregate over values that a builder is for; None when it needs more than its name."""
    if kind not in KINDS or kind in _WITH_OPTIONS:
        return None
    return Aggregate(kind, None if kind == "count" else col("value"))
