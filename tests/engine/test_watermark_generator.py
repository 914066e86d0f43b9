"""The watermark of a split: before each record, and after the last one."""

import numpy as np
import pytest

from pulse.engine.operators.timestamps import promises
from pulse.engine.watermarks import WatermarkGenerator
from pulse.errors import RecordError
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.watermarks import (
    BoundedOutOfOrderness,
    EndOnly,
    FromField,
    FromFunction,
    FromSource,
    monotonic,
)
from tests.support.operators import columns, rows
from tests.support.reference import bounded, from_function

TIMES = [5, 3, 12, 11, 30, -4, 31]


def assigned(strategy, times, cuts=(), **how):
    """Return the watermarks of times that come in bundles cut at the given places, and the last one."""
    generator = WatermarkGenerator(strategy)
    found = []
    for start, stop in zip([0, *cuts], [*cuts, len(times)], strict=True):
        part = np.array(times[start:stop], np.int64)
        marks = generator.assign(part, **{k: v[start:stop] for k, v in how.items()})
        found += [marks] * len(part) if isinstance(marks, int) else marks.tolist()
    return found, generator.current


@pytest.mark.parametrize("cuts", [(), (1,), (1, 2, 3, 4, 5, 6), (3, 3)])
def test_bounded_out_of_orderness_for_any_cut(cuts):
    marks, last = assigned(BoundedOutOfOrderness("4us"), TIMES, cuts)
    assert marks == bounded(4)(TIMES)
    assert last == 27
    assert assigned(monotonic(), TIMES, cuts)[0] == bounded(0)(TIMES)


def test_a_delay_does_not_wrap_around_at_the_start_of_time():
    marks, last = assigned(BoundedOutOfOrderness("100000000d"), [MIN_TIME + 5, -(2**62)])
    assert marks == [MIN_TIME, MIN_TIME]
    assert last == MIN_TIME


def test_end_only_promises_nothing_before_the_end():
    generator = WatermarkGenerator(EndOnly())
    assert generator.assign(np.array(TIMES)) == MIN_TIME
    generator.end()
    assert generator.current == MAX_TIME


@pytest.mark.parametrize("cuts", [(), (2, 5)])
def test_a_persons_function(cuts):
    def function(time, mark):
        return max(mark, time - 2) if time % 2 else mark - 100

    marks, last = assigned(FromFunction(function), TIMES, cuts)
    assert marks == from_function(function)(TIMES)
    assert last == 29


def test_a_promise_beyond_the_end_of_time_is_the_end_of_time():
    assert assigned(FromFunction(lambda time, mark: 2**80), [1])[1] == MAX_TIME


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (lambda time, mark: None, "TypeError: 'NoneType' object cannot be interpreted as an integer"),
        (lambda time, mark: 1 // 0, "ZeroDivisionError: integer division or modulo by zero"),
    ],
)
def test_a_persons_function_that_fails(function, reason):
    with pytest.raises(RecordError) as error:
        assigned(FromFunction(function), [0])
    assert error.value.message == (
        f"the watermark function failed on event time 1970-01-01T00:00:00Z: {reason}"
    )
    assert error.value.where.startswith(__file__)


def test_what_the_source_promises_counts_after_its_records():
    generator = WatermarkGenerator(FromSource())
    assert generator.assign(np.array([1, 2]), promised=10) == MIN_TIME
    assert generator.assign(np.array([3]), promised=4) == 10
    assert generator.current == 10
    generator.assign(np.array([], np.int64), promised=12)
    assert generator.current == 12


def test_what_the_source_promises_is_ignored_by_other_strategies():
    generator = WatermarkGenerator(EndOnly())
    generator.assign(np.array([1]), promised=10)
    assert generator.current == MIN_TIME


def test_a_field_holds_the_watermark_after_its_record():
    marks, last = assigned(FromField("w"), [0, 0, 0], (2,), promises=np.array([5, 3, 9]))
    assert marks == [MIN_TIME, 5, 5]
    assert last == 9


@pytest.mark.parametrize("make", [rows, columns], ids=["rows", "columns"])
def test_a_null_in_the_watermark_field_promises_nothing(make):
    bundle = make([{"w": 5}, {"w": None}])
    assert promises(bundle, FromField("w")).tolist() == [5, MIN_TIME]
    assert promises(bundle, EndOnly()) is None


@pytest.mark.parametrize(
    ("bundle", "found"),
    [
        (columns({"w": ["x"]}), "string"),
        (columns({"w": [1.5]}), "double"),
        (rows([{"w": 1.5}]), "float 1.5"),
        (rows([{"w": True}]), "bool True"),
    ],
)
def test_a_watermark_field_of_another_type(bundle, found):
    with pytest.raises(RecordError) as error:
        promises(bundle, FromField("w"))
    assert error.value.message == (
        f"watermark field 'w' is {found}, but must be a timestamp or an integer in microseconds"
    )


def test_a_restored_generator_goes_on():
    generator, restored = (WatermarkGenerator(BoundedOutOfOrderness("4us")) for _ in range(2))
    generator.assign(np.array(TIMES[:3]))
    restored.restore(generator.snapshot())
    assert restored.assign(np.array(TIMES[3:])).tolist() == bounded(4)(TIMES)[3:]
