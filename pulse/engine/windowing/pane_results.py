"""From the results of panes, one by one, to bundles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from pulse.engine.convert import ColumnBuilder, misfit, restore_types, snapshot_types
from pulse.engine.windowing.bounds import bound_column
from pulse.engine.windowing.results import GROUP
from pulse.errors import RecordError
from pulse.graph.ops.grouping import WINDOW_FIELDS
from pulse.model.bundle import Bundle, Windows
from pulse.model.panes import Pane, Panes
from pulse.model.rows import to_values
from pulse.model.time import MAX_EVENT_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

Key = tuple[Any, ...]


class PaneResult(NamedTuple):
    """What a window of a key gave when it fired.

    Args:
        key: values of the key fields.
        start: start of the window, microseconds.
        end: its end.
        results: one per aggregate.
        time: event time.
        mark: the output watermark in force.
        pane: which firing it is.
    """

    key: Key
    start: int
    end: int
    results: list[Any]
    time: int
    mark: int
    pane: Pane


class PaneBuilder:
    """Builds bundles of panes, in the layout that the plan says.

    Args:
        keys: names of the key fields.
        names: names of the aggregates.
        schema: of the results, when known.
        show_windows: whether they have the fields ``window_start`` and ``window_end``.
        rows: whether they are rows, because some can be any object.
    """

    def __init__(
        self,
        keys: Sequence[str],
        names: Sequence[str],
        schema: pa.Schema | None,
        *,
        show_windows: bool,
        rows: bool,
    ) -> None:
        self.keys = tuple(keys)
        self.names = tuple(names)
        self.show_windows = show_windows
        self.rows = rows
        self.builders = [
            ColumnBuilder(name, None if schema is None else schema.field(name).type)
            for name in (*self.keys, *self.names)
        ]

    def build(self, found: list[PaneResult]) -> Bundle:
        """Return panes as a bundle, in order."""
        starts = np.array([pane.start for pane in found], np.int64)
        ends = np.array([pane.end for pane in found], np.int64)
        values = [
            *([pane.key[i] for pane in found] for i in range(len(self.keys))),
            *([pane.results[i] for pane in found] for i in range(len(self.names))),
        ]
        fields: dict[str, Any] = dict(zip(self.keys, values, strict=False))
        if self.show_windows:
            for (name, _), bounds in zip(WINDOW_FIELDS, (starts, ends), strict=True):
                fields.setdefault(name, bound_column(bounds))
        fields |= dict(zip(self.names, values[len(self.keys) :], strict=True))
        data = self._rows(fields) if self.rows else self._columns(fields, len(found))
        return Bundle(
            data,
            np.minimum(np.array([pane.time for pane in found], np.int64), MAX_EVENT_TIME),
            np.array([pane.mark for pane in found], np.int64),
            Windows(starts, ends),
            panes=Panes.of(pane.pane for pane in found),
        )

    def _rows(self, fields: dict[str, Any]) -> list[dict[str, Any]]:
        columns = [to_values(f) if isinstance(f, pa.Array) else f for f in fields.values()]
        return [dict(zip(fields, row, strict=True)) for row in zip(*columns, strict=True)]

    def _columns(self, fields: dict[str, Any], size: int) -> pa.RecordBatch:
        for builder in self.builders:
            values = fields[builder.name]
            if isinstance(values, pa.Array):
                continue
            array = builder.build(values)
            if array is None:
                wrong = next((value for value in values if not builder.fits(value)), None)
                raise RecordError(
                    misfit(builder, wrong),
                    hint="name the type of the results, as in combine(fn, type=...)",
                )
            fields[builder.name] = array
        fields = fields or {GROUP: pa.nulls(size)}
        return pa.RecordBatch.from_arrays(list(fields.values()), names=list(fields))

    def snapshot(self) -> Any:
        """Return the types of the columns built so far."""
        return snapshot_types(self.builders)

    def restore(self, state: Any) -> None:
        """Take back what ``snapshot`` gave."""
        restore_types(self.builders, state)
