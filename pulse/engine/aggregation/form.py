"""What one aggregate does to columns: the columnar twin of a ``CombineFn``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulse.engine.aggregation.groups import Groups, Reduction
    from pulse.engine.aggregation.values import Column, Values
    from pulse.model.bundle import Int64s

Parts: TypeAlias = "Mapping[str, Values | Column]"
"""The columns of a partial aggregate by the names of its parts."""


@dataclass(frozen=True, slots=True)
class Records:
    """What an aggregate reads of a run of records.

    Args:
        values: its input; None when it takes whole records.
        by: what it orders by, if it does.
        times: event times, ``int64[n]``.
        rows: the records themselves, when a person's function takes them.
        first: how many records were aggregated before; with the row it tells those of one time apart.
    """

    values: Column | None
    by: Column | None
    times: Int64s
    rows: Sequence[Any] | None
    first: int = 0

    @property
    def column(self) -> Column:
        """The input, of an aggregate that has one."""
        assert self.values is not None  # noqa: S101 - the builders of all kinds but count and combine ask for it
        return self.values


@dataclass(frozen=True, slots=True)
class Merged:
    """Merged partial aggregates on their way to results.

    Args:
        parts: the columns of one aggregate.
        rows: how many records each group has, int64.
        describe: returns the group of a row as text, for errors.
    """

    parts: Parts
    rows: Column
    describe: Callable[[int], str]


class Form(ABC):
    """One aggregate over columns.

    Both steps, from records to partials and from partials to fewer partials, ask first for reductions, which
    all aggregates share one ``group_by`` for, and then make the parts from what came out.
    """

    parts: tuple[str, ...] = ()
    """Names of the columns of a partial aggregate, without their prefix."""

    orders_records: bool = False
    """Whether ``partial`` needs the rows of each group in order."""

    orders_partials: bool = False
    """Whether ``merge`` does."""

    def reduce(self, records: Records) -> Sequence[Reduction]:  # noqa: ARG002 - overridden
        """Return what to reduce of records."""
        return ()

    @abstractmethod
    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Return the parts of each group."""

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:  # noqa: ARG002 - overridden
        """Return what to reduce of partial aggregates."""
        return ()

    @abstractmethod
    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Return the parts of each group, merged in the order of arrival."""

    @abstractmethod
    def extract(self, merged: Merged) -> Values | Column:
        """Return the results."""
