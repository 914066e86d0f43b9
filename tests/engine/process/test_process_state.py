"""State: what each kind holds, per key and window, on both runners."""

import pytest

from pulse import (
    CombiningState,
    EventTimer,
    ListState,
    MapState,
    Process,
    SetState,
    Sliding,
    Tumbling,
    ValueState,
    Window,
    count,
    mean,
)
from pulse import sum as total
from pulse.errors import PipelineError, RecordError, StateError
from tests.support.processes import RUNNERS, end, feed, keyed, machine, run

pytestmark = pytest.mark.parametrize("runner", RUNNERS)

S = 1_000_000


class Visits(Process):
    n = ValueState("int64", default=0)

    def process(self, ctx, record):
        ctx.n.write(ctx.n.read() + 1)
        return {"k": ctx.key, "v": record["v"], "n": ctx.n.read()}


def by_key(records):
    found = {}
    for record in records:
        found.setdefault(record["k"], []).append({n: v for n, v in record.items() if n != "k"})
    return found


def test_state_of_each_key_stands_alone(runner):
    p, source = keyed([(i, k, i) for i, k in enumerate("ABAABB")])
    out = source | Visits()
    found = by_key(run(runner, p).records(out))
    assert [r["n"] for r in found["A"]] == [r["n"] for r in found["B"]] == [1, 2, 3]


def test_index_and_value_state(runner):
    class Indexed(Process):
        index = CombiningState(count)
        value = ValueState("string", default="")

        def process(self, ctx, record):
            ctx.index.add(1)
            ctx.value.write(f"{record['v']}:{ctx.index.read()}")
            yield {"k": ctx.key, "i": ctx.index.read(), "t": ctx.value.read()}

    p, source = keyed([(0, "A", "a"), (1, "A", "a"), (2, "B", "b"), (3, "B", "b"), (4, "B", "b")])
    out = source | Indexed()
    found = by_key(run(runner, p).records(out))
    assert found["A"] == [{"i": 1, "t": "a:1"}, {"i": 2, "t": "a:2"}]
    assert found["B"] == [{"i": 1, "t": "b:1"}, {"i": 2, "t": "b:2"}, {"i": 3, "t": "b:3"}]


def test_a_cleared_value_reads_as_the_default(runner):
    class Clears(Process):
        last = ValueState("int64")

        def process(self, ctx, record):
            if record["v"] % 2:
                ctx.last.clear()
            found = {"k": ctx.key, "t": f"{ctx.last.read()}:{record['v']}"}
            ctx.last.write(record["v"])
            return found

    p, source = keyed([(i, "a", i) for i in range(1, 6)])
    out = source | Clears()
    found = [r["t"] for r in run(runner, p).records(out)]
    assert found == ["None:1", "1:2", "None:3", "3:4", "None:5"]


def test_a_set_keeps_each_value_once_and_sums_run(runner):
    class Sums(Process):
        seen = SetState("int64")
        total = CombiningState(total("v"))

        def process(self, ctx, record):
            ctx.seen.add(record["v"])
            ctx.total.add(record["v"])
            return {"k": ctx.key, "seen": ctx.seen.read(), "total": ctx.total.read()}

    p, source = keyed([(i, "a", v) for i, v in enumerate([1, 2, 3, 2])])
    out = source | Sums()
    found = run(runner, p).records(out)
    assert [r["total"] for r in found] == [1, 3, 6, 8]
    assert found[-1]["seen"] == [1, 2, 3]


def test_lists_and_maps(runner):
    class Words(Process):
        order = ListState("string")
        counts = MapState("string", "int64")

        def process(self, ctx, record):
            word = record["v"]
            ctx.order.add(word)
            ctx.counts[word] = ctx.counts.get(word, 0) + 1
            if word == "-":
                del ctx.counts["-"]
            return {
                "k": ctx.key,
                "order": "".join(ctx.order),
                "counts": ctx.counts.items(),
                "facts": (len(ctx.order), len(ctx.counts), "a" in ctx.counts, list(ctx.counts)),
            }

    p, source = keyed([(i, "x", v) for i, v in enumerate("aba-b")])
    out = source | Words()
    last = run(runner, p).records(out)[-1]
    assert last["order"] == "aba-b"
    assert last["counts"] == [("a", 2), ("b", 2)]
    assert last["facts"] == (5, 2, True, ["a", "b"])


def test_state_is_per_window(runner):
    p, source = keyed([(0, "a", 0), (1 * S, "a", 1), (5 * S, "a", 2), (6 * S, "a", 3)])
    out = source | Window(Tumbling("5s")) | Visits()
    assert [r["n"] for r in run(runner, p).records(out)] == [1, 2, 1, 2]


