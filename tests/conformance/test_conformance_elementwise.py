"""Functions, outputs and merges, as the ValidatesRunner suites of Apache Beam state them."""

import numpy as np
import pytest

from pulse import (
    Aggregate,
    Composite,
    Create,
    DoFn,
    FlatMap,
    Flatten,
    JsonLines,
    KeyBy,
    Map,
    ParDo,
    Partition,
    Pipeline,
    Read,
    Sliding,
    Tagged,
    Timestamped,
    Tumbling,
    Window,
    collect,
    count,
)
from pulse.errors import PipelineError, RecordError

SECOND = 1_000_000


def test_chained_maps(runner):
    p = Pipeline()
    out = p | Create(["a", "bc"]) | Map(lambda e: e * 2) | Map(lambda e: e + "x")
    assert runner.run(p).records(out) == ["aax", "bcbcx"]


def test_main_and_tagged_outputs(runner):
    def route(n):
        yield n
        yield Tagged("odd" if n % 2 else "even", n)

    p = Pipeline()
    every = p | Create([1, 2, 3]) | ParDo(route, outputs=["odd", "even"])
    result = runner.run(p)
    found = [result.records(each) for each in (every, every["even"], every["odd"])]
    assert found == [[1, 2, 3], [2], [1, 3]]


class Nothing(DoFn):
    def process(self, record):
        return None


@pytest.mark.parametrize("function", [lambda _: None, lambda _: [], Nothing()])
def test_a_function_that_gives_nothing(runner, function):
    p = Pipeline()
    out = p | Create([1, 2]) | FlatMap(function)
    assert runner.run(p).records(out) == []


class Stamps(DoFn):
    def process(self, record):
        yield Timestamped({"what": f"process{record}"}, 5 * SECOND)

    def finish_bundle(self):
        yield Timestamped({"what": "finish"}, 1 * SECOND)


def test_finish_bundle_emits_with_a_time_of_its_own(runner):
    p = Pipeline()
    made = p | Create([1], times=[0]) | ParDo(Stamps())
    out = made | Window(Tumbling("2s")) | Aggregate(what=collect("what"))
    found = {
        (*r["what"], r["window_start"].second, r["window_end"].second) for r in runner.run(p).records(out)
    }
    assert found == {("process1", 4, 6), ("finish", 0, 2)}


class LifeCycle(DoFn):
    """Fails when it is not called in the right order."""

    def __init__(self):
        self.state = "new"

    def _go(self, to, *allowed):
        if self.state not in allowed:
            raise AssertionError(f"{to} after {self.state}")
        self.state = to

    def setup(self):
        self._go("setup", "new")

    def start_bundle(self):
        self._go("start_bundle", "setup", "finish_bundle")

    def process(self, record):
        self._go("process", "start_bundle", "process")
        yield record

    def finish_bundle(self):
        self._go("finish_bundle", "process")

    def teardown(self):
        self._go("teardown", "finish_bundle")


def test_the_order_of_a_life(runner):
    p = Pipeline()
    function = LifeCycle()
    out = p | Create([1, 2, 3]) | ParDo(function)
    assert runner.run(p).records(out) == [1, 2, 3]
    assert function.state == "new"  # replicas have copies


