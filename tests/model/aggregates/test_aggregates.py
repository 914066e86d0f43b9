"""Declarations of aggregates: names, text, fields, types, and their errors."""

from __future__ import annotations

import sys

import pyarrow as pa
import pytest

from pulse.errors import MissingDependency, PipelineError, TypeMismatch, UnknownField
from pulse.model import aggregates as agg
from pulse.model.aggregates import Aggregate, CombineFn
from pulse.model.expressions import col

SCHEMA = pa.schema(
    {
        "word": pa.string(),
        "n": pa.int32(),
        "score": pa.float32(),
        "price": pa.decimal128(10, 2),
        "ok": pa.bool_(),
        "tags": pa.list_(pa.string()),
        "day": pa.date32(),
        "kind": pa.dictionary(pa.int8(), pa.string()),
    }
)


class Longest(CombineFn):
    def create(self) -> str:
        return ""

    def add(self, accumulator: str, value: str) -> str:
        return max(accumulator, value, key=len)

    merge = add

    def extract(self, accumulator: str) -> str:
        return accumulator


@pytest.mark.parametrize(
    ("aggregate", "text", "name", "kind"),
    [
        (agg.count(), "count()", "count", pa.int64()),
        (agg.count("tags"), "count(tags)", "count_tags", pa.int64()),
        (agg.sum("n"), "sum(n)", "sum_n", pa.int64()),
        (agg.sum("score"), "sum(score)", "sum_score", pa.float64()),
        (agg.sum("price"), "sum(price)", "sum_price", pa.decimal128(38, 2)),
        (agg.avg("price"), "mean(price)", "mean_price", pa.float64()),
        (agg.min("day"), "min(day)", "min_day", pa.date32()),
        (agg.max("kind"), "max(kind)", "max_kind", pa.string()),
        (agg.first("score"), "first(score)", "first_score", pa.float32()),
        (agg.last("ok"), "last(ok)", "last_ok", pa.bool_()),
        (agg.distinct("word"), "count_distinct(word)", "count_distinct_word", pa.int64()),
        (agg.stddev("n", ddof=1), "stddev(n, ddof=1)", "stddev_n", pa.float64()),
        (agg.variance("n"), "variance(n)", "variance_n", pa.float64()),
        (agg.list_of("tags"), "collect(tags)", "collect_tags", pa.list_(pa.list_(pa.string()))),
        (agg.collect("n", nulls=True), "collect(n, nulls=True)", "collect_n", pa.list_(pa.int32())),
        (
            agg.top_k("word", 3, by="score"),
            "top_k(word, k=3, by=score)",
            "top_k_word",
            pa.list_(pa.string()),
        ),
        (agg.bottom_k("n", 1), "bottom_k(n, k=1)", "bottom_k_n", pa.list_(pa.int32())),
        (agg.any_of("ok"), "any_of(ok)", "any_of_ok", pa.bool_()),
        (agg.all_of("ok"), "all_of(ok)", "all_of_ok", pa.bool_()),
        (
            agg.approx_count_distinct("word"),
            "approx_count_distinct(word)",
            "approx_count_distinct_word",
            pa.int64(),
        ),
        (agg.approx_median("n"), "approx_quantile(n, q=0.5)", "approx_quantile_n", pa.float64()),
        (agg.combine(Longest(), "word"), "combine(Longest, word)", "longest_word", None),
        (agg.combine(Longest(), type=pa.string()), "combine(Longest)", "longest", pa.string()),
    ],
)
def test_text_name_and_type(aggregate: Aggregate, text: str, name: str, kind: pa.DataType | None) -> None:
    assert str(aggregate) == text
    assert aggregate.name == name
    assert aggregate.type(SCHEMA) == kind


@pytest.mark.parametrize(
    ("aggregate", "message"),
    [
        (
            agg.sum("word"),
            (
                "sum(word) needs numbers, but word is string\n"
                "hint: cast the input first, for example col('x').cast('double')"
            ),
        ),
        (
            agg.mean("ok"),
            (
                "mean(ok) needs numbers, but ok is bool\n"
                "hint: cast the input first, for example col('x').cast('double')"
            ),
        ),
        (
            agg.min("tags"),
            (
                "min(tags) needs values that have an order, but tags is list<string>\n"
                "hint: name a field inside it, or use collect or combine"
            ),
        ),
        (
            agg.top_k("n", 1, by="tags"),
            (
                "top_k(n, k=1, by=tags) needs values that have an order, but tags is list<string>\n"
                "hint: name a field inside it, or use collect or combine"
            ),
        ),
        (
            agg.any_of("n"),
            (
                "any_of(n) needs bools, but n is int32\n"
                "hint: compare first, for example any_of(col('score') > 1)"
            ),
        ),
    ],
)
def test_a_kind_over_the_wrong_type_is_an_error(aggregate: Aggregate, message: str) -> None:
    with pytest.raises(TypeMismatch) as caught:
        aggregate.type(SCHEMA)
    assert str(caught.value) == message


def test_an_unknown_field_is_an_error() -> None:
    with pytest.raises(UnknownField, match="field 'scor' does not exist"):
        agg.mean("scor").type(SCHEMA)


def test_fields_are_those_of_input_and_order() -> None:
    assert agg.count().fields() == frozenset()
    assert agg.sum(col("n") * col("score")).fields() == {"n", "score"}
    assert agg.top_k("word", 2, by=col("n") + 1).fields() == {"word", "n"}
    assert agg.sum(col("n") * col("score")).name == "sum"


def test_equality_is_by_what_is_declared() -> None:
    assert agg.mean("n") == agg.avg("n")
    assert hash(agg.mean("n")) == hash(agg.avg("n"))
    assert agg.stddev("n") != agg.stddev("n", ddof=1)
    longest = Longest()
    assert agg.combine(longest, "word") == agg.combine(longest, "word")
    assert agg.combine(longest, "word") != agg.combine(Longest(), "word")


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: agg.top_k("n", 0), "top_k takes a k of 1 or more, not 0"),
        (lambda: agg.bottom_k("n", -1), "bottom_k takes a k of 1 or more, not -1"),
        (lambda: agg.stddev("n", ddof=-1), "stddev takes a ddof of 0 or more, not -1"),
        (
            lambda: agg.approx_quantile("n", 99),
            "quantile 99 is not between 0 and 1\nhint: 0.5 is the median, 0.99 is p99",
        ),
        (
            lambda: agg.combine(len, "n"),  # type: ignore[arg-type]
            (
                "combine takes a CombineFn, not <built-in function len>\n"
                "hint: subclass pulse.CombineFn with create, add, merge and extract, and pass an instance"
            ),
        ),
    ],
)
def test_options_out_of_range_are_errors(build: object, message: str) -> None:
    with pytest.raises(PipelineError) as caught:
        build()  # type: ignore[operator]
    assert str(caught.value) == f"{caught.value.where}: {message}"


def test_sketches_ask_for_their_library_when_they_are_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasketches", None)
    with pytest.raises(MissingDependency) as caught:
        agg.approx_count_distinct("word")
    assert str(caught.value) == (
        f"{caught.value.where}: approx_count_distinct needs the package 'datasketches', which is not installed\n"
        "hint: pip install 'pulse-streaming[sketches]'"
    )
    assert agg.approx_median("n").combine_fn().over([1, 2, 3]) == 2.0
