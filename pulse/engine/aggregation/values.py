"""Columns in the one form that the kernels take: no encodings, one NaN, no negative zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from pulse.model.aggregates.types import decoded_type

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Column: TypeAlias = "pa.ChunkedArray[Any]"
Values: TypeAlias = "pa.Array[Any]"

kernels: Any = pc
"""The compute kernels; the type stubs know only some of their overloads."""


def decoded(column: Column) -> Column:
    """Return the values of a column without dictionary, run-end, view or half-float encoding."""
    if pa.types.is_run_end_encoded(column.type):
        chunks = [kernels.run_end_decode(chunk) for chunk in column.chunks]
        column = pa.chunked_array(chunks, column.type.value_type)
    plain = decoded_type(column.type)
    return column if column.type == plain else column.cast(plain)


def comparable(column: Column) -> Column:
    """Return decoded values in which equal ones have equal bits: ``-0.0`` is ``0.0`` and there is one NaN.

    Example:
        >>> comparable(pa.chunked_array([[-0.0, 1.5]])).to_pylist()
        [0.0, 1.5]
    """
    column = decoded(column)
    if not pat.is_floating(column.type):
        return column
    column = kernels.add(column, pa.scalar(0.0, column.type))
    nans = kernels.is_nan(column)
    if kernels.any(nans).as_py():
        column = kernels.if_else(nans, pa.scalar(float("nan"), column.type), column)
    return column


def physical(column: Column) -> Column:
    """Return durations as integers, for no grouped kernel takes them."""
    return column.cast(pa.int64()) if pat.is_duration(column.type) else column


def chunked(column: Values | Column) -> Column:
    """Return a column as chunks."""
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def whole(column: Values | Column) -> Values:
    """Return a column in one piece; free when it is."""
    if isinstance(column, pa.Array):
        return column
    joined: Any = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return joined  # type: ignore[no-any-return]


def array(values: npt.NDArray[Any], null: npt.NDArray[np.bool_] | None = None) -> Values:
    """Return numbers as an Arrow array, null where ``null`` is true."""
    made: Values = pa.array(values, mask=null)
    return made


def python(column: Values | Column) -> list[Any]:
    """Return the values of a column as Python objects."""
    return column.to_pylist()