def test_a_function_that_asks_for_the_window_is_called_once_for_each(runner):
    p = Pipeline()
    windowed = p | Create([1], times=[1 * SECOND]) | Window(Sliding("6s", "2s"))
    out = windowed | Map(
        lambda n, ctx: (n, ctx.window.start // SECOND, ctx.window.end // SECOND), context=True
    )
    assert runner.run(p).records(out) == [(1, -4, 2), (1, -2, 4), (1, 0, 6)]


def fails(record):
    raise ValueError(f"no {record}")


def test_an_error_names_the_step_and_the_line_of_the_function(runner):
    p = Pipeline()
    _ = p | Create(["x"]) | "poison" >> Map(fails)
    with pytest.raises(RecordError) as caught:
        runner.run(p)
    assert caught.value.step == "poison"
    assert caught.value.message.startswith("step 'poison': ") or "no x" in caught.value.message
    assert caught.value.where.endswith(f"test_conformance_elementwise.py:{fails.__code__.co_firstlineno + 1}")


class Same(Composite):
    def expand(self, pipeline, source):
        return source


def test_a_composite_of_nothing_gives_its_input(runner):
    p = Pipeline()
    out = p | Create([1, 2]) | Same()
    assert runner.run(p).records(out) == [1, 2]


@pytest.mark.parametrize("index", [True, 1.2, "string", None])
def test_partition_takes_integers_only(runner, index):
    p = Pipeline()
    _ = p | Create([1]) | "deal" >> Partition(lambda _: index, 2)
    with pytest.raises(RecordError) as caught:
        runner.run(p)
    expected = f"partition function returned {index!r} ({type(index).__name__}), but must return an integer"
    assert expected in caught.value.message


def test_partition_takes_the_integers_of_numpy(runner):
    p = Pipeline()
    even, odd = p | Create([1, 2, 3]) | Partition(lambda n: np.int64(n % 2), 2)
    result = runner.run(p)
    assert (result.records(even), result.records(odd)) == ([2], [1, 3])


def test_flatten(runner):
    p = Pipeline()
    parts = [p | f"part {i}" >> Create(list(letters)) for i, letters in enumerate(["a", "bc", "d"])]
    out = tuple(parts) | Flatten()
    assert sorted(runner.run(p).records(out)) == ["a", "b", "c", "d"]


def test_flatten_of_one_and_of_none(runner):
    p = Pipeline()
    one = p | Create([1, 2]) | "one" >> Flatten()
    none = p | "none" >> Flatten()
    result = runner.run(p)
    assert (result.records(one), result.records(none)) == ([1, 2], [])


def test_flatten_then_group_while_a_branch_is_grouped_too(runner):
    p = Pipeline()
    first = p | "first" >> Create([{"k": "a", "v": 1}, {"k": "b", "v": 2}])
    second = p | "second" >> Create([{"k": "a", "v": 3}])
    alone = first | KeyBy("k") | "alone" >> Aggregate(vs=collect("v"))
    both = (first, second) | Flatten() | "by k" >> KeyBy("k") | "both" >> Aggregate(vs=collect("v"))
    result = runner.run(p)
    assert [len(result.records(each)) for each in (alone, both)] == [2, 2]
    assert (
        sum(len(values) for r in result.records(both) for values in r.values() if isinstance(values, list))
        == 3
    )


def test_flatten_wants_the_same_windows():
    p = Pipeline()
    narrow = p | "a" >> Create([1], times=[0]) | Window(Tumbling("25s"))
    wide = p | "b" >> Create([1], times=[0]) | "wide" >> Window(Tumbling("100s"))
    with pytest.raises(PipelineError, match=r"different windows: .*25s.* and .*1m40s") as caught:
        _ = (narrow, wide) | Flatten()
    assert "same Window" in caught.value.hint


def test_a_merge_with_what_never_ends_never_ends(tmp_path):
    p = Pipeline()
    path = tmp_path / "events.jsonl"
    path.write_text('{"n": 1}\n')
    live = p | Read(JsonLines(path, follow=True, schema={"n": "int64"}))
    merged = (live, p | Create([{"n": 2}])) | Flatten()
    assert not p.type_of(merged.port).bounded


def test_counts_after_a_step_with_windows_are_by_the_window_that_it_saw(runner):
    p = Pipeline()
    windowed = p | Create([{"n": 1}], times=[1 * SECOND]) | Window(Sliding("6s", "2s"))
    out = windowed | Map(lambda r, ctx: r, context=True) | Aggregate(n=count())
    assert [r["n"] for r in runner.run(p).records(out)] == [1, 1, 1]
