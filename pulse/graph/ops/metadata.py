"""Making fields of where a record stands in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import PipelineError
from pulse.graph.ops.base import Op
from pulse.graph.ops.grouping import WINDOW_TYPE
from pulse.graph.ops.side import in_one_window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulse.graph.collection import CollectionType, Fields

METADATA: Mapping[str, pa.DataType] = {
    "time": WINDOW_TYPE,
    "watermark": WINDOW_TYPE,
    "window_start": WINDOW_TYPE,
    "window_end": WINDOW_TYPE,
    "timing": pa.string(),
    "index": pa.int64(),
    "nonspeculative_index": pa.int64(),
    "is_first": pa.bool_(),
    "is_last": pa.bool_(),
}
"""What is known of a record beside its fields, and the type of the field that it becomes."""

OF_WINDOWS = frozenset(METADATA) - {"time", "watermark"}
OF_PANES = OF_WINDOWS - {"window_start", "window_end"}


@dataclass(frozen=True)
class MetadataOp(Op):
    """Add fields that say where a record stands in time.

    Args:
        columns: name of each field, and which of ``METADATA`` it is.
    """

    columns: tuple[tuple[str, str], ...]

    @property
    def by_window(self) -> bool:
        """Whether a record in several windows becomes one record for each."""
        return any(what in OF_WINDOWS for _, what in self.columns)

    @property
    def reads_panes(self) -> bool:  # type: ignore[override]
        """Whether a field tells the pane."""
        return any(what in OF_PANES for _, what in self.columns)

    def label(self) -> str:
        return f"WithMetadata({', '.join(w if w == n else f'{w}={n}' for n, w in self.columns)})"

    def infer(self, inputs: Sequence[CollectionType]) -> CollectionType:
        before = inputs[0]
        after = in_one_window(before) if self.by_window else before
        if before.schema is None:
            return after
        for name, what in self.columns:
            if name in before.schema.names:
                raise PipelineError(
                    f"field {name!r} is there already",
                    hint=f"choose another name for it: WithMetadata({what}='{name}_2')",
                )
        fields = [(field.name, field.type) for field in before.schema]
        return after.with_schema(pa.schema([*fields, *((n, METADATA[w]) for n, w in self.columns)]))

    def needs(self, wanted: Fields) -> Fields:
        return None if wanted is None else wanted - {name for name, _ in self.columns}

    def changes(self) -> Fields:
        return frozenset(name for name, _ in self.columns)
