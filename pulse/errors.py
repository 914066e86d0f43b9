"""The whole error tree.

    PulseError                  everything a person can cause or fix
      PipelineError             the graph is wrong; raised when it is built or compiled
        UnknownField            a name that the schema does not have
        DuplicateStep           two steps with one name
        TypeMismatch            an expression or aggregate over the wrong type
        WindowingError          would never emit, accumulation not stated, lateness without windows
        UnsupportedFeature      this runner or source cannot do that; raised when the plan is compiled
      ConfigError               a config file: file, line, key path, allowed values
      ConnectorError            a source or sink: position, retriable or not
        MissingDependency       an optional package is absent; prints the pip line
      RecordError               one record cannot be parsed or processed
      StateError                stored state is locked, corrupt or incompatible

    PulseInternalError          a broken invariant; not a PulseError: please report it

A message is one lower-case sentence that states the value, the rule and the reason or alternatives; an
optional hint follows on a line of its own.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class PulseError(Exception):
    r"""Base of every error that a person can cause or fix.

    Args:
        message: one lower-case sentence.
        hint: the way out, printed on a line of its own.
        where: the person's own ``file:line``, when it is known.

    Example:
        >>> str(PulseError("window size 0s is not positive", hint="use a size such as '60s'"))
        "window size 0s is not positive\nhint: use a size such as '60s'"
    """

    def __init__(self, message: str, *, hint: str | None = None, where: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\nhint: {self.hint}" if self.hint else text


class PipelineError(PulseError):
    """The graph is wrong: raised while it is built or compiled."""


class UnknownField(PipelineError):
    """A field name that the schema at this step does not have."""

    @classmethod
    def of(cls, name: str, fields: Iterable[str], *, where: str | None = None) -> UnknownField:
        """Name the field, list the fields there are, and suggest the nearest.

        Example:
            >>> print(UnknownField.of("wrd", ["event_time", "word"]))
            field 'wrd' does not exist; fields: event_time, word
            hint: did you mean 'word'?
        """
        known = list(fields)
        listed = ", ".join(known) or "none"
        hint = did_you_mean(name, known)
        if not known:
            hint = "an empty input shows no field: declare the source's schema to name them"
        return cls(f"field {name!r} does not exist; fields: {listed}", hint=hint, where=where)


class DuplicateStep(PipelineError):
    """Two steps with one name: names key state and metrics, so they are unique."""


class TypeMismatch(PipelineError):
    """An expression or aggregate over a type that it is not defined for."""


class WindowingError(PipelineError):
    """Windows, lateness or accumulation that could lose data or never emit."""


class UnsupportedFeature(PipelineError):
    """This runner, source or sink cannot do that; raised when the plan is compiled."""


class ConfigError(PulseError):
    """A config file is wrong: names the file, line, key path and the allowed values."""


class ConnectorError(PulseError):
    """A source or sink failed.

    Args:
        message: one lower-case sentence.
        hint: the way out.
        where: path, or topic/partition/offset.
        retriable: whether trying again may help.
    """

    def __init__(
        self, message: str, *, hint: str | None = None, where: str | None = None, retriable: bool = False
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.retriable = retriable


class MissingDependency(ConnectorError):
    """An optional package is absent."""

    @classmethod
    def of(cls, package: str, extra: str, *, purpose: str) -> MissingDependency:
        """Say which package is absent, what needs it, and the line that installs it.

        Example:
            >>> print(MissingDependency.of("hypercorn", "http", purpose="serving /metrics"))
            serving /metrics needs the package 'hypercorn', which is not installed
            hint: pip install 'pulse-streaming[http]'
        """
        return cls(
            f"{purpose} needs the package {package!r}, which is not installed",
            hint=f"pip install 'pulse-streaming[{extra}]'",
        )


class RecordError(PulseError):
    """One record cannot be parsed or processed.

    Args:
        message: the reason, one lower-case sentence.
        step: name of the step that could not process it.
        record: the record as text, cut to a readable length.
        position: ``file:line`` or topic/partition/offset of the record, when known.
        where: ``file:line`` in the person's own code, when a function of theirs raised.
        hint: the way out.
    """

    def __init__(
        self,
        message: str,
        *,
        step: str | None = None,
        record: str | None = None,
        position: str | None = None,
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, where=where)
        self.step = step
        self.record = record
        self.position = position

    def __str__(self) -> str:
        lines = [f"step {self.step!r}: {self.message}" if self.step else self.message]
        if self.position:
            lines.append(f"  at: {self.position}")
        if self.record:
            lines.append(f"  record: {self.record}")
        if self.where:
            lines.append(f"  your code: {self.where}")
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class StateError(PulseError):
    """Stored state is locked, corrupt or incompatible; the message says what to do."""


class PulseInternalError(Exception):
    """An invariant of Pulse itself is broken; never caused by a person's data or pipeline."""

    def __init__(self, message: str) -> None:
        super().__init__(
            f"{message}\nthis is a defect in pulse: please report it with the pipeline that shows it"
        )


_SAME = {"outer": "full", "full_outer": "full", "full outer": "full"}
"""Other words, by which something goes elsewhere."""


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return a suggestion for a misspelt name, or None when nothing is near.

    Example:
        >>> did_you_mean("tumblin", ["tumbling", "sliding"])
        "did you mean 'tumbling'?"
        >>> did_you_mean("xyz", ["tumbling"]) is None
        True
        >>> did_you_mean("outer", ["inner", "left", "right", "full"])
        "did you mean 'full'?"
    """
    known = list(known)
    near = [_SAME[name]] if _SAME.get(name) in known else get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else None


def cut(text: str, limit: int = 200) -> str:
    """Shorten a record for a message to at most ``limit`` characters.

    Example:
        >>> cut("abcdefgh", 5)
        'abcd…'
    """
    return text if len(text) <= limit else text[: limit - 1] + "…"
