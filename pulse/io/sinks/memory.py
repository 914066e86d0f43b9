"""A sink that collects records in memory, for tests and notebooks."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from pulse.io.base import Json, Sink, SinkContext, Writer
from pulse.model.rows import to_rows

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.model.bundle import Bundle
    from pulse.model.panes import Pane


_Entry: TypeAlias = "tuple[Any, int, tuple[int, int] | None, Pane | None]"


@dataclass(frozen=True, eq=False)
class Collect(Sink):
    """Collect records into lists.

    In a transactional run records show at each commit, otherwise at once. A new run replaces what a former
    one collected; a restored one goes on after the last committed record.

    Args:
        records: the visible records as rows, in the order in which they came.
        times: event time of each, microseconds.
        windows: window of each as (start, end), microseconds; None where it has none.
        panes: which firing of its window each is; None where that is not known.

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
    windows: list[tuple[int, int] | None] = field(default_factory=list)
    panes: list[Pane | None] = field(default_factory=list)
    _staged: dict[str, list[_Entry]] = field(default_factory=dict, init=False, repr=False)

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
        self._open: list[_Entry] = []
        self._pending: list[dict[str, Any]] = []
        self._end = 0
        self._count = 0
        self._started = False

    def write(self, bundle: Bundle) -> int:
        self._start()
        self._open += _entries(bundle)
        if not self._transactional:
            self._publish(self._end, self._open)
            self._end += len(self._open)
            self._open = []
        return bundle.nbytes

    def prepare(self, checkpoint: int) -> Json:  # noqa: ARG002 - stages are numbered by themselves
        self._start()
        if self._transactional:
            name = str(self._count)
            self._sink._staged[name] = self._open  # noqa: SLF001 - declaration and writer are one
            self._pending.append({"staged": name, "offset": self._end})
            self._end += len(self._open)
            self._count += 1
            self._open = []
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
        self._open = []

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._sink._staged.clear()  # noqa: SLF001 - as above
            if not self._transactional:
                self._publish(self._end, [])

    def _publish(self, offset: int, staged: list[_Entry]) -> None:
        sink = self._sink
        lists: tuple[list[Any], ...] = (sink.records, sink.times, sink.windows, sink.panes)
        for position, found in enumerate(lists):
            found[offset:] = [entry[position] for entry in staged]


def _entries(bundle: Bundle) -> Iterable[_Entry]:
    windows: Iterable[tuple[int, int] | None] = repeat(None)
    if bundle.windows is not None:
        windows = zip(bundle.windows.starts.tolist(), bundle.windows.ends.tolist(), strict=True)
    panes: Iterable[Pane | None] = repeat(None) if bundle.panes is None else bundle.panes
    records = bundle.rows if bundle.is_rows else to_rows(bundle.batch)
    return zip(records, bundle.times.tolist(), windows, panes, strict=False)
