"""Small cases of windowed aggregation by hand: on time, late, too late."""

from datetime import timedelta

import pytest

from pulse.graph.ops import LATE, MAIN, AggregateOp
from pulse.model.aggregates import collect, count
from pulse.model.windows import Calendar, Global, Session, Sliding, Tumbling, Windowing
from tests.support.operators import columns, finish, operator, outputs, rows
from tests.support.runs import micros


def machine(window, *, lateness=0, discarding=False, schema=None):
    accumulation = "discarding" if discarding else "accumulating"
    return operator(
        AggregateOp((("all", collect("v")),)),
        schema or {"v": "int64"},
        windowing=Windowing(window, lateness, accumulation),
    )


def panes(found):
    return [(micros(row["window_start"]), micros(row["window_end"]), row["all"]) for row in found]


def taken(step, times, marks):
    """Feed records (the value of each is its time); return panes and late records."""
    out = outputs(step, columns({"v": list(times)}, times, marks))
    return panes(out.get(MAIN, [])), out.get(LATE, [])


def test_a_window_fires_when_the_watermark_reaches_its_end():
    step = machine(Tumbling("10us"))
    assert taken(step, [3, 25], [-5, 9]) == ([], [])
    assert taken(step, [26], [10]) == ([(0, 10, [3])], [])
    assert panes(finish(step)) == [(20, 30, [25, 26])]


def test_windows_fire_in_order_inside_a_bundle():
    step = machine(Tumbling("10us"))
    assert taken(step, [3, 15, 25, 40], [-5, 0, 12, 22])[0] == [(0, 10, [3]), (10, 20, [15])]


def test_a_record_that_is_too_late_is_dropped_with_its_window_and_delay():
    step = machine(Tumbling("10us"))
    found, late = taken(step, [3, 25, 4, 26], [-5, -5, 12, 12])
    assert found == [(0, 10, [3])]
    assert [(r["v"], micros(r["window_start"]), micros(r["window_end"]), r["late_by"]) for r in late] == [
        (4, 0, 10, timedelta(microseconds=2))
    ]
    assert step.context.ledger.late == 1


def test_the_last_moment_of_lateness():
    step = machine(Tumbling("10us"), lateness=5)
    assert taken(step, [3], [14])[1] == []
    assert len(taken(step, [4], [15])[1]) == 1


@pytest.mark.parametrize(("discarding", "again"), [(False, [3, 4]), (True, [4])])
def test_a_late_record_fires_its_window_again(discarding, again):
    step = machine(Tumbling("10us"), lateness=5, discarding=discarding)
    found, late = taken(step, [3, 25, 4], [-5, -5, 12])
    assert found == [(0, 10, [3]), (0, 10, again)]
    assert late == []


def test_a_window_whose_first_record_is_late_fires_for_it():
    step = machine(Tumbling("10us"), lateness=5)
    assert taken(step, [4], [12])[0] == [(0, 10, [4])]


def test_a_window_whose_first_record_is_too_late_stays_empty():
    step = machine(Tumbling("10us"), lateness=5)
    assert taken(step, [4], [20])[0] == []
    assert finish(step) == []


def test_a_record_late_for_some_sliding_windows_enters_the_others():
    step = machine(Sliding("10us", "5us"))
    found, late = taken(step, [12, 30], [-5, -5])
    found, late = taken(step, [13], [16])
    assert late == []
    assert found == [(5, 15, [12])]
    assert panes(finish(step)) == [(10, 20, [12, 13]), (25, 35, [30]), (30, 40, [30])]


def test_a_late_record_fires_each_sliding_window_that_has_ended():
    step = machine(Sliding("10us", "5us"), lateness=4)
    taken(step, [12, 30], [-5, -5])
    assert taken(step, [13], [16])[0] == [(5, 15, [12]), (5, 15, [12, 13])]


def test_records_in_gaps_are_filtered():
    step = machine(Sliding("2us", "10us"))
    taken(step, [1, 5, 11], [-5, -5, -5])
    assert (step.context.ledger.filtered, step.context.ledger.held) == (1, 2)
    assert [pane[2] for pane in panes(finish(step))] == [[1], [11]]


def test_times_below_zero():
    step = machine(Tumbling("10us", offset="3us"))
    taken(step, [-1, -8, -7, 2, 3], -100)
    assert panes(finish(step)) == [(-17, -7, [-8]), (-7, 3, [-1, -7, 2]), (3, 13, [3])]


def test_a_calendar_window_fires_at_midnight_of_its_zone():
    step = machine(Calendar("day", "Europe/Berlin"))
    midnight = 82_800_000_000  # 1970-01-01T23:00Z
    taken(step, [midnight - 1, midnight + 1], [-5, -5])
    assert taken(step, [midnight + 2], [midnight - 1])[0] == []
    assert [pane[2] for pane in taken(step, [midnight + 2], [midnight])[0]] == [[midnight - 1]]


def test_the_global_window_fires_at_the_end_only():
    step = machine(Global())
    assert outputs(step, columns({"v": [1, 2]}, [5, 3], [-5, 2**60])) == {}
    assert finish(step) == [{"all": [1, 2]}]


def test_sessions_that_touch_are_two():
    step = machine(Session("10us"))
    taken(step, [2, 9, 19], -5)
    assert panes(finish(step)) == [(2, 19, [2, 9]), (19, 29, [19])]


def test_a_late_record_joins_the_session_before_and_after_it():
    step = machine(Session("10us"), lateness=100)
    found, _ = taken(step, [0, 15, 40, 8], [-5, -5, -5, 26])
    assert found == [(0, 10, [0]), (15, 25, [15]), (0, 25, [0, 8, 15])]


def test_a_late_record_joins_a_session_that_begins_after_it():
    step = machine(Session("10us"), lateness=100)
    found, _ = taken(step, [5, 40, 3], [-5, -5, 16])
    assert found == [(5, 15, [5]), (3, 15, [3, 5])]


def test_a_session_that_has_fired_gives_what_is_new_when_discarding():
    step = machine(Session("10us"), lateness=100, discarding=True)
    found, _ = taken(step, [0, 40, 8], [-5, -5, 12])
    assert found == [(0, 10, [0])]
    assert panes(finish(step)) == [(0, 18, [8]), (40, 50, [40])]


def test_a_session_that_is_cleaned_up_never_comes_back():
    step = machine(Session("10us"), lateness=5)
    found, late = taken(step, [0, 40, 8], [-5, -5, 16])
    assert (found, late) == ([(0, 10, [0])], [])
    assert panes(finish(step)) == [(8, 18, [8]), (40, 50, [40])]


def test_lateness_of_a_session_is_judged_on_the_records_own_window():
    step = machine(Session("10us"), lateness=5)
    _, late = taken(step, [0, 8, 40, 1], [-5, -5, -5, 16])  # [0, 18) is open, but [1, 11) is too late
    assert [(r["v"], micros(r["window_end"])) for r in late] == [(1, 11)]


def test_late_rows_keep_what_they_are():
    step = operator(AggregateOp((("n", count()),)), None, windowing=Windowing(Tumbling("10us")))
    late = outputs(step, rows([{"v": object, "w": 1}], [3], 50)).get(LATE)
    assert late[0]["v"] is object
    assert set(late[0]) == {"v", "w", "window_start", "window_end", "late_by"}


def test_a_bundle_of_nothing():
    for window in (Tumbling("10us"), Sliding("10us", "5us"), Session("5us")):
        step = machine(window)
        assert outputs(step, columns({"v": []}, [], 5)) == {}
        assert finish(step) == []