def test_a_record_in_several_windows_is_processed_in_each(runner):
    class Bounds(Process):
        n = CombiningState(count())

        def process(self, ctx, record):
            ctx.n.add(1)
            return {"v": record["v"], "start": ctx.window.start // S, "n": ctx.n.read()}

    p, source = keyed([(1 * S, "a", 1), (3 * S, "a", 3)])
    out = source | Window(Sliding("4s", "2s")) | Bounds()
    found = run(runner, p).records(out)
    assert [(r["v"], r["start"], r["n"]) for r in found] == [(1, -2, 1), (1, 0, 1), (3, 0, 2), (3, 2, 1)]


def test_records_in_gaps_are_filtered_and_late_ones_collected(runner):
    events = [(0, "a", 0), (3 * S, "a", 1), (12 * S, "a", 2), (1 * S, "a", 3), (13 * S, "a", 4)]
    p, source = keyed(events)
    out = source | "step" >> (Window(Sliding("2s", "4s")) | Visits())
    result = run(runner, p)
    assert [r["v"] for r in result.records(out)] == [0, 2, 4]
    assert [(r["v"], r["late_by"].total_seconds()) for r in result.records(out.late)] == [(3, 10.0)]
    books = next(books for name, books in result.ledger.items() if name.endswith("Visits"))
    assert (books.passed, books.filtered, books.late) == (3, 1, 1)


def test_allowed_lateness_keeps_state_that_long(runner):
    p, source = keyed([(0, "a", 0), (12 * S, "a", 1), (1 * S, "a", 2), (15 * S, "a", 3), (2 * S, "a", 4)])
    window = Window(Tumbling("10s"), allowed_lateness="5s", accumulation="discarding")
    out = source | window | Visits()
    result = run(runner, p)
    assert [(r["v"], r["n"]) for r in result.records(out)] == [(0, 1), (1, 1), (2, 2), (3, 2)]
    assert [r["v"] for r in result.records(out.late)] == [4]


def test_state_untouched_for_its_time_to_live_is_dropped(runner):
    class Recent(Process):
        n = ValueState("int64", default=0, ttl="10s")
        ever = ValueState("int64", default=0)

        def process(self, ctx, record):
            ctx.n.write(ctx.n.read() + 1)
            ctx.ever.write(ctx.ever.read() + 1)
            return {"n": ctx.n.read(), "ever": ctx.ever.read()}

    for delay in ("0s", None):  # by the watermark, and by the times of the records
        p, source = keyed([(t * S, "a", t) for t in (0, 9, 18, 28, 29)], delay)
        out = source | Recent()
        found = [(r["n"], r["ever"]) for r in run(runner, p).records(out)]
        assert found == [(1, 1), (2, 2), (3, 3), (1, 4), (2, 5)]


def test_windows_never_mix_in_batches(runner):
    class Batches(Process):
        buffer = ListState("int64")
        flush = EventTimer()

        def process(self, ctx, record):
            ctx.buffer.add(record["v"])
            ctx.flush.set(ctx.window.end - 1)
            if len(ctx.buffer) == 3:
                yield from self._batch(ctx)

        def on_timer(self, ctx, name):
            if len(ctx.buffer):
                yield from self._batch(ctx)

        def _batch(self, ctx):
            yield {"values": ctx.buffer.read(), "start": ctx.window.start // S}
            ctx.buffer.clear()

    p, source = keyed([(i * S, "a", i) for i in range(10)])
    out = source | Window(Tumbling("5s")) | Batches()
    found = run(runner, p).records(out)
    assert [r["values"] for r in found] == [[0, 1, 2], [3, 4], [5, 6, 7], [8, 9]]


def test_lifecycle(runner):
    class Checks(Process):
        state = "new"

        def setup(self):
            assert self.state == "new"
            self.state = "ready"

        def process(self, ctx, record):
            assert self.state == "ready"
            return [record]

        def teardown(self):
            assert self.state == "ready"
            self.state = "over"

    process = Checks()
    p, source = keyed([(0, "a", 1), (1, "b", 2)])
    out = source | process
    assert len(run(runner, p).records(out)) == 2
    assert process.state == "new"


def test_outputs_by_tag_and_time(runner):
    from pulse import Tagged

    class Splits(Process):
        preserves = ("k",)

        def process(self, ctx, record):
            if record["v"] % 2:
                yield Tagged("odd", {"v": record["v"]})
            else:
                ctx.emit(record, time=ctx.time + 5)

    p, source = keyed([(i, "a", i) for i in range(4)])
    typed = Splits().with_options(schema={"k": "string", "v": "int64"}, outputs={"odd": {"v": "int64"}})
    out = source | typed
    assert out.keys == ("k",)
    assert out["odd"].schema.names == ["v"]
    result = run(runner, p)
    assert [r["v"] for r in result.records(out)] == [0, 2]
    assert [r["v"] for r in result.records(out["odd"])] == [1, 3]


def test_what_a_failing_call_did_is_taken_back(runner):
    class Fails(Process):
        n = ValueState("int64", default=0)
        seen = ListState("int64")
        distinct = SetState("int64")
        by = MapState("int64", "int64")
        mean = CombiningState(mean)
        on_error = "dead_letter"

        def process(self, ctx, record):
            v = record["v"]
            ctx.n.write(ctx.n.read() + 1)
            ctx.seen.add(v)
            ctx.distinct.add(v)
            ctx.distinct.discard(0)
            ctx.by[v % 2] = v
            ctx.mean.add(v)
            yield {
                "n": ctx.n.read(),
                "seen": ctx.seen.read(),
                "distinct": ctx.distinct.read(),
                "by": ctx.by.items(),
                "mean": ctx.mean.read(),
            }
            if v == 3:
                ctx.seen.clear()
                del ctx.by[0]
                raise ValueError("three")

    p, source = keyed([(i, "a", v) for i, v in enumerate([0, 2, 3, 4])])
    out = source | Fails()
    result = run(runner, p)
    assert [r["n"] for r in result.records(out)] == [1, 2, 3]
    assert result.records(out)[-1] == {
        "n": 3,
        "seen": [0, 2, 4],
        "distinct": [2, 4],
        "by": [(0, 4)],
        "mean": 2.0,
    }
    (failed,) = result.records(out.errors)
    assert failed["error"] == "ValueError: three"


def test_a_value_of_another_type_is_refused(runner):
    class Wrong(Process):
        n = ValueState("int64")

        def process(self, ctx, record):
            ctx.n.write(record["v"])

    p, source = keyed([(0, "a", "text")])
    _ = source | Wrong()
    with pytest.raises(RecordError, match="state 'n' holds int64, but was given str 'text'") as raised:
        run(runner, p)
    assert "test_process_state.py" in str(raised.value)


def test_a_snapshot_is_plain_data_that_restores(runner):
    class All(Process):
        value = ValueState(ttl="5s")
        items = ListState()
        names = SetState()
        table = MapState()
        sum = CombiningState(total)
        wake = EventTimer()

        def process(self, ctx, record):
            ctx.value.write(record["v"])
            ctx.items.add(record["v"])
            ctx.names.add(record["v"])
            ctx.table[record["v"]] = (ctx.key, b"x")
            ctx.sum.add(1)
            ctx.wake.set_after("3s", tag="t", hold=ctx.time)

        def on_timer(self, ctx, name):
            cells = (ctx.value, ctx.items, ctx.names, ctx.sum)
            return {"k": ctx.key, "tag": ctx.tag, "all": [c.read() for c in cells], "m": ctx.table.items()}

    import json

    one, two = machine(All()), machine(All())
    for step in (one, two):
        feed(step, (0, "a", 1), (1 * S, "b", "x"), (2 * S, None, 1.5))
    saved = json.loads(json.dumps(one.snapshot()))
    fresh = machine(All())
    fresh.restore(saved)
    assert fresh.snapshot() == one.snapshot()
    assert fresh.output_watermark(10) == two.output_watermark(10) == 0
    assert end(fresh) == end(two)


def test_objects_cannot_be_saved(runner):
    class Nested(Process):
        value = ValueState()

        def process(self, ctx, record):
            ctx.value.write([object()])

    step = machine(Nested())
    feed(step, (0, "a", 1))
    with pytest.raises(StateError, match=r"state 'value' holds a builtins\.object, which cannot be saved"):
        step.snapshot()


def test_state_outside_a_call_is_refused(runner):
    class Leaks(Process):
        n = ValueState("int64")

        def process(self, ctx, record):
            self.cell = ctx.n

    step = machine(Leaks())
    feed(step, (0, "a", 1))
    with pytest.raises(RuntimeError, match="only while process or on_timer runs"):
        step.person.cell.read()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ValueState("int65"), "type 'int65' does not exist"),
        (lambda: ValueState("int64", default="x"), "holds int64, but was given str 'x'"),
        (lambda: ValueState(default=[]), "would be shared by all keys"),
        (lambda: ValueState(ttl="0s"), "ttl '0s' is not positive"),
        (lambda: CombiningState(len), "cannot fold with"),
        (lambda: type("Bad", (Process,), {"key": ValueState()}), "declares ValueState 'key'"),
        (lambda: type("Bad", (Process,), {})().op(), "has no method process"),
        (
            lambda: type("Bad", (Process,), {"t": EventTimer(), "process": lambda *_: None})().op(),
            "declares timer 't', but has no method on_timer",
        ),
        (lambda: Visits().with_options(outputs="x").op(), "a text, not several names"),
        (lambda: Visits().with_options(outputs=("late",)).op(), "output name 'late' is taken"),
    ],
)
def test_wrong_declarations(runner, make, message):
    with pytest.raises(PipelineError, match=message):
        make()
