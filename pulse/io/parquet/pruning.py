"""Skipping row groups whose statistics show that no record can match a filter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyarrow import fs

from pulse.model.expressions import to_arrow

if TYPE_CHECKING:
    from pulse.io.files import Located
    from pulse.model.expressions import Expr


def groups_that_may_match(
    file: Located, predicate: Expr | None, schema: pa.Schema | None
) -> frozenset[int] | None:
    """Return the row groups that may hold a record for which a filter is true; None when all may.

    Args:
        file: the file.
        predicate: the filter; None keeps all.
        schema: the schema that the filter is written for.
    """
    if predicate is None or schema is None:
        return None
    expression = to_arrow(predicate, schema)
    if expression is None:
        return None
    parquet: Any = ds.ParquetFileFormat()
    fragment = parquet.make_fragment(file.path, filesystem=file.filesystem or fs.LocalFileSystem())
    try:
        kept = fragment.subset(filter=expression, schema=schema)
    except pa.ArrowException:  # a type that statistics can't be compared with
        return None
    return frozenset(group.id for group in kept.row_groups)
