"""What a grouped aggregation promises on particular inputs: encodings, emptiness, keys, overflow, drift."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.aggregation import GroupedAggregation, concat
from pulse.errors import RecordError
from pulse.model import aggregates as agg

if TYPE_CHECKING:
    from pulse.model.aggregates import Aggregate

EVERY_KIND = (
    agg.count(),
    agg.count("v"),
    agg.sum("v"),
    agg.mean("v"),
    agg.min("v"),
    agg.max("v"),
    agg.count_distinct("v"),
    agg.first("v"),
    agg.last("v"),
    agg.variance("v"),
    agg.stddev("v"),
    agg.collect("v"),
    agg.top_k("v", 2),
    agg.bottom_k("v", 2, by="v"),
    agg.approx_count_distinct("v"),
    agg.approx_median("v"),
)


def one(aggregate: Aggregate) -> GroupedAggregation:
    return GroupedAggregation((("r", aggregate),))


def over(grouped: GroupedAggregation, values: Any, by: dict[str, Any] | None = None) -> pa.Table:
    keys = by or {}
    table = pa.table({**keys, **{name: values for name, _ in grouped.inputs}})
    return grouped.partial(table, list(keys), np.arange(len(values)))


def result(aggregate: Aggregate, *bundles: Any) -> Any:
    grouped = one(aggregate)
    merged = grouped.merge(concat([over(grouped, values) for values in bundles]), [])
    return grouped.extract(merged, []).column("r").to_pylist()


@pytest.mark.parametrize("aggregate", EVERY_KIND, ids=str)
def test_no_records_are_no_groups_and_have_the_same_columns(aggregate: Aggregate) -> None:
    grouped = one(aggregate)
    some = over(grouped, pa.array([1, 2]), {"k": ["a", "b"]})
    none = over(grouped, pa.array([], pa.int64()), {"k": pa.array([], pa.string())})
    assert none.num_rows == 0
    assert none.schema == some.schema
    merged = grouped.merge(none, ["k"])
    assert merged.schema == some.schema
    assert grouped.extract(merged, ["k"]).num_rows == 0
    assert grouped.extract(merged, ["k"]).schema == grouped.extract(some, ["k"]).schema
    assert over(grouped, pa.array([], pa.int64())).num_rows == 0


@pytest.mark.parametrize("aggregate", EVERY_KIND, ids=str)
def test_a_column_of_type_null_joins_one_with_values(aggregate: Aggregate) -> None:
    alone = result(aggregate, pa.nulls(3))
    assert alone == result(aggregate, pa.nulls(3, pa.int64()))
    assert result(aggregate, pa.nulls(3), pa.array([1, 2])) == result(
        aggregate, pa.array([None, None, None, 1, 2])
    )


@pytest.mark.parametrize("aggregate", [agg.any_of("v"), agg.all_of("v")], ids=str)
def test_bools_of_type_null_join_real_ones(aggregate: Aggregate) -> None:
    assert result(aggregate, pa.nulls(2)) == [None]
    assert result(aggregate, pa.nulls(2), pa.array([True, None])) == [True]


@pytest.mark.parametrize("aggregate", EVERY_KIND, ids=str)
def test_encoded_and_chunked_columns_are_read_as_their_values(aggregate: Aggregate) -> None:
    plain = [3, 1, 3, None, 2]
    wanted = result(aggregate, pa.array(plain))
    assert result(aggregate, pa.chunked_array([plain[:2], [], plain[2:]], pa.int64())) == wanted
    assert result(aggregate, pa.array(plain).dictionary_encode()) == wanted
    assert result(aggregate, pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4, 5], pa.array(plain))) == wanted


def test_keys_are_equal_by_value() -> None:
    grouped = one(agg.count())
    nan = float("nan")
    partial = over(grouped, range(7), {"k": [nan, 0.0, None, -0.0, -nan, None, 1.0]})
    assert partial.column("__rows").to_pylist() == [2, 2, 2, 1]
    assert partial.column("k").to_pylist()[1:] == [0.0, None, 1.0]


def test_groups_come_in_the_order_in_which_they_are_first_seen() -> None:
    grouped = one(agg.sum("v"))
    keys = [f"word{n * 7919 % 1000}" for n in range(1000)]
    partial = over(grouped, pa.array(range(2000)), {"k": keys * 2})
    assert partial.column("k").to_pylist() == keys
    merged = grouped.merge(concat([partial.slice(500), partial]), ["k"])
    assert merged.column("k").to_pylist() == keys[500:] + keys[:500]


def test_dictionary_keys_and_several_keys() -> None:
    grouped = one(agg.collect("v"))
    keys = {"a": pa.array(["x", "y", "x"]).dictionary_encode(), "b": [1, 1, 2]}
    partial = over(grouped, pa.array([1, 2, 3]), keys)
    assert grouped.extract(partial, ["a", "b"]).to_pylist() == [
        {"a": "x", "b": 1, "r": [1]},
        {"a": "y", "b": 1, "r": [2]},
        {"a": "x", "b": 2, "r": [3]},
    ]


def test_carried_columns_are_joined_by_their_kernels() -> None:
    grouped = one(agg.count())
    partial = over(grouped, range(3), {"k": ["a", "b", "a"]})
    twice = concat([partial, partial])
    twice = twice.append_column("__start", pa.array([5, 1, 3, 2])).append_column(
        "__end", pa.array([9, 8, 7, 6])
    )
    merged = grouped.merge(twice, ["k"], {"__start": "min", "__end": "max"})
    assert merged.column_names == ["k", "__start", "__end", "__rows"]
    assert merged.to_pylist() == [
        {"k": "a", "__start": 3, "__end": 9, "__rows": 4},
        {"k": "b", "__start": 1, "__end": 8, "__rows": 2},
    ]


def test_a_sum_beyond_64_bits_is_an_error_that_names_the_group() -> None:
    grouped = one(agg.sum("v"))
    partial = over(grouped, pa.array([1, 2**62, 2**62]), {"k": ["a", "b", "b"]})
    with pytest.raises(RecordError) as caught:
        grouped.extract(partial, ["k"])
    assert str(caught.value) == (
        "sum(v) of the group k='b' does not fit into 64-bit integers\n"
        "  record: k='b'\n"
        "hint: cast the input to double, or to a decimal with a smaller scale, if an exact sum is not needed"
    )


def test_only_the_final_sum_has_to_fit() -> None:
    big = pa.array([2**62, 2**62])
    assert result(agg.sum("v"), big, pa.array([-(2**62)])) == [2**62]
    assert result(agg.mean("v"), big) == [2.0**62]
    nines = Decimal("9" * 38)
    assert result(agg.sum("v"), pa.array([nines, nines]), pa.array([nines.copy_negate()])) == [nines]
    with pytest.raises(RecordError, match="does not fit into 38 decimal digits"):
        result(agg.sum("v"), pa.array([nines, nines]))


@pytest.mark.parametrize(
    ("bundles", "total"),
    [
        ([pa.array([1]), pa.array([1.5])], 2.5),
        ([pa.array([1]), pa.array([Decimal("1.25")])], Decimal("2.25")),
        ([pa.array([2**62, 2**62]), pa.array([Decimal("1.25")])], Decimal(2**63) + Decimal("1.25")),
        ([pa.array([Decimal("1.5")]), pa.array([Decimal("1.25")])], Decimal("2.75")),
        ([pa.array([Decimal("1.5")]), pa.array([0.25])], 1.75),
        ([pa.array([1], pa.int8()), pa.array([1], pa.int64())], 2),
        ([pa.array([2**53 + 1]), pa.array([0.5])], 2.0**53),
    ],
)
def test_sums_of_drifting_types_are_widened(bundles: list[Any], total: Any) -> None:
    assert result(agg.sum("v"), *bundles) == [total]


def test_values_and_keys_of_drifting_types_become_equal() -> None:
    grouped = GroupedAggregation((("d", agg.count_distinct("v")), ("c", agg.collect("v"))))
    ints = over(grouped, pa.array([1, 2]), {"k": [7, 8]})
    floats = over(grouped, pa.array([1.0, 2.5]), {"k": [7.0, 8.5]})
    merged = grouped.merge(concat([ints, floats]), ["k"])
    assert grouped.extract(merged, ["k"]).to_pylist() == [
        {"k": 7.0, "d": 1, "c": [1.0, 1.0]},
        {"k": 8.0, "d": 1, "c": [2.0]},
        {"k": 8.5, "d": 1, "c": [2.5]},
    ]
    assert result(agg.approx_count_distinct("v"), pa.array([1]), pa.array([1.0, 2.0])) == [2]


def test_types_that_nothing_holds_are_an_error() -> None:
    with pytest.raises(RecordError) as caught:
        result(agg.min("v"), pa.array([1]), pa.array(["x"]))
    assert str(caught.value) == (
        "column 'p0_value' is int64 in one bundle and string in another, and no type holds both\n"
        "hint: declare the type of the field, or cast it first"
    )


def test_a_value_that_does_not_fit_the_wider_type_is_an_error() -> None:
    late = pa.table({"k": pa.array([2**62], pa.timestamp("s"))})
    with pytest.raises(RecordError, match="column 'k' has a value that does not fit"):
        concat([late, pa.table({"k": pa.array([1], pa.timestamp("us"))})])


def test_variance_keeps_its_digits_far_from_zero() -> None:
    values = [1e9 + n for n in (4, 7, 13, 16)]
    assert result(agg.variance("v", ddof=1), pa.array(values[:1]), pa.array(values[1:])) == [30.0]
    assert result(agg.variance("v", ddof=1), pa.array(values[:1])) == [None]


def test_nan_is_a_value_for_sums_and_passed_over_by_orders() -> None:
    bundles = [pa.array([math.nan]), pa.array([2.0, 1.0])]
    assert math.isnan(result(agg.sum("v"), *bundles)[0])
    assert result(agg.min("v"), *bundles) == [1.0]
    assert result(agg.top_k("v", 2), *bundles) == [[2.0, 1.0]]
    assert result(agg.count_distinct("v"), *bundles, *bundles) == [3]
    assert math.isnan(result(agg.max("v"), bundles[0])[0])
    assert result(agg.approx_median("v"), bundles[0]) == [None]


def test_nanoseconds_are_counted_by_the_sketch() -> None:
    assert result(agg.approx_count_distinct("v"), pa.array([1, 2, 1], pa.timestamp("ns"))) == [2]


def test_many_different_values_make_quantiles_approximate_and_few_keep_them_exact() -> None:
    few = np.repeat(np.arange(256.0), 3)
    assert result(agg.approx_quantile("v", 0.5), pa.array(few[:300]), pa.array(few[300:])) == [127.0]
    many = np.arange(1.0, 10_001.0)
    (estimate,) = result(agg.approx_quantile("v", 0.99), pa.array(many[:200]), pa.array(many[200:]))
    assert estimate != 9900.0
    assert estimate == pytest.approx(9900.0, rel=0.01)


def test_no_aggregates_give_the_different_keys() -> None:
    grouped = GroupedAggregation(())
    partial = grouped.partial(pa.table({"k": ["a", "b", "a"]}), ["k"], np.zeros(3, np.int64))
    merged = grouped.merge(concat([partial, partial]), ["k"])
    assert grouped.extract(merged, ["k"]).to_pylist() == [{"k": "a"}, {"k": "b"}]


def test_the_inputs_name_the_columns_to_evaluate() -> None:
    grouped = GroupedAggregation((("n", agg.count()), ("t", agg.top_k("word", 2, by="score"))))
    assert [(name, str(expression)) for name, expression in grouped.inputs] == [
        ("in1", "word"),
        ("in1_by", "score"),
    ]
    assert grouped.liftable
    assert not grouped.needs_rows
