"""A sink that collects records in memory, for tests and notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from pulse.io.base import Json, Sink, SinkContext, Writer
from pulse.model.rows import to_rows

if TYPE_CHECKING:
    from pulse.model.bundle import Bundle


@dataclass(frozen=True, eq=False)
class Collect(Sink):
    """Collect records into lists.

    In a transactional run records show at each commit, otherwise at once. A new run replaces what a former
    one collected; a restored one goes on after the last committed record.

    Args:
        records: the visible records as rows, in the order in which they came.
        times: event time of each, microseconds.

    Example:
        >>> import numpy as np
        >>> from pulse.model.bundle import Bundle
        >>> out = Collect()
        >>> writer = out.open(SinkContext("out"))
        >>> writer.write(Bundle([{"a": 1}], np.array([5]), 0)) > 0
        True
        >>> out.records, out.times
        ([{'a': 1}], [5])
    """

    records: list[Any] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    _staged: dict[str, tuple[list[Any], list[int]]] = field(default_factory=dict, init=False, repr=False)

    @property
    def label(self) -> str:
        """``collect``."""
        return "collect"

    def open(self, context: SinkContext) -> Writer:
        """Open the lists for a run."""
        return _CollectWriter(self, transactional=context.transactional)


class _CollectWriter(Writer):
    """Stages records under a number per checkpoint, as a file sink stages files."""

    def __init__(self, sink: Collect, *, transactional: bool) -> None:
        self._sink = sink
        self._transactional = transactional
        self._open: tuple[list[Any], list[int]] = ([], [])
        self._pending: list[dict[str, Any]] = []
        self._end = 0
        self._count = 0
        self._started = False

    def write(self, bundle: Bundle) -> int:
        self._start()
        self._open[0].extend(bundle.rows if bundle.is_rows else to_rows(bundle.batch))
        self._open[1].extend(bundle.times.tolist())
        if not self._transactional:
            self._publish(self._end, self._open)
            self._end += len(self._open[0])
            self._open = ([], [])
        return bundle.nbytes

    def prepare(self, checkpoint: int) -> Json:  # noqa: ARG002 - stages are numbered by themselves
        self._start()
        if self._transactional:
            name = str(self._count)
            self._sink._staged[name] = self._open  # noqa: SLF001 - declaration and writer are one
            self._pending.append({"staged": name, "offset": self._end})
            self._end += len(self._open[0])
            self._count += 1
            self._open = ([], [])
        return {"stages": [*self._pending], "end": self._end, "count": self._count}

    def commit(self, prepared: Json) -> None:
        state = cast("dict[str, Any]", prepared)
        for each in state["stages"]:
            staged = self._sink._staged.pop(each["staged"], None)  # noqa: SLF001 - as above
            if staged is not None:
                self._publish(each["offset"], staged)
        done = [each["staged"] for each in state["stages"]]
        self._pending = [each for each in self._pending if each["staged"] not in done]
        if not self._started:
            self._end, self._count = state["end"], state["count"]

    def abort(self) -> None:
        self._open = ([], [])

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._sink._staged.clear()  # noqa: SLF001 - as above
            if not self._transactional:
                self._publish(self._end, ([], []))

    def _publish(self, offset: int, staged: tuple[list[Any], list[int]]) -> None:
        self._sink.records[offset:] = staged[0]
        self._sink.times[offset:] = staged[1]
