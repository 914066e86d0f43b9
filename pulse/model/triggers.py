"""Triggers: when a window gives results. Declarations; the machines are in ``pulse.engine.triggers``.

A trigger looks at one window of one key. It *fires* when its condition holds, and then it may be *finished*:
a window whose trigger has finished is closed, and what comes later for it is dropped and counted.

Source: Apache Beam, ``apache_beam.transforms.trigger`` (Akidau et al., "The Dataflow Model", VLDB 2015).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from pulse.errors import WindowingError
from pulse.model.arguments import located, placed
from pulse.model.time import Duration, format_duration, micros


@dataclass(frozen=True)
class Trigger:
    """The base of all triggers.

    Example:
        >>> str(Repeatedly(AfterCount(3)).or_finally(AfterWatermark()))
        'OrFinally(Repeatedly(AfterCount(3)), AfterWatermark())'
    """

    def or_finally(self, until: Trigger) -> OrFinally:
        """Fire as this trigger does, until another one fires: then fire once more, and finish."""
        return OrFinally(self, until)

    @property
    def parts(self) -> tuple[Trigger, ...]:
        """The triggers that it is made of."""
        return ()

    def may_finish(self, lateness_us: int) -> bool:
        """Return whether it can finish while records may still come, which would then be dropped."""
        raise NotImplementedError

    @property
    def may_repeat(self) -> bool:
        """Whether it can fire more than once."""
        return any(part.may_repeat for part in self.parts)

    @property
    def speculates(self) -> bool:
        """Whether it can fire before the watermark has passed the end of the window."""
        return any(part.speculates for part in self.parts)

    @property
    def on_time(self) -> bool:
        """Whether it fires when the watermark passes the end of the window."""
        return any(part.on_time for part in self.parts)

    @property
    def by_clock(self) -> bool:
        """Whether processing time matters to it."""
        return any(part.by_clock for part in self.parts)

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(str, self.parts))})"


@placed
@dataclass(frozen=True)
class AfterWatermark(Trigger):
    """Fire when the watermark passes the end of the window.

    Args:
        early: fires before that, again and again.
        late: fires after that, again and again, for records within the allowed lateness.

    Example:
        >>> str(AfterWatermark(early=AfterCount(100), late=AfterCount(1)))
        'AfterWatermark(early=AfterCount(100), late=AfterCount(1))'
    """

    early: Trigger | None = None
    late: Trigger | None = None

    def __post_init__(self) -> None:
        for name in ("early", "late"):
            part = getattr(self, name)
            if part is not None:
                check_trigger(part, f"AfterWatermark({name}=...)")
            if isinstance(part, Repeatedly):  # early and late repeat in any case
                object.__setattr__(self, name, part.trigger)

    @property
    def parts(self) -> tuple[Trigger, ...]:
        return tuple(part for part in (self.early, self.late) if part is not None)

    def may_finish(self, lateness_us: int) -> bool:
        return bool(lateness_us) and self.late is None

    @property
    def may_repeat(self) -> bool:
        return bool(self.parts)

    @property
    def speculates(self) -> bool:
        return self.early is not None and self.early.speculates

    @property
    def on_time(self) -> bool:
        return True

    def __str__(self) -> str:
        parts = (f"{name}={part}" for name in ("early", "late") if (part := getattr(self, name)) is not None)
        return f"AfterWatermark({', '.join(parts)})"


@placed
@dataclass(frozen=True)
class AfterCount(Trigger):
    """Fire once, when so many records have come.

    Args:
        count: how many, at least 1.

    Raises:
        WindowingError: when the count is not a positive integer.
    """

    count: int

    def __post_init__(self) -> None:
        if isinstance(self.count, bool) or not isinstance(self.count, int) or self.count < 1:
            raise WindowingError(
                f"AfterCount takes a positive integer, not {self.count!r}", hint="AfterCount(100)"
            )

    def may_finish(self, lateness_us: int) -> bool:
        del lateness_us
        return True

    @property
    def speculates(self) -> bool:
        return True

    def __str__(self) -> str:
        return f"AfterCount({self.count})"


@placed
@dataclass(frozen=True)
class AfterProcessingTime(Trigger):
    """Fire once, so long after the first record came, by the clock of the run.

    Args:
        delay: how long, such as ``"5s"``.
    """

    delay: Duration

    def __post_init__(self) -> None:
        if self.delay_us < 0:
            raise WindowingError(f"delay {self.delay!r} is negative", hint="AfterProcessingTime('5s')")

    @cached_property
    def delay_us(self) -> int:
        """The delay in microseconds."""
        return micros(self.delay, name="delay")

    def may_finish(self, lateness_us: int) -> bool:
        del lateness_us
        return True

    @property
    def speculates(self) -> bool:
        return True

    @property
    def by_clock(self) -> bool:
        return True

    def __str__(self) -> str:
        return f"AfterProcessingTime('{format_duration(self.delay_us)}')"


@dataclass(frozen=True)
class Never(Trigger):
    """Never fire: a window gives one result, when its time and the allowed lateness are over."""

    def may_finish(self, lateness_us: int) -> bool:
        del lateness_us
        return False


@placed
@dataclass(frozen=True)
class Repeatedly(Trigger):
    """Start a trigger anew each time it has finished.

    Args:
        trigger: what to repeat.
    """

    trigger: Trigger

    def __post_init__(self) -> None:
        check_trigger(self.trigger, "Repeatedly")

    @property
    def parts(self) -> tuple[Trigger, ...]:
        return (self.trigger,)

    def may_finish(self, lateness_us: int) -> bool:
        del lateness_us
        return False

    @property
    def may_repeat(self) -> bool:
        return not isinstance(self.trigger, Never)


@dataclass(frozen=True, init=False)
class _Several(Trigger):
    triggers: tuple[Trigger, ...]
    least: ClassVar[int] = 1

    @located
    def __init__(self, *triggers: Trigger) -> None:
        name = type(self).__name__
        if len(triggers) < self.least:
            raise WindowingError(
                f"{name} takes at least {self.least} trigger{'s' * (self.least > 1)}, not {len(triggers)}"
            )
        for trigger in triggers:
            check_trigger(trigger, name)
        object.__setattr__(self, "triggers", triggers)

    @property
    def parts(self) -> tuple[Trigger, ...]:
        return self.triggers


@dataclass(frozen=True, init=False)
class AfterAny(_Several):
    """Fire when any of several triggers fires; finish when one that fires finishes."""

    def may_finish(self, lateness_us: int) -> bool:
        return any(part.may_finish(lateness_us) for part in self.parts)


@dataclass(frozen=True, init=False)
class AfterAll(_Several):
    """Fire when all of several triggers are ready to; finish when all finish."""

    def may_finish(self, lateness_us: int) -> bool:
        return all(part.may_finish(lateness_us) for part in self.parts)

    @property
    def speculates(self) -> bool:
        return all(part.speculates for part in self.parts)


@dataclass(frozen=True, init=False)
class AfterEach(_Several):
    """Fire as the first trigger does until that finishes, then as the second, and so on."""

    def may_finish(self, lateness_us: int) -> bool:
        return all(part.may_finish(lateness_us) for part in self.parts)

    @property
    def may_repeat(self) -> bool:
        return len(self.parts) > 1 or self.parts[0].may_repeat

    @property
    def speculates(self) -> bool:
        return self.parts[0].speculates


@dataclass(frozen=True, init=False)
class OrFinally(_Several):
    """Fire as one trigger does, until another fires; then it is finished. Made by ``a.or_finally(b)``."""

    least = 2

    @located
    def __init__(self, trigger: Trigger, until: Trigger) -> None:
        super().__init__(trigger, until)

    def may_finish(self, lateness_us: int) -> bool:
        return any(part.may_finish(lateness_us) for part in self.parts)


def check_trigger(trigger: object, where: str) -> None:
    """Raise ``WindowingError`` for what is no trigger.

    Args:
        trigger: what was given.
        where: what it was given to, for the message.
    """
    if not isinstance(trigger, Trigger):
        name = getattr(trigger, "__name__", None)
        hint = "such as AfterCount(100)"
        if isinstance(trigger, type):
            hint = f"{name} is a class: write {name}(...)"
        raise WindowingError(f"{where} takes a trigger, not {name or repr(trigger)}", hint=hint)
