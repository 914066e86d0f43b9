"""Event-time timers: when they fire, in which order, with which time; on both runners."""

import pytest

from pulse import (
    Aggregate,
    CombiningState,
    EventTimer,
    Global,
    KeyBy,
    ListState,
    Pipeline,
    Process,
    Session,
    SetState,
    Sliding,
    Tumbling,
    ValueState,
    Window,
    count,
)
from pulse.errors import PipelineError, RecordError, WindowingError
from pulse.model.windows import Windowing
from tests.support.processes import RUNNERS, end, feed, keyed, machine, run

S = 1_000_000
on_runners = pytest.mark.parametrize("runner", RUNNERS)


class Flush(Process):
    """Collects values and gives them when a timer fires, at the time of the first record plus the value."""

    values = ListState()
    flush = EventTimer()

    def process(self, ctx, record):
        ctx.values.add(record["v"])
        ctx.flush.set(record["v"])

    def on_timer(self, ctx, name):
        return {"k": ctx.key, "name": name, "values": ctx.values.read(), "time": ctx.time}


@on_runners
def test_a_timer_set_twice_keeps_the_last_and_fires_at_its_time(runner):
    class Doubles(Process):
        due = EventTimer()
        again = ValueState("bool", default=False)

        def process(self, ctx, record):
            ctx.due.set(record["v"])
            ctx.due.set(2 * record["v"])

        def on_timer(self, ctx, name):
            if not ctx.again.read():
                ctx.again.write(not ctx.again.read())
                ctx.due.set(2 * ctx.time)
            return {"k": ctx.key, "time": ctx.time}

    p, source = keyed([(0, "a", 10), (0, "b", 100)], None)
    out = source | Doubles()
    result = run(runner, p)
    assert sorted(r["time"] for r in result.records(out)) == [20, 40, 200, 400]
    times = next(c.times for port, c in result.collected.items() if port == out.port)
    assert sorted(times) == [20, 40, 200, 400]


@on_runners
def test_clearing_state_by_a_timer(runner):
    class Clears(Process):
        bag = ListState("string")
        emit_at = EventTimer()
        clear_at = EventTimer()

        def process(self, ctx, record):
            if record["v"] == "set":
                ctx.bag.add("value")
                ctx.clear_at.set(100)
                ctx.emit_at.set(1000)
            else:
                ctx.bag.add(record["v"])

        def on_timer(self, ctx, name):
            if name == "clear_at":
                ctx.bag.clear()
                return None
            return [{"v": value} for value in ctx.bag]

    p, source = keyed([(1, "k", "set"), (500, "k", "x"), (501, "k", "extra")])
    out = source | Clears()
    assert run(runner, p).records(out) == [{"v": "extra"}]


@on_runners
def test_two_timers_setting_each_other_alternate(runner):
    class PingPong(Process):
        t1 = EventTimer()
        t2 = EventTimer()
        n1 = CombiningState(count)
        n2 = CombiningState(count)

        def process(self, ctx, record):
            ctx.t1.set(ctx.window.start)
            ctx.t2.set(ctx.window.start + 1)

        def on_timer(self, ctx, name):
            mine, other = (ctx.n1, ctx.t2) if name == "t1" else (ctx.n2, ctx.t1)
            found = {"t": f"{name}:{mine.read()}"}
            mine.add(1)
            if mine.read() <= 50:
                other.set(ctx.time + 1)
            return found

    p, source = keyed([(0, "k", 0)], None)
    out = source | Window(Tumbling("1h")) | PingPong()
    found = [r["t"] for r in run(runner, p).records(out)]
    assert found[:4] == ["t1:0", "t2:0", "t1:1", "t2:1"]
    assert found[:100] == [f"{t}:{i}" for i in range(50) for t in ("t1", "t2")]


@on_runners
def test_timers_fire_in_the_order_of_time_within_one_jump(runner):
    class Ordered(Process):
        seen = ListState("int64")
        flush = EventTimer()
        cleanup = EventTimer()

        def process(self, ctx, record):
            ctx.seen.add(record["v"])
            ctx.flush.set(ctx.time, tag=str(record["v"]))
            ctx.cleanup.set(200 * S)

        def on_timer(self, ctx, name):
            if name == "cleanup":
                return {"t": "cleanup"}
            return {"t": ctx.tag, "at": ctx.time}

    events = [(i * S, "k", i) for i in range(100)]
    p, source = keyed(events[::-1], None)
    out = source | Ordered()
    found = run(runner, p).records(out)
    assert [r["t"] for r in found] == [*map(str, range(100)), "cleanup"]
    assert [r["at"] for r in found[:100]] == [t for t, _, _ in events]


