"""What a process has emitted and not yet handed on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pulse.engine.operator import Out
from pulse.graph.ops import MAIN
from pulse.model.bundle import Bundle, Windows
from pulse.model.time import MIN_TIME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


class Output:
    """The records of one output, with their event times, watermarks and windows."""

    __slots__ = ("marks", "rows", "starts", "times")

    def __init__(self) -> None:
        self.rows: list[Any] = []
        self.times: list[int] = []
        self.marks: list[int] = []
        self.starts: list[int] = []

    def cut(self, length: int) -> None:
        """Forget all records but the first."""
        for values in (self.rows, self.times, self.marks, self.starts):
            del values[length:]


class Outputs:
    """The outputs of a process by tag.

    Args:
        tags: names of the outputs apart from the main one.
        windowed: whether records carry the window they were made in.
    """

    def __init__(self, tags: Sequence[str], *, windowed: bool) -> None:
        self.by_tag = {tag: Output() for tag in (MAIN, *tags)}
        self.main = self.by_tag[MAIN]
        self.windowed = windowed
        self.mark = MIN_TIME

    def add(self, tag: str, record: Any, time: int, start: int) -> None:
        """Add a record.

        Raises:
            ValueError: when there is no such output.
        """
        output = self.by_tag.get(tag)
        if output is None:
            declared = ", ".join(each for each in self.by_tag if each != MAIN) or "none"
            raise ValueError(f"output {tag!r} was not declared; declared: {declared}")
        output.rows.append(record)
        output.times.append(time)
        output.marks.append(self.mark)
        output.starts.append(start)

    def lengths(self) -> list[int]:
        """Return how many records wait in each output."""
        return [len(output.rows) for output in self.by_tag.values()]

    def cut(self, lengths: list[int]) -> None:
        """Forget what was added since ``lengths``."""
        for output, length in zip(self.by_tag.values(), lengths, strict=True):
            output.cut(length)

    def flush(self, ends: Mapping[int, int]) -> Iterator[Out]:
        """Hand out what waits, as bundles.

        Args:
            ends: the end of each window by its start.
        """
        for tag, output in self.by_tag.items():
            if not output.rows:
                continue
            marks = output.marks
            windows = None
            if self.windowed:
                starts = np.array(output.starts, np.int64)
                windows = Windows(starts, np.array([ends[start] for start in output.starts], np.int64))
            yield Out(
                tag,
                Bundle(
                    output.rows.copy(),
                    np.array(output.times, np.int64),
                    marks[0] if marks[0] == marks[-1] else np.array(marks, np.int64),
                    windows,
                ),
            )
            output.cut(0)
