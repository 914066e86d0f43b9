import pytest

from pulse import (
    BoundedOutOfOrderness,
    Collect,
    Create,
    Filter,
    Inspect,
    KeyBy,
    Map,
    Nexmark,
    Pipeline,
    Read,
    Select,
    Tumbling,
    Window,
    WithColumns,
    Write,
    col,
)
from pulse.graph.optimiser.share_common_steps import share_common_steps

ROWS = [{"a": 1}]


def merged(one, other, source=None):
    """Return whether two steps on one collection are merged."""
    p = Pipeline()
    rows = p | (source or Create(ROWS, times=[0]))
    _ = rows | "one" >> one | "out 1" >> Write(Collect())
    _ = rows | "other" >> other | "out 2" >> Write(Collect())
    after = share_common_steps(p.graph)
    if "other" in after:
        return False
    assert after["out 2"].inputs == after["out 1"].inputs
    return True


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Select("a", b=col("a") + 1), Select("a", b=col("a") + 1)),
        (Filter("a > 1"), Filter(col("a") > 1)),
        (KeyBy("a"), KeyBy("a")),
        (Window(Tumbling("1s")), Window(Tumbling("1s"))),
        (Map(dict), Map(dict)),
        (Map(abs, inputs=["a"], output="b"), Map(abs, inputs=["a"], output="b")),
    ],
)
def test_the_same_steps_are_merged(one, other):
    assert merged(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Filter("a > 1"), Filter("a > 1.0")),
        (Select("a"), WithColumns(b="a")),
        (Filter("a // 2 > 1"), Filter("a // 2 > 1", on_error="skip")),
        (Map(lambda r: r), Map(lambda r: r)),
        (Map(dict), Map(dict, preserves=["a"])),
        (Inspect(dict), Inspect(dict)),
        (Window(Tumbling("1s")), Window(Tumbling("2s"))),
    ],
)
def test_different_steps_stay_apart(one, other):
    if isinstance(one, Inspect):
        p = Pipeline()
        rows = p | Create(ROWS)
        _ = rows | "one" >> one, rows | "other" >> other
        assert share_common_steps(p.graph) is p.graph
        return
    assert not merged(one, other)


def reads(one, other):
    p = Pipeline()
    _ = p | "one" >> one | "out 1" >> Write(Collect())
    _ = p | "other" >> other | "out 2" >> Write(Collect())
    return "other" in share_common_steps(p.graph)


def test_reads_of_equal_sources_with_equal_options_are_merged():
    assert not reads(Read(Nexmark(10)), Read(Nexmark(10)))
    assert reads(Read(Nexmark(10)), Read(Nexmark(11)))
    assert reads(Read(Nexmark(10)), Read(Nexmark(10), on_error="skip"))
    assert reads(Read(Nexmark(10)), Read(Nexmark(10), watermarks=BoundedOutOfOrderness("1s")))
    assert reads(Create([1]), Create([True])), "records in memory are the same only when they are one list"


def test_steps_with_a_dead_letter_stay_apart():
    p = Pipeline()
    rows = p | Create(ROWS)
    for name in ("one", "other"):
        out = rows | name >> Filter("a // a > 0", on_error="dead_letter")
        _ = out | f"out {name}" >> Write(Collect()), out.errors | f"errors {name}" >> Write(Collect())
    assert share_common_steps(p.graph) is p.graph
