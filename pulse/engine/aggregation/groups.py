"""Rows of a table in groups: one pyarrow ``group_by``, and what hangs on the order of the rows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.engine.aggregation.values import Values, array, kernels, whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.engine.aggregation.values import Column
    from pulse.model.bundle import Int64s


@dataclass(frozen=True, slots=True)
class Reduction:
    """One column to reduce within each group.

    Args:
        column: the values, one per row; None to count the rows.
        function: name of a pyarrow grouped kernel without ``hash_``, such as ``"sum"``.
        options: its options; None for the defaults.
    """

    column: Values | Column | None
    function: str
    options: pc.FunctionOptions | None = None


_LargeLists: Any = pa.LargeListArray

Segments: TypeAlias = "tuple[Int64s, Values]"
"""Values with the number of the group of each, ascending; within a group in the order of arrival."""


@dataclass(frozen=True)
class Groups:
    """The groups of a table, numbered in the order in which their first rows come.

    Args:
        keys: the key columns, one row per group.
        reduced: what each reduction gave, one row per group.
        rows: the row numbers of each group in the order of arrival, as a list column; None unless asked for.
    """

    keys: pa.Table
    reduced: tuple[Column, ...]
    rows: Values | None

    def __len__(self) -> int:
        return len(self.reduced[0])

    @cached_property
    def order(self) -> Values:
        """The row numbers, group after group."""
        order: Values = kernels.list_flatten(self.rows)
        return order

    @cached_property
    def ids(self) -> Int64s:
        """The group of each row of ``order``."""
        ids: Int64s = kernels.list_parent_indices(self.rows).to_numpy(zero_copy_only=False).astype(np.int64)
        return ids

    def gather(self, column: Column, *, nulls: bool = False) -> Segments:
        """Return the values of a column group after group, without nulls unless they are wanted."""
        values = whole(column).take(self.order)
        if nulls or not values.null_count:
            return self.ids, values
        valid = values.is_valid()
        return self.ids[valid.to_numpy(zero_copy_only=False)], values.filter(valid)

    def gather_lists(self, *columns: Column) -> tuple[Int64s, list[Values]]:
        """Return the elements of list columns of equal lengths, group after group."""
        taken = [whole(column).take(self.order) for column in columns]
        owners = kernels.list_parent_indices(taken[0]).to_numpy(zero_copy_only=False)
        return self.ids[owners], [kernels.list_flatten(column) for column in taken]


def group(table: pa.Table, by: Sequence[str], reductions: Sequence[Reduction], *, ordered: bool) -> Groups:
    """Group the rows of a table and reduce columns within each group, in one pass.

    Args:
        table: holds the key columns; has as many rows as the columns of the reductions.
        by: names of the key columns; none: all rows are one group, and no rows are no group.
        reductions: at least one.
        ordered: whether ``rows`` is wanted.
    """
    columns: list[Any] = [table.column(name) for name in by]
    keys = [f"k{i}" for i in range(len(columns))]
    if not by:
        keys, columns = ["k"], [pa.nulls(table.num_rows, pa.int8())]
    width = len(keys)
    specs: list[Any] = []
    for i, reduction in enumerate(reductions):
        if reduction.column is not None:
            columns.append(reduction.column)
        target = f"v{i}" if reduction.column is not None else []
        specs.append((target, reduction.function, reduction.options))
    names = keys + [spec[0] for spec in specs if spec[0] != []]
    columns.append(array(np.arange(table.num_rows, dtype=np.int64)))
    names.append("row")
    specs.extend((("row", "min", None), *([("row", "list", None)] if ordered else [])))
    result = pa.Table.from_arrays(columns, names).group_by(keys, use_threads=False).aggregate(specs)
    result = _in_order_of(result, width + len(reductions))
    return Groups(
        pa.Table.from_arrays([result.column(i) for i in range(len(by))], list(by)),
        tuple(result.column(width + i) for i in range(len(reductions))),
        whole(result.column(width + len(reductions) + 1)) if ordered else None,
    )


def _in_order_of(result: pa.Table, first: int) -> pa.Table:
    """Order groups by their first rows; the kernels keep the rows of a group in order, but not the groups."""
    firsts = whole(result.column(first)).to_numpy()
    if (firsts[1:] > firsts[:-1]).all():
        return result
    return result.take(array(np.argsort(firsts, kind="stable")))


def lists(ids: Int64s, values: Values, size: int) -> Values:
    """Return one list per group from values in segments; groups without values have an empty list.

    Example:
        >>> lists(np.array([0, 0, 2]), pa.array(["a", "b", "c"]), 3).to_pylist()
        [['a', 'b'], [], ['c']]
    """
    offsets = np.zeros(size + 1, np.int64)
    np.cumsum(np.bincount(ids, minlength=size), out=offsets[1:])
    made: Values = _LargeLists.from_arrays(array(offsets), values)
    return made


def scattered(ids: Int64s, values: Values, size: int) -> Values:
    """Return one value per group, null for the groups that ``ids`` does not name.

    Example:
        >>> scattered(np.array([0, 2]), pa.array(["a", "c"]), 3).to_pylist()
        ['a', None, 'c']
    """
    at = np.zeros(size, np.int64)
    missing = np.ones(size, np.bool_)
    at[ids] = np.arange(len(ids))
    missing[ids] = False
    return values.take(array(at, missing))


def tallied(ids: Int64s, values: Values, *reductions: Reduction) -> tuple[Int64s, Values, tuple[Column, ...]]:
    """Return the different values of each group, once each, and the reductions over their repetitions."""
    table = pa.table({"id": array(ids), "value": values})
    found = group(table, ["id", "value"], reductions or (Reduction(None, "count_all"),), ordered=False)
    unique: Int64s = whole(found.keys.column("id")).to_numpy()
    return unique, whole(found.keys.column("value")), found.reduced
