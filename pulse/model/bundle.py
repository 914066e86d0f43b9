"""A bundle: a run of records from one collection, with their event times and watermarks.

It has one of two layouts. *columns* is a ``pyarrow.RecordBatch``; *rows* is a list of Python objects, which
are dicts wherever the records have named fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from pulse.errors import PulseInternalError

if TYPE_CHECKING:
    from pulse.model.panes import Panes

Int64s: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Data: TypeAlias = "pa.RecordBatch | list[Any]"


def no_columns(count: int) -> pa.RecordBatch:
    """Return a batch that has no columns but knows how many records it stands for.

    Example:
        >>> no_columns(3).num_rows
        3
    """
    return pa.RecordBatch.from_arrays([pa.nulls(count)], ["_"]).select([])


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Where the records of a bundle came from, for error messages.

    Args:
        name: a path, topic partition or source name.
        numbers: the 1-based line, row or event number of each record, ``int64[n]``.
    """

    name: str
    numbers: Int64s

    def locate(self, row: int) -> str:
        """Return the position of a record as ``name:number``."""
        return f"{self.name}:{self.numbers[row]}"


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """The window of each record, once a grouping has given it one: ``[start, end)``, ``int64[n]`` each."""

    starts: Int64s
    ends: Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Records with the times that travel with them.

    Args:
        data: ``pyarrow.RecordBatch`` (layout *columns*) or a list of objects (layout *rows*), n records.
        times: event time of each record, ``int64[n]``, microseconds UTC.
        watermarks: the watermark in force just before each record, ``int64[n]``, never falling; or one
            number when it is the same for all.
        windows: the window of each record, after a grouping.
        origin: where each record was read, when known.
        partial: whether the records are partial aggregates on their way to the step that merges them.
        panes: which firing of its window each record is, after a grouping that knows.

    Example:
        >>> b = Bundle([{"a": 1}, {"a": 2}], np.array([10, 20]), 5)
        >>> len(b), b.take(np.array([False, True])).data
        (2, [{'a': 2}])
    """

    data: Data
    times: Int64s
    watermarks: Int64s | int
    windows: Windows | None = None
    origin: Origin | None = None
    partial: bool = False
    panes: Panes | None = None

    def __post_init__(self) -> None:
        if len(self.data) != len(self.times):
            raise PulseInternalError(
                f"a bundle of {len(self.data)} records has {len(self.times)} event times"
            )

    def __len__(self) -> int:
        return len(self.times)

    @property
    def is_rows(self) -> bool:
        """Whether the layout is rows."""
        return isinstance(self.data, list)

    @property
    def batch(self) -> pa.RecordBatch:
        """The records as columns; the caller knows that the layout is columns."""
        assert isinstance(self.data, pa.RecordBatch)  # noqa: S101 - the compiler put a conversion where it must
        return self.data

    @property
    def rows(self) -> list[Any]:
        """The records as rows; the caller knows that the layout is rows."""
        assert isinstance(self.data, list)  # noqa: S101 - the compiler put a conversion where it must
        return self.data

    @property
    def nbytes(self) -> int:
        """An estimate of the memory that the records hold, in bytes."""
        return len(self.data) * 256 if isinstance(self.data, list) else self.data.nbytes

    def watermark_of(self, row: int) -> int:
        """Return the watermark in force just before a record."""
        return self.watermarks if isinstance(self.watermarks, int) else int(self.watermarks[row])

    def with_data(self, data: Data) -> Bundle:
        """Return the same times over other data of the same length."""
        return replace(self, data=data)

    def take(self, keep: Mask | Int64s) -> Bundle:
        """Return the records that a mask selects, or those at the given indices, in that order."""
        masked = keep.dtype == np.bool_
        if masked and keep.all():
            return self
        if isinstance(self.data, list):
            data: Data = (
                list(compress(self.data, keep.tolist())) if masked else [self.data[i] for i in keep.tolist()]
            )
        elif masked:
            data = self.data.filter(pa.array(keep))
        elif self.data.num_columns:
            data = self.data.take(pa.array(keep, pa.int64()))
        else:
            data = no_columns(len(keep))
        return Bundle(
            data,
            self.times[keep],
            self.watermarks if isinstance(self.watermarks, int) else self.watermarks[keep],
            Windows(self.windows.starts[keep], self.windows.ends[keep]) if self.windows else None,
            Origin(self.origin.name, self.origin.numbers[keep]) if self.origin else None,
            self.partial,
            self.panes.take(keep) if self.panes else None,
        )

    def slice(self, start: int, stop: int) -> Bundle:
        """Return the records ``start`` to ``stop`` without copying columns."""
        data: Data = (
            self.data[start:stop] if isinstance(self.data, list) else self.data.slice(start, stop - start)
        )
        return Bundle(
            data,
            self.times[start:stop],
            self.watermarks if isinstance(self.watermarks, int) else self.watermarks[start:stop],
            Windows(self.windows.starts[start:stop], self.windows.ends[start:stop]) if self.windows else None,
            Origin(self.origin.name, self.origin.numbers[start:stop]) if self.origin else None,
            self.partial,
            self.panes.take(slice(start, stop)) if self.panes else None,
        )


def whole(data: Data, count: int) -> Data:
    """Return records that came from another process: there a batch without columns forgets its length.

    Example:
        >>> whole(no_columns(0), 2).num_rows
        2
    """
    if isinstance(data, pa.RecordBatch) and data.num_columns == 0 and data.num_rows != count:
        return no_columns(count)
    return data
