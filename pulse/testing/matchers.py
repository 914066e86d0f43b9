"""What a collection is expected to hold, as values that say in words and in a table what is wrong."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.model.time import format_time
from pulse.testing.compare import canonical, differences, table
from pulse.testing.stream import Moment, moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pulse.model.panes import Timing
    from pulse.runners.result import Outcome


class Matcher(ABC):
    """Judges the records of a collection."""

    @abstractmethod
    def problem(self, outcomes: Sequence[Outcome]) -> str | None:
        """Return what is wrong with them, or None."""


@dataclass(frozen=True)
class Exactly(Matcher):
    """The records are these and no others.

    Args:
        expected: the records.
        ordered: whether their order counts.
    """

    expected: tuple[Any, ...]
    ordered: bool

    def problem(self, outcomes: Sequence[Outcome]) -> str | None:
        """Return a table of missing and unexpected records."""
        actual = [outcome.record for outcome in outcomes]
        rows = differences(actual, self.expected)
        if rows:
            return _counted(rows, len(actual))
        if self.ordered and list(map(canonical, actual)) != list(map(canonical, self.expected)):
            order = ", ".join(map(repr, actual))
            return f"the records are right, but in another order: {order}; use contains_in_any_order"
        return None


@dataclass(frozen=True)
class Among(Matcher):
    """These records are among those of the collection."""

    expected: tuple[Any, ...]

    def problem(self, outcomes: Sequence[Outcome]) -> str | None:
        """Return a table of missing records."""
        rows = differences((outcome.record for outcome in outcomes), self.expected)
        missing = [row for row in rows if row[0] == "missing"]
        return _counted(missing, len(outcomes)) if missing else None


@dataclass(frozen=True)
class Satisfying(Matcher):
    """Every record meets a condition."""

    condition: Callable[[Any], bool]

    def problem(self, outcomes: Sequence[Outcome]) -> str | None:
        """Return a table of the records that do not."""
        wrong = [("unexpected", o.record) for o in outcomes if not self.condition(o.record)]
        return _counted(wrong, len(outcomes)) if wrong else None


@dataclass(frozen=True)
class Part(Matcher):
    """A matcher for some of the records.

    Args:
        name: which records.
        chosen: says of an outcome whether it is one of them.
        matcher: judges them.
    """

    name: str
    chosen: Callable[[Outcome], bool]
    matcher: Matcher

    def problem(self, outcomes: Sequence[Outcome]) -> str | None:
        """Return what is wrong with those records."""
        found = self.matcher.problem([outcome for outcome in outcomes if self.chosen(outcome)])
        return f"{self.name}: {found}" if found else None


def equal_to(records: Iterable[Any]) -> Matcher:
    """Expect exactly these records, in this order.

    Floats are compared to nine digits, here and in the others.
    """
    return Exactly(tuple(records), ordered=True)


def contains_in_any_order(records: Iterable[Any]) -> Matcher:
    """Expect exactly these records, in any order."""
    return Exactly(tuple(records), ordered=False)


def contains(*records: Any) -> Matcher:
    """Expect these records, perhaps among others."""
    return Among(records)


def is_empty() -> Matcher:
    """Expect no records."""
    return Exactly((), ordered=False)


def every(condition: Callable[[Any], bool]) -> Matcher:
    """Expect every record to meet a condition."""
    return Satisfying(condition)


def in_window(start: Moment, end: Moment, expected: Matcher | Iterable[Any]) -> Matcher:
    """Expect something of the results of one window.

    Args:
        start: its start, as microseconds, a duration since the epoch, a datetime or ISO 8601 text.
        end: its end, exclusive.
        expected: a matcher, or records in any order.
    """
    window = moment(start, name="window start"), moment(end, name="window end")
    name = f"window {format_time(window[0])} to {format_time(window[1])}"
    return Part(name, lambda outcome: outcome.window == window, _matcher(expected))


def in_panes(timing: Timing, expected: Matcher | Iterable[Any]) -> Matcher:
    """Expect something of the results of ``"early"``, ``"on_time"`` or ``"late"`` panes."""
    return Part(
        f"{timing} panes",
        lambda outcome: outcome.pane is not None and outcome.pane.timing == timing,
        _matcher(expected),
    )


def _matcher(expected: Matcher | Iterable[Any]) -> Matcher:
    return expected if isinstance(expected, Matcher) else contains_in_any_order(expected)


def checked_matcher(value: Any) -> Matcher:
    """Return a matcher, or say what stands in its place."""
    if isinstance(value, Matcher):
        return value
    raise PipelineError(
        f"assert_that takes a matcher, not {type(value).__name__}",
        hint="for instance assert_that(totals, equal_to([...])) or contains_in_any_order([...])",
    )


def _counted(rows: Sequence[Any], total: int) -> str:
    sides = [side for side, _ in rows]
    counts = [f"{sides.count(side)} {side}" for side in ("missing", "unexpected") if side in sides]
    return f"{' and '.join(counts)} of {total} records\n{table(rows)}"
