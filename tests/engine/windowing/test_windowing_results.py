"""From merged partial aggregates to records: columns or rows, names, times, texts of errors."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest

from pulse.errors import RecordError
from pulse.graph.ops import AggregateOp
from pulse.model.aggregates import collect, combine, count
from pulse.model.aggregates import sum as sum_
from pulse.model.time import MAX_EVENT_TIME, MAX_TIME
from pulse.model.windows import Global, Session, Sliding, Tumbling, Windowing
from tests.support.operators import columns, finish, operator, outputs, rows
from tests.support.runs import Joined


def aggregation(window, schema, *, keys=("k",), timestamp="end_of_window", lateness=0, **aggregates):
    return operator(
        AggregateOp(tuple(aggregates.items())),
        schema,
        keys=keys,
        windowing=Windowing(window, lateness, "accumulating", timestamp),
    )


def at(micros):
    return datetime.fromtimestamp(micros / 1e6, UTC)


def test_a_result_has_keys_window_and_aggregates_in_that_order():
    machine = aggregation(Tumbling("10us"), {"k": "string", "v": "int64"}, n=count(), total=sum_("v"))
    outputs(machine, columns([{"k": "a", "v": 1}, {"k": "a", "v": 2}], [3, 4]))
    assert [list(row.items()) for row in finish(machine)] == [
        [("k", "a"), ("window_start", at(0)), ("window_end", at(10)), ("n", 2), ("total", 3)]
    ]


def test_the_global_window_has_no_bounds_and_ends_at_the_last_moment_there_is():
    machine = aggregation(Global(), {"k": "string"}, n=count())
    outputs(machine, columns([{"k": "a"}]))
    (out,) = machine.advance(MAX_TIME)
    assert out.bundle.batch.to_pylist() == [{"k": "a", "n": 1}]
    assert out.bundle.times.tolist() == [MAX_EVENT_TIME]


def test_records_of_which_nothing_is_read_are_counted():
    machine = aggregation(Tumbling("10us"), {"v": "int64"}, keys=None, n=count())
    outputs(machine, columns({"v": [1, 2, 3]}, [0, 1, 12]))
    assert [row["n"] for row in finish(machine)] == [2, 1]


def test_a_result_of_nothing_still_has_a_field():
    machine = aggregation(Global(), {"v": "int64"}, keys=None)
    outputs(machine, columns({"v": [1, 2]}))
    assert finish(machine) == [{"group": None}]


INTERNAL = ["in0", "p0_sum", "p1_count", "__rows", "__slice", "__time", "__start", "__end", "__emptied"]
INTERNAL += ["__session", "__pane", "__late", "__record", "k", "k0", "v0", "row", "id", "value", "key k"]


@pytest.mark.parametrize("window", [Tumbling("10us"), Sliding("10us", "4us"), Session("5us")], ids=str)
def test_fields_may_have_the_names_of_internal_columns(window):
    schema = dict.fromkeys(INTERNAL, "int64")
    record = {name: i for i, name in enumerate(INTERNAL)}
    named = {name: sum_(name) for name in INTERNAL[:6]}
    for keys in (tuple(INTERNAL), tuple(INTERNAL[6:])):
        results = {} if len(keys) == len(INTERNAL) else named
        machine = aggregation(
            window, schema, keys=keys, timestamp="earliest", lateness=5, total=sum_("in0"), **results
        )
        outputs(machine, columns([record, record], [3, 4], -5))
        first = finish(machine)[0]
        assert {key: first[key] for key in keys} == {key: record[key] for key in keys}
        assert first["total"] == 2 * record["in0"] or first["total"] == record["in0"]
        assert set(first) == {*keys, "window_start", "window_end", "total", *results}


def test_aggregates_may_have_the_names_of_internal_columns():
    named = {name: count() for name in ("__time", "__rows", "__slice", "in0", "p0_count", "key k")}
    machine = aggregation(Tumbling("10us"), {"k": "string"}, timestamp="latest", **named)
    outputs(machine, columns([{"k": "a"}], [3]))
    (row,) = finish(machine)
    assert {row[name] for name in named} == {1}


def test_objects_of_a_persons_function_are_rows():
    machine = aggregation(Tumbling("10us"), None, n=count(), all=combine(Joined()))
    outputs(machine, rows([{"k": "a", "v": ("x", 1)}], [3]))
    (out,) = machine.advance(MAX_TIME)
    assert out.bundle.rows == [
        {"k": "a", "window_start": at(0), "window_end": at(10), "n": 1, "all": "{'k': 'a', 'v': ('x', 1)}"}
    ]


def test_results_of_a_declared_type_are_columns():
    machine = aggregation(Tumbling("10us"), {"k": "string"}, all=combine(Joined(), "k", type=pa.string()))
    outputs(machine, columns([{"k": "a"}], [3]))
    (out,) = machine.advance(MAX_TIME)
    assert out.bundle.batch.column("all").to_pylist() == ["a"]


class Growing(Joined):
    """Gives the accumulator itself: what goes on growing must not show in results that are out."""

    def extract(self, accumulator):
        return accumulator


@pytest.mark.parametrize("window", [Tumbling("10us"), Sliding("10us", "5us"), Session("9us")], ids=str)
def test_what_is_out_does_not_change(window):
    machine = aggregation(window, None, lateness=100, all=combine(Growing(), "v"))
    first = outputs(machine, rows([{"k": "a", "v": 1}], [3]))
    for _, out in machine.advance(13):
        first.setdefault("main", []).extend(out.rows)
    before = [list(row["all"]) for row in first["main"]]
    late = outputs(machine, rows([{"k": "a", "v": 2}], [2], 13))["main"]
    again = [list(row["all"]) for row in late]
    finish(machine)
    assert [row["all"] for row in first["main"]] == before
    assert [row["all"] for row in late] == again
    assert ["1"] in before
    assert any(sorted(each) == ["1", "2"] for each in again)


def test_an_error_names_the_key_and_the_window():
    machine = aggregation(Tumbling("1s"), {"k": "string", "v": "int64"}, total=sum_("v"))
    outputs(machine, columns({"k": ["a", "a"], "v": [2**62, 2**62]}, [1, 2]))
    with pytest.raises(RecordError) as error:
        finish(machine)
    assert error.value.message == (
        "sum(v) of the group k='a', window [1970-01-01T00:00:00Z, 1970-01-01T00:00:01Z) "
        "does not fit into 64-bit integers"
    )


def test_an_error_over_all_records_names_no_group():
    machine = aggregation(Global(), {"v": "int64"}, keys=None, total=sum_("v"))
    outputs(machine, columns({"v": [2**62, 2**62]}, [1, 2]))
    with pytest.raises(RecordError, match=r"^sum\(v\) does not fit into 64-bit integers"):
        finish(machine)


@pytest.mark.parametrize(("timestamp", "times"), [("end_of_window", [9]), ("earliest", [3]), ("latest", [8])])
def test_the_event_time_of_a_result(timestamp, times):
    machine = aggregation(Tumbling("10us"), {"k": "string"}, timestamp=timestamp, n=count())
    outputs(machine, columns({"k": ["a", "a"]}, [8, 3]))
    (out,) = machine.advance(MAX_TIME)
    assert out.bundle.times.tolist() == times
    assert out.bundle.batch.schema.names == ["k", "window_start", "window_end", "n"]


@pytest.mark.parametrize("timestamp", ["earliest", "latest"])
def test_an_aligned_window_that_is_open_holds_the_watermark(timestamp):
    machine = aggregation(Sliding("10us", "5us"), {"k": "string"}, timestamp=timestamp, n=count())
    assert [machine.output_watermark(mark) for mark in (-3, 0, 4, 5, 14)] == [-10, -5, -5, 0, 5]
    assert machine.output_watermark(MAX_TIME) == MAX_TIME
    outputs(machine, columns({"k": ["a"]}, [3], -20))
    for out in machine.advance(5):
        assert out.bundle.times[0] >= machine.output_watermark(4)


def test_a_session_that_is_open_holds_the_watermark_at_its_start():
    machine = aggregation(Session("10us"), {"k": "string"}, timestamp="earliest", n=count())
    outputs(machine, columns({"k": ["a", "b"]}, [3, 40], -20))
    assert machine.output_watermark(2) == 2
    assert machine.output_watermark(12) == 3
    fired = [out.bundle for out in machine.advance(13)]
    assert [bundle.times.tolist() for bundle in fired] == [[3]]
    assert machine.output_watermark(13) == 13
    assert machine.output_watermark(45) == 40


def test_what_holds_of_the_end_of_the_window_holds_nothing():
    machine = aggregation(Tumbling("10us"), {"k": "string"}, n=count())
    assert machine.output_watermark(7) == 7


def test_lists_of_results_are_lists():
    machine = aggregation(Tumbling("10us"), {"k": "string"}, all=collect("k"))
    outputs(machine, columns({"k": ["a"]}, [3]))
    assert finish(machine)[0]["all"] == ["a"]
