"""Aggregates over groups: from records to partial aggregates, to fewer of them, to results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from pulse.engine.aggregation.custom import Custom
from pulse.engine.aggregation.form import Form, Merged, Parts, Records
from pulse.engine.aggregation.forms import form_of
from pulse.engine.aggregation.groups import Reduction, group
from pulse.engine.aggregation.values import comparable, whole
from pulse.model.rows import to_values

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pulse.engine.aggregation.values import Column, Values
    from pulse.model.aggregates import Aggregate
    from pulse.model.bundle import Int64s
    from pulse.model.expressions import Expr

ROWS = "__rows"
"""The column of partial aggregates that says how many records each stands for, int64."""


class GroupedAggregation:
    """Several aggregates over the groups of a collection.

    Partial aggregates are a table: the key columns, ``__rows``, and the columns ``p{i}_...`` of aggregate
    ``i``. They can be kept, cut, concatenated (``concat``) and merged at will; results depend only on the
    order of arrival, and that only for ``collect`` and a person's own functions.

    Keys are equal by value: null is a key, NaN equals NaN, ``-0.0`` equals ``0.0``.

    Args:
        aggregates: pairs of result name and declaration.
        by_time: whether ``collect`` and a person's own functions take values by event time, those of one time
            in the order of arrival. Needed where parts interleave in time, as those of sessions that merge:
            no order of merging gives the order of arrival then. A person's function runs when results are
            extracted; until then its state is the values.

    Example:
        >>> import numpy as np
        >>> from pulse.model.aggregates import count, mean
        >>> grouped = GroupedAggregation((("n", count()), ("mean", mean("score"))))
        >>> times = np.array([10, 20, 30])
        >>> records = pa.table({"word": ["a", "b", "a"], "in1": [1.0, 2.0, 4.0]})
        >>> partial = grouped.partial(records, ["word"], times)
        >>> partial.column_names
        ['word', '__rows', 'p1_sum', 'p1_count']
        >>> merged = grouped.merge(pa.concat_tables([partial, partial]), ["word"])
        >>> grouped.extract(merged, ["word"]).to_pylist()
        [{'word': 'a', 'n': 4, 'mean': 2.5}, {'word': 'b', 'n': 2, 'mean': 2.0}]
    """

    def __init__(self, aggregates: tuple[tuple[str, Aggregate], ...], *, by_time: bool = False) -> None:
        self.aggregates = aggregates
        self._forms: tuple[Form, ...] = tuple(form_of(agg, by_time=by_time) for _, agg in aggregates)
        self._custom = {i: form for i, form in enumerate(self._forms) if isinstance(form, Custom)}
        self._taken = 0
        self.liftable = not self._custom
        """Whether partials are columns alone, which can be sent elsewhere, with no live Python objects."""
        self.needs_rows = any(
            aggregate.fn is not None and aggregate.input is None for _, aggregate in aggregates
        )
        """Whether ``partial`` must be given the records as rows."""
        self.makes_objects = any(
            aggregate.fn is not None and aggregate.option("type") is None for _, aggregate in aggregates
        )
        """Whether results are any Python objects: those of a person's function that was given no type."""
        self.inputs: tuple[tuple[str, Expr], ...] = tuple(
            (name, expression)
            for i, (_, aggregate) in enumerate(aggregates)
            for name, expression in ((f"in{i}", aggregate.input), (f"in{i}_by", aggregate.by))
            if expression is not None
        )
        """The columns that ``partial`` reads besides the keys, and the expressions whose values they hold."""

    def partial(
        self, columns: pa.Table, by: Sequence[str], times: Int64s, rows: Sequence[Any] | None = None
    ) -> pa.Table:
        """Aggregate records.

        Args:
            columns: n records: the key columns and those that ``inputs`` names.
            by: names of the key columns; none: all records are one group.
            times: event times, ``int64[n]``.
            rows: the records themselves; needed when ``needs_rows``.

        Returns:
            One row per different key, in the order in which the keys first come.

        Raises:
            RecordError: when a person's function fails.
        """
        records = [
            Records(
                columns.column(f"in{i}") if aggregate.input is not None else None,
                columns.column(f"in{i}_by") if aggregate.by is not None else None,
                times,
                rows,
                self._taken,
            )
            for i, (_, aggregate) in enumerate(self.aggregates)
        ]
        self._taken += len(times)
        if by:
            keys = pa.Table.from_arrays([comparable(columns.column(name)) for name in by], list(by))
        else:
            keys = pa.table({"k": pa.nulls(len(times))})
        reductions = [form.reduce(of) for form, of in zip(self._forms, records, strict=True)]
        groups = group(
            keys,
            by,
            [Reduction(None, "count_all"), *(r for each in reductions for r in each)],
            ordered=any(form.orders_records for form in self._forms),
        )
        start = 1
        parts: list[Parts] = []
        for form, of, each in zip(self._forms, records, reductions, strict=True):
            parts.append(form.partial(of, groups, groups.reduced[start : start + len(each)]))
            start += len(each)
        return self._table(groups.keys, {ROWS: groups.reduced[0]}, parts)

    def merge(
        self,
        partials: pa.Table,
        by: Sequence[str],
        carry: Mapping[str, str] | None = None,
        *,
        consume: bool = False,
    ) -> pa.Table:
        """Merge partial aggregates with the same key, in the order of their rows.

        Args:
            partials: partial aggregates, those of earlier records first.
            by: names of the key columns.
            carry: further columns to keep, each with the pyarrow kernel that joins its values, such as
                ``{"__start": "min"}``; they come after the keys.
            consume: whether the partials are given up, which saves a copy of a person's accumulators:
                neither merge nor release them again. Makes no difference to built-in aggregates.

        Returns:
            One row per different key, in the order in which the keys first come.

        Raises:
            RecordError: when a person's function fails.
        """
        carried = carry or {}
        parts = [self._parts(partials, i) for i in range(len(self._forms))]
        reductions = [form.reduce_partials(of) for form, of in zip(self._forms, parts, strict=True)]
        groups = group(
            partials.select([ROWS, *by]),
            by,
            [
                Reduction(partials.column(ROWS), "sum"),
                *(Reduction(partials.column(name), function) for name, function in carried.items()),
                *(r for each in reductions for r in each),
            ],
            ordered=any(form.orders_partials for form in self._forms),
        )
        start = 1 + len(carried)
        merged: list[Parts] = []
        for form, of, each in zip(self._forms, parts, reductions, strict=True):
            reduced = groups.reduced[start : start + len(each)]
            if isinstance(form, Custom):
                merged.append(form.merge(of, groups, reduced, consume=consume))
            else:
                merged.append(form.merge(of, groups, reduced))
            start += len(each)
        kept = dict(zip(carried, groups.reduced[1:], strict=False))
        return self._table(groups.keys, {**kept, ROWS: groups.reduced[0]}, merged)

    def extract(
        self, merged: pa.Table, by: Sequence[str], describe: Callable[[int], str] | None = None
    ) -> pa.Table:
        """Return the results: the key columns, then one column per aggregate under its name.

        Args:
            merged: partial aggregates, one row per key.
            by: names of the key columns.
            describe: returns the group of a row as text, for errors; None names the key columns.

        Raises:
            RecordError: when a sum does not fit its type, or a person's function fails.
        """

        def names(row: int) -> str:
            return ", ".join(f"{name}={merged.column(name)[row].as_py()!r}" for name in by)

        columns: list[Values | Column] = [merged.column(name) for name in by]
        for i, form in enumerate(self._forms):
            columns.append(form.extract(self._merged(merged, i, describe or names)))
        return pa.Table.from_arrays(columns, [*by, *(name for name, _ in self.aggregates)])

    def extract_objects(
        self, merged: pa.Table, describe: Callable[[int], str], *, kept: bool
    ) -> list[list[Any]]:
        """Return the results of each aggregate as Python objects, one per row.

        Args:
            merged: partial aggregates, one row per key.
            describe: returns the group of a row as text, for errors.
            kept: whether the accumulators live on: then what a person's function gives comes from copies, so
                that it does not change later.

        Raises:
            RecordError: when a sum does not fit its type, or a person's function fails.
        """
        found = []
        for i, form in enumerate(self._forms):
            of = self._merged(merged, i, describe)
            if isinstance(form, Custom):
                found.append(form.extract_objects(of, kept=kept))
            else:
                found.append(to_values(whole(form.extract(of))))
        return found

    def _merged(self, table: pa.Table, i: int, describe: Callable[[int], str]) -> Merged:
        return Merged(self._parts(table, i), table.column(ROWS), describe)

    def release(self, partials: pa.Table) -> None:
        """Forget the live accumulators of partial aggregates that are dropped."""
        for i, form in self._custom.items():
            form.release(self._parts(partials, i))

    def snapshot(self) -> dict[str, Any]:
        """Return the live accumulators as JSON data; the partial tables are saved by whoever holds them.

        Raises:
            StateError: when an accumulator holds something that is not plain data.
        """
        return {"taken": self._taken, **{str(i): form.snapshot() for i, form in self._custom.items()}}

    def restore(self, data: Mapping[str, Any]) -> None:
        """Take back what ``snapshot`` gave."""
        self._taken = data["taken"]
        for i, form in self._custom.items():
            form.restore(data[str(i)])

    def _parts(self, table: pa.Table, i: int) -> Parts:
        return {part: table.column(f"p{i}_{part}") for part in self._forms[i].parts}

    def _table(self, keys: pa.Table, columns: Mapping[str, Any], parts: Sequence[Parts]) -> pa.Table:
        named = dict(columns)
        for i, of in enumerate(parts):
            named.update({f"p{i}_{part}": of[part] for part in self._forms[i].parts})
        return pa.Table.from_arrays([*keys.columns, *named.values()], [*keys.column_names, *named])
