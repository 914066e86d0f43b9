"""A person's own aggregate: live accumulators in Python, and handles to them in the columns."""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from pulse.engine.aggregation.by_time import ByTime
from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.values import Values, array, chunked, decoded, kernels, python
from pulse.engine.person import describe, line_of
from pulse.errors import RecordError, cut
from pulse.state.values import from_plain, to_plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.engine.aggregation.groups import Groups
    from pulse.engine.aggregation.values import Column
    from pulse.model.aggregates import CombineFn


class Custom(Form):
    """``combine``: the partial column holds int64 handles of accumulators that live here.

    Args:
        fn: the person's function.
        label: text of the aggregate.
        type: type of the results; None to find it in them.
        by_time: whether values are kept, and given to the function by event time when results are extracted.
    """

    parts = ("handle",)
    orders_records = orders_partials = True

    def __init__(
        self,
        fn: CombineFn,
        label: str,
        type: pa.DataType | None,  # noqa: A002 - the word of ``combine``
        *,
        by_time: bool = False,
    ) -> None:
        self._by_time = by_time
        self._fn = ByTime(fn) if by_time else fn
        self._label = label
        self._type = type
        self._live: dict[int, Any] = {}
        self._next = 0

    def __len__(self) -> int:
        return len(self._live)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Make an accumulator of each group's values, in the order of arrival."""
        del reduced
        values = records.rows if records.values is None else decoded(records.values).to_pylist()
        assert values is not None  # noqa: S101 - the caller passes rows to a function over whole records
        if self._by_time:
            values = list(zip(records.times.tolist(), count(records.first), values, strict=False))
        accumulators = []
        for rows in self._grouped(groups, groups.order):
            with self._blame("create"):
                accumulator = self._fn.create()
            for row in rows:
                with self._blame("add", values[row]):
                    accumulator = self._fn.add(accumulator, values[row])
            accumulators.append(accumulator)
        return self._keep(accumulators)

    def merge(
        self, parts: Parts, groups: Groups, reduced: Sequence[Column], *, consume: bool = False
    ) -> Parts:
        """Merge the accumulators of each group in the order of arrival.

        Args:
            parts: the handles.
            groups: the groups of their rows.
            reduced: nothing.
            consume: whether the accumulators are given up: changed in place and forgotten. Otherwise copies
                are merged.
        """
        del reduced
        _, handles = groups.gather(chunked(parts["handle"]))
        merged = []
        for group in self._grouped(groups, handles):
            accumulators = [self._live.pop(h) if consume else self._live[h] for h in group]
            if not consume:
                with self._blame("copy"):
                    accumulators = [self._fn.copy(a) for a in accumulators]
            accumulator = accumulators[0]
            for other in accumulators[1:]:
                with self._blame("merge"):
                    accumulator = self._fn.merge(accumulator, other)
            merged.append(accumulator)
        return self._keep(merged)

    def extract(self, merged: Merged) -> Values:
        """Return the results.

        Raises:
            RecordError: when the function fails, or no column of the type can hold what it returns.
        """
        results = self.extract_objects(merged, kept=False)
        try:
            return pa.array(results, self._type)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
            of = "one type" if self._type is None else str(self._type)
            raise RecordError(
                f"{self._label} returned results that no column of {of} can hold: {error}",
                record=cut(repr(results)),
                hint="name the type of the results, as in combine(fn, type=...), and return values of it",
            ) from error

    def extract_objects(self, merged: Merged, *, kept: bool) -> list[Any]:
        """Return the results as Python objects.

        Args:
            merged: the handles.
            kept: whether the accumulators live on, so that results must come from copies.

        Raises:
            RecordError: when the function fails.
        """
        results = []
        for handle in python(merged.parts["handle"]):
            accumulator = self._live[handle]
            if kept:
                with self._blame("copy"):
                    accumulator = self._fn.copy(accumulator)
            with self._blame("extract"):
                results.append(self._fn.extract(accumulator))
        return results

    def release(self, parts: Parts) -> None:
        """Forget accumulators."""
        for handle in python(parts["handle"]):
            self._live.pop(handle, None)

    def snapshot(self) -> dict[str, Any]:
        """Return the live accumulators as JSON data.

        Raises:
            StateError: when one holds something that is not plain data.
        """
        saved = {}
        for handle, accumulator in self._live.items():
            with self._blame("save"):
                plain = self._fn.save(accumulator)
            saved[str(handle)] = to_plain(plain, self._label)
        return {"next": self._next, "live": saved}

    def restore(self, data: dict[str, Any]) -> None:
        """Take back what ``snapshot`` gave; forgets all else."""
        self._next = data["next"]
        self._live = {}
        for handle, plain in data["live"].items():
            with self._blame("load"):
                self._live[int(handle)] = self._fn.load(from_plain(plain))

    def _keep(self, accumulators: list[Any]) -> Parts:
        handles = np.arange(self._next, self._next + len(accumulators))
        self._live.update(zip(handles.tolist(), accumulators, strict=True))
        self._next += len(accumulators)
        return {"handle": array(handles)}

    @staticmethod
    def _grouped(groups: Groups, numbers: Values) -> Iterator[list[int]]:
        flat = python(numbers)
        ends = np.cumsum(kernels.list_value_length(groups.rows).to_numpy()).tolist()
        start = 0
        for end in ends:
            yield flat[start:end]
            start = end

    @contextmanager
    def _blame(self, method: str, value: Any = None) -> Iterator[None]:
        """Turn an error of the person's function into one that says where it is and what it was given."""
        try:
            yield
        except Exception as error:
            raise RecordError(
                f"{self._label} failed in {method}: {describe(error)}",
                record=cut(repr(value)) if method == "add" else None,
                where=line_of(error, getattr(self._fn, method)),
            ) from error