@on_runners
def test_a_timer_keeps_its_window(runner):
    class Windowed(Process):
        at = EventTimer()

        def process(self, ctx, record):
            ctx.at.set(max(ctx.time, ctx.window.start))

        def on_timer(self, ctx, name):
            return {"time": ctx.time // S, "start": ctx.window.start // S, "end": ctx.window.end // S}

    p, source = keyed([(10 * S, "k", 0)], None)
    fixed = source | "fixed" >> (Window(Tumbling("5s")) | Windowed())
    sliding = source | "sliding" >> (Window(Sliding("3m", "1m")) | Windowed())
    result = run(runner, p)
    assert result.records(fixed) == [{"time": 10, "start": 10, "end": 15}]
    assert sorted(r["start"] for r in result.records(sliding)) == [-120, -60, 0]


@on_runners
def test_dynamic_tags_and_clearing_one(runner):
    class Tagged(Process):
        emit_at = EventTimer()
        clear_at = EventTimer()

        def process(self, ctx, record):
            for i in (1, 2, 3):
                ctx.emit_at.set(10 * i, tag=f"emit{i}")
            ctx.emit_at.set(5)
            ctx.emit_at.set(7)
            ctx.clear_at.set(10)

        def on_timer(self, ctx, name):
            if name == "clear_at":
                ctx.emit_at.clear("emit3")
                return None
            return {"tag": ctx.tag, "time": ctx.time}

    p, source = keyed([(0, "k", 0)], None)
    out = source | Tagged()
    assert [(r["tag"], r["time"]) for r in run(runner, p).records(out)] == [
        ("", 7),
        ("emit1", 10),
        ("emit2", 20),
    ]


@on_runners
def test_every_key_flushes_once_with_its_own_state(runner):
    class EndOfWindow(Process):
        n = CombiningState(count)
        flush = EventTimer()
        preserves = ("k",)

        def process(self, ctx, record):
            ctx.n.add(1)
            ctx.flush.set(ctx.window.end - 1)

        def on_timer(self, ctx, name):
            return {"k": ctx.key, "n": ctx.n.read()}

    p, source = keyed([(i, f"k{i % 50}", i) for i in range(750)])
    out = source | Window(Tumbling("1m")) | EndOfWindow()
    found = run(runner, p).records(out)
    assert sorted((r["k"], r["n"]) for r in found) == sorted((f"k{i}", 15) for i in range(50))


@on_runners
def test_a_timer_between_records_sees_what_came_before(runner):
    """Timers fire before the record whose watermark has reached them, wherever bundles are cut."""

    class Interleaved(Process):
        seen = ListState("int64")
        at = EventTimer()

        def process(self, ctx, record):
            ctx.seen.add(record["v"])
            if record["v"] == 0:
                ctx.at.set(3 * S)

        def on_timer(self, ctx, name):
            return {"seen": ctx.seen.read()}

    p, source = keyed([(t * S, "k", t) for t in range(6)])
    out = source | Interleaved()
    # The watermark before record 4 is 3s, the time of record 3.
    assert run(runner, p).records(out) == [{"seen": [0, 1, 2, 3]}]


@on_runners
def test_hash_join_with_unmatched(runner):
    class HashJoin(Process):
        waiting = ListState("string")
        unmatched = EventTimer()

        def process(self, ctx, record):
            if len(ctx.waiting):
                (other,) = ctx.waiting
                ctx.waiting.clear()
                ctx.unmatched.clear()
                return {"r": f"{ctx.key},{other},{record['v']}"}
            ctx.waiting.add(record["v"])
            ctx.unmatched.set(100)
            return None

        def on_timer(self, ctx, name):
            yield from ({"r": f"unmatched {v}"} for v in ctx.waiting)
            ctx.waiting.clear()

    events = [(1, "A", "a"), (2, "A", "aa"), (3, "B", "b"), (4, "C", "c"), (5, "B", "bb"), (6, "A", "aaa")]
    p, source = keyed([*events, (200, "D", "d"), (201, "C", "cc")])
    out = source | HashJoin()
    found = sorted(r["r"] for r in run(runner, p).records(out))
    assert found == ["A,a,aa", "B,b,bb", "unmatched aaa", "unmatched c", "unmatched cc", "unmatched d"]


@on_runners
def test_held_output_is_on_time_after_it(runner):
    class Delays(Process):
        values = ListState()
        release = EventTimer()
        preserves = ("k",)

        def process(self, ctx, record):
            if not len(ctx.values):
                ctx.release.set(ctx.time + 30 * S, hold=ctx.time)
            ctx.values.add(record["v"])

        def on_timer(self, ctx, name):
            yield {"k": ctx.key, "n": len(ctx.values)}
            ctx.values.clear()

    p, source = keyed([(t * S, "a", t) for t in (1, 2, 15, 50, 90)])
    out = source | Delays() | Window(Tumbling("10s")) | Aggregate(n=count())
    result = run(runner, p)
    assert [r["window_start"].timestamp() for r in result.records(out)] == [0, 90]
    assert result.late == 0


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda ctx: ctx.t.set(ctx.window.end), "timer 't' at 1970-01-01T00:00:10Z lies after"),
        (lambda ctx: ctx.emit({}, time=ctx.window.end), "output time 1970-01-01T00:00:10Z is after"),
        (lambda ctx: ctx.emit({}, time=0), "output time 1970-01-01T00:00:00Z is before 1970-01-01T00:00:01Z"),
        (lambda ctx: ctx.t.set(5 * S, hold=0), "timer 't' cannot hold 1970-01-01T00:00:00Z"),
        (lambda ctx: ctx.t.set("soon"), "time 'soon' is str, but must be microseconds"),
        (lambda ctx: ctx.emit({}, tag="x"), "output 'x' was not declared; declared: none"),
    ],
)
def test_what_lies_outside_is_refused(act, message):
    class Acts(Process):
        t = EventTimer()

        def process(self, ctx, record):
            act(ctx)

        def on_timer(self, ctx, name):
            return None

    step = machine(Acts(), Windowing(Tumbling("10s")))
    with pytest.raises(RecordError, match=message):
        feed(step, (1 * S, "a", 0))


