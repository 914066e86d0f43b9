"""Sums and means: integers and decimals exactly, whatever the partial sums on the way are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.groups import Reduction
from pulse.engine.aggregation.values import Values, chunked, decoded, kernels
from pulse.model.aggregates.numbers import overflow
from pulse.model.aggregates.types import DECIMAL_DIGITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.groups import Groups
    from pulse.engine.aggregation.values import Column

_NONE_IS_NULL = pc.ScalarAggregateOptions(skip_nulls=True, min_count=1)
_WIDE_INTEGER = pa.decimal128(DECIMAL_DIGITS, 0)
_WIDE_DIGITS = 76


class Sum(Form):
    """``sum``.

    A partial sum of integers is int64 while all sums fit and decimal128(38, 0) otherwise: the kernel wraps
    around without a word, so the sums are bounded first. One of decimals is decimal256, so that only the
    final sum has to fit into 38 digits, however the values were cut into parts.
    """

    parts: tuple[str, ...] = ("sum",)

    def __init__(self, label: str) -> None:
        self._label = label

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Add up the values."""
        values = decoded(records.column)
        if pat.is_decimal(values.type):
            values = values.cast(pa.decimal256(_WIDE_DIGITS, values.type.scale))
        return (Reduction(_safe(values), "sum", _NONE_IS_NULL),)

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the sums."""
        del records, groups
        return {"sum": _narrow(reduced[0])}

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:
        """Add up the sums."""
        return (Reduction(_safe(chunked(parts["sum"])), "sum", _NONE_IS_NULL),)

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep the sums."""
        del parts, groups
        return {"sum": _narrow(reduced[0])}

    def extract(self, merged: Merged) -> Values | Column:
        """Return the sums.

        Raises:
            RecordError: when one does not fit into 64 bits, or a decimal into 38 digits.
        """
        sums = chunked(merged.parts["sum"])
        if pat.is_decimal128(sums.type):
            return self._fit(sums, pa.int64(), "64-bit integers", merged)
        if pat.is_decimal256(sums.type):
            final = pa.decimal128(DECIMAL_DIGITS, sums.type.scale)
            return self._fit(sums, final, f"{DECIMAL_DIGITS} decimal digits", merged)
        return sums

    def _fit(self, sums: Column, final: pa.DataType, limit: str, merged: Merged) -> Column:
        try:
            return sums.cast(final)
        except pa.ArrowInvalid:
            row = next(i for i, value in enumerate(sums) if not _casts(value, final))
            raise overflow(self._label, limit, merged.describe(row)) from None


class Mean(Sum):
    """``mean``: the exact sum and the number of values."""

    parts = ("sum", "count")

    def reduce(self, records: Records) -> Sequence[Reduction]:
        """Add up and count the values."""
        return (*super().reduce(records), Reduction(decoded(records.column), "count"))

    def partial(self, records: Records, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep sums and counts."""
        return {**super().partial(records, groups, reduced), "count": reduced[1]}

    def reduce_partials(self, parts: Parts) -> Sequence[Reduction]:
        """Add up sums and counts."""
        return (*super().reduce_partials(parts), Reduction(parts["count"], "sum"))

    def merge(self, parts: Parts, groups: Groups, reduced: Sequence[Column]) -> Parts:
        """Keep sums and counts."""
        return {**super().merge(parts, groups, reduced), "count": reduced[1]}

    def extract(self, merged: Merged) -> Values | Column:
        """Divide; the sum of no values is null, and so is their mean."""
        sums, counts = merged.parts["sum"], merged.parts["count"]
        means: Column = kernels.divide(
            sums.cast(pa.float64(), safe=False), counts.cast(pa.float64(), safe=False)
        )
        return means


def _safe(values: Column) -> Column:
    """Return integers in a type in which no sum of them can wrap, and other values as they are."""
    if pat.is_integer(values.type):
        bounds = kernels.min_max(values).as_py()
        size = max(abs(bounds["min"] or 0), abs(bounds["max"] or 0))
        if size * len(values) >= 2**63:
            return values.cast(_WIDE_INTEGER)
    return values


def _narrow(sums: Column) -> Column:
    """Return the sums of integers as int64 if all fit."""
    if pat.is_unsigned_integer(sums.type):
        return sums.cast(pa.int64())
    if sums.type == _WIDE_INTEGER:
        bounds = kernels.min_max(sums).as_py()
        if bounds["min"] is None or (bounds["min"] >= -(2**63) and bounds["max"] < 2**63):
            return sums.cast(pa.int64())
    return sums


def _casts(value: pa.Scalar[Any], final: pa.DataType) -> bool:
    try:
        value.cast(final)
    except pa.ArrowInvalid:
        return False
    return True
