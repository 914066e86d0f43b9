"""Any cut into bundles and any tree of merges gives what the reference function gives over the whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.engine.aggregation import GroupedAggregation, concat
from pulse.errors import RecordError
from pulse.model import aggregates as agg
from pulse.model.aggregates import Aggregate, CombineFn


class Joined(CombineFn):
    """Text of all values in the order of arrival; accumulators are changed in place."""

    def create(self) -> list[Any]:
        return []

    def add(self, accumulator: list[Any], value: Any) -> list[Any]:
        accumulator.append(value)
        return accumulator

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        a += b
        return a

    def extract(self, accumulator: list[Any]) -> str:
        return repr(accumulator)


INTS = (pa.int64(), st.integers(-1000, 1000))
WIDE = (pa.int64(), st.integers(-(2**63), 2**63 - 1))
SMALL = (pa.uint8(), st.integers(0, 255))
UNSIGNED = (pa.uint64(), st.integers(0, 2**64 - 1))
FLOATS = (pa.float64(), st.floats(-1e6, 1e6))
ANY_FLOATS = (pa.float64(), st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.0]))
TEXT = (pa.string(), st.text("abc", max_size=2))
DECIMALS = (pa.decimal128(12, 2), st.decimals(-1000, 1000, places=2))
LARGE_DECIMALS = (pa.decimal128(38, 0), st.integers(-(10**38) + 1, 10**38 - 1).map(Decimal))
DAYS = (pa.date32(), st.dates(date(1960, 1, 1), date(2040, 1, 1)))
DURATIONS = (pa.duration("us"), st.integers(-5, 5).map(lambda n: timedelta(microseconds=n)))
BOOLS = (pa.bool_(), st.booleans())
LISTS = (pa.list_(pa.int64()), st.lists(st.integers(0, 3), max_size=2))

NUMBERS = (INTS, WIDE, SMALL, UNSIGNED, FLOATS, DECIMALS, LARGE_DECIMALS)
SCALARS = (INTS, WIDE, UNSIGNED, ANY_FLOATS, TEXT, DECIMALS, DAYS, DURATIONS, BOOLS)

CASES = [
    (agg.count(), SCALARS[:1]),
    (agg.count("v"), (*SCALARS, LISTS)),
    (agg.sum("v"), (*NUMBERS, ANY_FLOATS)),
    (agg.mean("v"), (*NUMBERS, ANY_FLOATS)),
    (agg.min("v"), SCALARS),
    (agg.max("v"), SCALARS),
    (agg.count_distinct("v"), SCALARS),
    (agg.first("v"), SCALARS),
    (agg.last("v"), SCALARS),
    (agg.variance("v"), (INTS, FLOATS, DECIMALS, ANY_FLOATS)),
    (agg.stddev("v", ddof=1), (INTS, FLOATS, DECIMALS)),
    (agg.collect("v"), (*SCALARS, LISTS)),
    (agg.collect("v", nulls=True), (*SCALARS, LISTS)),
    (agg.top_k("v", 2), SCALARS),
    (agg.bottom_k("v", 3), SCALARS),
    (agg.top_k("v", 2, by="w"), SCALARS),
    (agg.bottom_k("v", 1, by="w"), SCALARS),
    (agg.any_of("v"), (BOOLS,)),
    (agg.all_of("v"), (BOOLS,)),
    (agg.approx_count_distinct("v"), SCALARS),
    (agg.approx_quantile("v", 0.9), (INTS, FLOATS, DECIMALS, ANY_FLOATS)),
    (agg.approx_median("v"), (INTS, FLOATS)),
    (agg.combine(Joined(), "v", type=pa.string()), (INTS, TEXT)),
    (agg.combine(Joined(), type=pa.string()), (INTS,)),
]


@dataclass
class Record:
    key: Any
    value: Any
    weight: Any
    time: int


def records_of(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Record]]:
    key = st.sampled_from(["x", "y", None])
    weight = st.none() | st.sampled_from([0.0, -0.0, 1.0, math.nan])
    return st.lists(st.builds(Record, key, st.none() | values, weight, st.integers(-2, 2)), max_size=12)


def table_of(records: list[Record], kind: pa.DataType, aggregate: Aggregate) -> pa.Table:
    columns = {"key": pa.array([r.key for r in records], pa.string())}
    if aggregate.input is not None:
        columns["in0"] = pa.array([r.value for r in records], kind)
    if aggregate.by is not None:
        columns["in0_by"] = pa.array([r.weight for r in records], pa.float64())
    return pa.table(columns)


def seen(record: Record, aggregate: Aggregate) -> Any:
    """Return what the reference function is given for a record."""
    if aggregate.kind in ("first", "last"):
        return record.time, record.value
    if aggregate.by is not None:
        return record.weight, record.value
    return vars(record) if aggregate.input is None else record.value


def expected(records: list[Record], aggregate: Aggregate) -> dict[Any, Any]:
    groups: dict[Any, list[Any]] = {}
    for record in records:
        groups.setdefault(record.key, []).append(seen(record, aggregate))
    return {key: aggregate.combine_fn().over(values) for key, values in groups.items()}


def partial(grouped: GroupedAggregation, records: list[Record], kind: pa.DataType) -> pa.Table:
    aggregate = grouped.aggregates[0][1]
    times = np.array([r.time for r in records], np.int64)
    rows = [vars(r) for r in records]
    return grouped.partial(table_of(records, kind, aggregate), ["key"], times, rows)


def computed(
    records: list[Record], kind: pa.DataType, aggregate: Aggregate, data: st.DataObject
) -> dict[Any, Any]:
    """Cut records into bundles, merge neighbours in any order, and return the results by key."""
    grouped = GroupedAggregation((("result", aggregate),))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(records)), max_size=4), label="cuts"))
    bounds = [0, *cuts, len(records)]
    tables = [partial(grouped, records[a:b], kind) for a, b in pairwise(bounds)]
    while len(tables) > 1:
        at = data.draw(st.integers(0, len(tables) - 2), label="merge at")
        consume = data.draw(st.booleans(), label="consume")
        tables[at : at + 2] = [grouped.merge(concat(tables[at : at + 2]), ["key"], consume=consume)]
    results = grouped.extract(tables[0], ["key"])
    assert results.column_names == ["key", "result"]
    assert tables[0].column("__rows").to_pylist() == [
        sum(r.key == key for r in records) for key in results.column("key").to_pylist()
    ]
    declared = aggregate.type(pa.schema([("v", kind), ("w", pa.float64())]))
    assert results.column("result").type == declared
    return dict(zip(results.column("key").to_pylist(), results.column("result").to_pylist(), strict=True))


def assert_same(found: Any, wanted: Any) -> None:
    if isinstance(wanted, dict):
        assert list(found) == list(wanted)  # groups come in the order in which they are first seen
        for key in wanted:
            assert_same(found[key], wanted[key])
    elif isinstance(wanted, list) and isinstance(found, list):
        assert len(found) == len(wanted)
        for one, other in zip(found, wanted, strict=True):
            assert_same(one, other)
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9, nan_ok=True)
    else:
        assert found == wanted


@pytest.mark.parametrize(
    ("aggregate", "values"), [pytest.param(a, v, id=f"{a}-{v[0]}") for a, vs in CASES for v in vs]
)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_cut_and_any_merge_tree_give_the_reference(
    aggregate: Aggregate, values: tuple[pa.DataType, st.SearchStrategy[Any]], data: st.DataObject
) -> None:
    kind, strategy = values
    records = data.draw(records_of(strategy), label="records")
    try:
        wanted = expected(records, aggregate)
    except RecordError:
        with pytest.raises(RecordError, match="does not fit into"):
            computed(records, kind, aggregate, data)
        return
    assert_same(computed(records, kind, aggregate, data), wanted)


ORDERED = ("collect", "combine")


@pytest.mark.parametrize(
    ("aggregate", "values"),
    [pytest.param(a, v, id=f"{a}-{v[0]}") for a, vs in CASES for v in vs[:4] if a.kind not in ORDERED],
)
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_the_order_of_arrival_does_not_matter(
    aggregate: Aggregate, values: tuple[pa.DataType, st.SearchStrategy[Any]], data: st.DataObject
) -> None:
    kind, strategy = values
    records = data.draw(records_of(strategy), label="records")
    shuffled = data.draw(st.permutations(records), label="shuffled")
    try:
        wanted = computed(records, kind, aggregate, data)
    except RecordError:
        with pytest.raises(RecordError, match="does not fit into"):
            computed(shuffled, kind, aggregate, data)
        return
    found = computed(shuffled, kind, aggregate, data)
    assert_same({key: found[key] for key in wanted}, wanted)
    if values is not FLOATS:
        assert repr({key: found[key] for key in wanted}) == repr(wanted) or aggregate.kind in (
            "mean",
            "variance",
            "stddev",
        )


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1), size=st.integers(200, 1500), parts=st.integers(1, 6), q=st.floats(0, 1)
)
def test_estimates_are_the_same_for_any_order_and_cut(seed: int, size: int, parts: int, q: float) -> None:
    grouped = GroupedAggregation((("n", agg.approx_count_distinct("v")), ("q", agg.approx_quantile("v", q))))
    random = np.random.default_rng(seed)
    values = random.lognormal(0, 3, size) * random.choice([-1, 1], size)
    outcomes = []
    for order in (values, random.permutation(values)):
        tables = [
            grouped.partial(pa.table({"in0": part, "in1": part}), [], np.zeros(len(part), np.int64))
            for part in np.array_split(order, parts)
        ]
        outcomes.append(grouped.extract(grouped.merge(concat(tables), []), []).to_pylist())
    assert outcomes[0] == outcomes[1]
    exact = np.quantile(values, q, method="inverted_cdf")
    assert outcomes[0][0]["q"] == pytest.approx(exact, rel=0.0101)
    assert outcomes[0][0]["n"] == pytest.approx(size, rel=0.1)