def test_a_timer_at_the_last_moment_of_a_window_fires():
    class Last(Process):
        t = EventTimer()

        def process(self, ctx, record):
            ctx.t.set(ctx.window.end - 1)

        def on_timer(self, ctx, name):
            return {"n": name}

    step = machine(Last(), Windowing(Tumbling("10s")))
    assert feed(step, (1 * S, "a", 0)) == []
    assert step.left_over() == 1
    assert end(step) == [({"n": "t"}, 10 * S - 1)]


def test_a_time_that_has_passed_fires_right_after_the_call():
    step = machine(Flush())
    assert feed(step, (5, "a", 3), (6, "a", 20), mark=4) == [
        ({"k": "a", "name": "flush", "values": [3], "time": 3}, 5)
    ]
    assert [time for _, time in end(step)] == [20]


def test_a_failing_timer_follows_the_policy():
    class Fails(Process):
        n = CombiningState(count)
        t = EventTimer()

        def process(self, ctx, record):
            ctx.n.add(1)
            ctx.t.set(record["v"])

        def on_timer(self, ctx, name):
            ctx.n.add(1)
            if ctx.key == "bad":
                raise ValueError("no")
            return {"n": ctx.n.read()}

    step = machine(Fails(), on_error="dead_letter")
    feed(step, (0, "bad", 5), (0, "good", 6))
    error = {"record": "timer 't' of key 'bad' at 1970-01-01T00:00:00.000005Z", "error": "ValueError: no"}
    assert end(step) == [
        ({"n": 2}, 6),
        ("errors", {**error, "step": "step", "position": None}, 5),
    ]
    step = machine(Fails())
    feed(step, (0, "bad", 5))
    with pytest.raises(RecordError, match="ValueError: no") as raised:
        end(step)
    assert "test_process_timers.py" in str(raised.value)


def test_timers_that_every_record_sets_again_do_not_pile_up():
    class Again(Process):
        t = EventTimer()

        def process(self, ctx, record):
            ctx.t.set_after("1h")

        def on_timer(self, ctx, name):
            return {"time": ctx.time}

    step = machine(Again())
    feed(step, *[(i, "a", i) for i in range(5000)])
    assert step.left_over() == 1
    assert len(step.events._heap) < 2000
    assert end(step) == [({"time": 3600 * S + 4999}, 3600 * S + 4999)]


def test_an_unkeyed_input_a_session_and_a_source_without_times():
    from pulse import Create

    class Plain(Process):
        seen = SetState()

        def process(self, ctx, record):
            return None

    p = Pipeline()
    source = p | Create([{"k": 1}])
    with pytest.raises(PipelineError, match="Plain keeps state by key, but its input has no key"):
        _ = source | Plain()
    timed = p | Create([{"k": 1}], times=[0])
    with pytest.raises(WindowingError, match="session windows merge, and state cannot"):
        _ = timed | KeyBy("k") | Window(Session("5s")) | Plain()
    assert (timed | KeyBy("k") | Window(Global()) | Plain()).schema is None
