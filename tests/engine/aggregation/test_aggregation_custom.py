"""A person's own aggregates: live accumulators, their life, their errors, and saving them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from pulse.engine.aggregation import GroupedAggregation, concat
from pulse.errors import RecordError, StateError
from pulse.model.aggregates import CombineFn, combine
from pulse.state.values import from_plain, to_plain

TIMES = np.zeros(3, np.int64)


class Seen(CombineFn):
    """Lists what it has seen, changing accumulators in place."""

    def create(self) -> list[Any]:
        return []

    def add(self, accumulator: list[Any], value: Any) -> list[Any]:
        if value == "bad":
            raise ValueError("no such word")
        accumulator.append(value)
        return accumulator

    def merge(self, a: list[Any], b: list[Any]) -> list[Any]:
        a.extend(b)
        return a

    def extract(self, accumulator: list[Any]) -> Any:
        return list(accumulator)


def records(*values: Any) -> pa.Table:
    return pa.table({"k": ["a", "b", "a"][: len(values)], "in0": list(values)})


def live(grouped: GroupedAggregation) -> int:
    return len(grouped.snapshot()["0"]["live"])


def test_merge_copies_unless_it_consumes() -> None:
    grouped = GroupedAggregation((("r", combine(Seen(), "v")),))
    assert not grouped.liftable
    both = concat(
        [grouped.partial(records(1, 2, None), ["k"], TIMES), grouped.partial(records(3), ["k"], TIMES)]
    )
    first = grouped.merge(both, ["k"])
    again = grouped.merge(both, ["k"], consume=True)
    for merged in (first, again):
        assert grouped.extract(merged, ["k"]).column("r").to_pylist() == [[1, None, 3], [2]]
    assert live(grouped) == 4
    grouped.release(first)
    grouped.release(again)
    assert live(grouped) == 0


def test_whole_records_are_rows() -> None:
    grouped = GroupedAggregation((("r", combine(Seen())),))
    assert grouped.needs_rows
    rows = [{"k": "a", "v": 1}, {"k": "a", "v": 2}]
    partial = grouped.partial(pa.table({"k": ["a", "a"]}), ["k"], TIMES[:2], rows)
    assert grouped.extract(partial, ["k"]).to_pylist() == [{"k": "a", "r": rows}]


def test_an_error_names_the_function_the_value_and_the_line() -> None:
    grouped = GroupedAggregation((("r", combine(Seen(), "v")),))
    with pytest.raises(RecordError) as caught:
        grouped.partial(records("good", "bad"), ["k"], TIMES[:2])
    error = caught.value
    assert error.message == "combine(Seen, v) failed in add: ValueError: no such word"
    assert error.record == "'bad'"
    assert error.where is not None
    assert "test_aggregation_custom.py:" in error.where


def test_results_that_no_column_holds_are_an_error() -> None:
    grouped = GroupedAggregation((("r", combine(Seen(), "v", type=pa.int64())),))
    partial = grouped.partial(records(1), ["k"], TIMES[:1])
    with pytest.raises(
        RecordError, match=r"combine\(Seen, v\) returned results that no column of int64 can hold"
    ):
        grouped.extract(partial, ["k"])


def test_accumulators_survive_a_checkpoint() -> None:
    grouped = GroupedAggregation((("r", combine(Seen(), "v")),))
    partial = grouped.partial(records(1, 2, 3), ["k"], TIMES)
    saved = json.loads(json.dumps(grouped.snapshot()))
    restored = GroupedAggregation(grouped.aggregates)
    restored.restore(saved)
    later = concat([partial, restored.partial(records(4), ["k"], TIMES[:1])])
    assert restored.extract(restored.merge(later, ["k"]), ["k"]).column("r").to_pylist() == [[1, 3, 4], [2]]


def test_an_accumulator_that_cannot_be_saved_is_an_error() -> None:
    class Opaque(Seen):
        def create(self) -> Any:
            return [object()]

    grouped = GroupedAggregation((("r", combine(Opaque(), "v")),))
    grouped.partial(records(1), ["k"], TIMES[:1])
    with pytest.raises(StateError) as caught:
        grouped.snapshot()
    assert str(caught.value) == (
        "combine(Opaque, v) holds a builtins.object, which cannot be saved in a checkpoint\n"
        "hint: let its save return plain data (numbers, text, bytes, times, lists, tuples, sets, dicts) "
        "and its load turn them back"
    )


def test_save_and_load_of_the_function_are_used() -> None:
    class Wrapped(Seen):
        def save(self, accumulator: Any) -> Any:
            return {"items": tuple(accumulator)}

        def load(self, saved: Any) -> Any:
            return [*saved["items"], "loaded"]

    grouped = GroupedAggregation((("r", combine(Wrapped(), "v")),))
    partial = grouped.partial(records("x"), ["k"], TIMES[:1])
    grouped.restore(json.loads(json.dumps(grouped.snapshot())))
    assert grouped.extract(partial, ["k"]).column("r").to_pylist() == [["x", "loaded"]]


def test_plain_data_keeps_its_types() -> None:
    value = {
        (1, "a"): [None, True, 2**80, float("-inf"), b"\x00", Decimal("1.10")],
        "set": {frozenset({1})},
    }
    assert from_plain(json.loads(json.dumps(to_plain(value, "f")))) == value
