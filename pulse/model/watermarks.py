"""Watermark strategies: how a source's event times become promises about what is still to come.

A strategy gives each record the watermark in force just before it, in the order of its split. That is what
makes lateness a property of the data, not of how it was cut into bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pulse.errors import PipelineError
from pulse.model.arguments import placed
from pulse.model.time import Duration, format_duration, micros

if TYPE_CHECKING:
    from collections.abc import Callable


class _Idling:
    """A strategy whose split may be idle: then it no longer holds the others back."""

    idle_after: Duration | None

    @cached_property
    def idle_us(self) -> int | None:
        """The idle timeout in microseconds of processing time."""
        return None if self.idle_after is None else micros(self.idle_after, name="idle timeout")


@placed
@dataclass(frozen=True)
class BoundedOutOfOrderness(_Idling):
    """Records come at most ``delay`` behind the latest time seen: ``W = max(time) - delay``.

    Args:
        delay: the bound.
        idle_after: processing time without records after which a split no longer holds the others back.

    Example:
        >>> str(BoundedOutOfOrderness("5s"))
        'bounded_out_of_orderness(5s)'
    """

    delay: Duration
    idle_after: Duration | None = None

    def __post_init__(self) -> None:
        if self.delay_us < 0:
            raise PipelineError(f"out-of-orderness {self.delay!r} is negative", hint="use '0s' or more")
        _ = self.idle_us

    @cached_property
    def delay_us(self) -> int:
        """The bound in microseconds."""
        return micros(self.delay, name="out-of-orderness")

    def __str__(self) -> str:
        return f"bounded_out_of_orderness({format_duration(self.delay_us)})"


@placed
def monotonic(*, idle_after: Duration | None = None) -> BoundedOutOfOrderness:
    """Records come in order of time: ``W`` is the latest time seen.

    Example:
        >>> str(monotonic())
        'bounded_out_of_orderness(0s)'
    """
    return BoundedOutOfOrderness("0s", idle_after)


@dataclass(frozen=True)
class EndOnly:
    """No promise before the end of a bounded input: exact results, the whole state held until then.

    Example:
        >>> str(EndOnly())
        'end_only'
    """

    idle_us: None = None

    def __str__(self) -> str:
        return "end_only"


@placed
@dataclass(frozen=True)
class FromField(_Idling):
    """Each record carries the watermark in a field: a promise about the records after it.

    Args:
        field: an integer field in microseconds since the epoch, or a timestamp field.
        idle_after: see ``BoundedOutOfOrderness``.

    Example:
        >>> str(FromField("low_watermark"))
        'from_field(low_watermark)'
    """

    field: str
    idle_after: Duration | None = None

    def __str__(self) -> str:
        return f"from_field({self.field})"


@placed
@dataclass(frozen=True)
class FromFunction(_Idling):
    """A person's own strategy: called for each record's time, returns the watermark after it.

    Args:
        function: from (event time, watermark before) to the watermark after, in microseconds; what would
            make it go back is ignored.
        idle_after: see ``BoundedOutOfOrderness``.
    """

    function: Callable[[int, int], int]
    idle_after: Duration | None = None

    def __str__(self) -> str:
        return f"from_function({getattr(self.function, '__name__', 'function')})"


@dataclass(frozen=True)
class FromSource:
    """The source itself promises: generators and brokers that know what is still to come.

    Example:
        >>> str(FromSource())
        'from_source'
    """

    idle_us: None = None

    def __str__(self) -> str:
        return "from_source"


WatermarkStrategy = BoundedOutOfOrderness | EndOnly | FromField | FromFunction | FromSource
