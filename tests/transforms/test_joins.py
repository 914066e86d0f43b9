"""Joins as people write them: what comes out, what is refused, what the optimiser makes of them."""

from __future__ import annotations

import pyarrow as pa
import pytest

from pulse import (
    Aggregate,
    AsOfJoin,
    BoundedOutOfOrderness,
    CoGroup,
    Collect,
    Create,
    DeterministicRunner,
    IntervalJoin,
    Join,
    JoinTable,
    KeyBy,
    Lookup,
    Map,
    Nexmark,
    Pipeline,
    Read,
    Select,
    Session,
    Tumbling,
    Window,
    WithColumns,
    Write,
    col,
    count,
)
from pulse.errors import PipelineError, TypeMismatch, UnknownField, WindowingError
from pulse.graph.compile import settle
from pulse.graph.optimiser.push_projection import push_projection


def two(pipeline, left, right, **options):
    return pipeline | "left" >> Create(left, **options), pipeline | "right" >> Create(right, **options)


def results(pipeline, joined, **options):
    return DeterministicRunner(**options).run(pipeline).records(joined)


def test_names_that_both_have_get_a_suffix():
    p = Pipeline()
    joined = two(p, [{"k": 1, "n": 1}], [{"k": 1, "n": 2}]) | Join("k", suffixes=("_l", "_r"))
    assert results(p, joined) == [{"k": 1, "n_l": 1, "n_r": 2}]


def test_a_full_join_has_the_key_of_either_side():
    p = Pipeline()
    joined = two(p, [{"k": 1, "a": 1}, {"k": None, "a": 2}], [{"id": 3, "b": 4}]) | Join({"k": "id"}, "full")
    assert results(p, joined) == [
        {"k": 1, "a": 1, "b": None},
        {"k": None, "a": 2, "b": None},
        {"k": 3, "a": None, "b": 4},
    ]


def test_several_keys_of_several_kinds():
    from datetime import date
    from decimal import Decimal

    nan = float("nan")
    left = [{"d": Decimal("1.50"), "x": nan, "t": date(2024, 1, 1), "b": True, "a": 1}]
    right = [{"d": Decimal("1.50"), "x": nan, "t": date(2024, 1, 1), "b": True, "z": 2}]
    for transform in (Join(["d", "x", "t", "b"]), IntervalJoin(["d", "x", "t", "b"], lower="0s", upper="0s")):
        p = Pipeline()
        (found,) = results(p, two(p, left, right, times=[0]) | transform)
        assert (found["a"], found["z"]) == (1, 2)


def test_negative_zero_is_zero_and_integers_of_other_widths_match():
    p = Pipeline()
    a = p | "a" >> Create([{"k": -0.0, "n": 1}]) | WithColumns(n=col("n").cast("int32"))
    b = p | "b" >> Create([{"k": 0.0, "n": 1}])
    assert results(p, (a, b) | Join(["k", "n"])) == [{"k": 0.0, "n": 1}]


def test_results_of_aggregations_join_in_their_windows():
    p = Pipeline()
    counted = []
    for name in ("views", "clicks"):
        source = p | name >> Create([{"k": 1}, {"k": 1}], times=[0, 70_000_000])
        counted.append(
            source | f"w {name}" >> Window(Tumbling("60s")) | KeyBy("k") | Aggregate(**{name: count()})
        )
    joined = tuple(counted) | Join("k")
    assert [(r["k"], r["views"], r["clicks"]) for r in results(p, joined)] == [(1, 1, 1), (1, 1, 1)]
    assert joined.schema.names == ["k", "window_start", "window_end", "views", "clicks"]
    again = joined | KeyBy("k") | Aggregate(n=count())
    assert [r["n"] for r in results(p, again)] == [1, 1]


def test_rows_of_a_known_schema_are_made_columns():
    p = Pipeline()
    a, b = two(p, [{"k": 1}], [{"k": 1, "b": 2}])
    mapped = a | Map(lambda record: record, schema={"k": "int64"})
    assert results(p, (mapped, b) | Join("k")) == [{"k": 1, "b": 2}]


def test_order_is_that_of_the_left_times_whatever_the_schedule():
    left = [{"k": n % 3, "a": n} for n in range(20)]
    right = [{"k": n % 3, "b": n} for n in range(20)]
    found = []
    for seed in range(4):
        p = Pipeline()
        joined = two(p, left, right, times=[n % 7 for n in range(20)]) | Join("k")
        found.append(results(p, joined, seed=seed, bundle_size=2))
    assert found[0]
    assert all(other == found[0] for other in found)


def test_late_records_name_their_input():
    p = Pipeline()
    late = {"watermarks": BoundedOutOfOrderness("0s")}
    a = p | "a" >> Create([{"k": 1}, {"k": 2}], times=[50, 3], **late)
    b = p | "b" >> Create([{"k": 1}], times=[50], **late)
    joined = (a, b) | IntervalJoin("k", lower="-1us", upper="1us")
    (row,) = results(p, joined.late)
    assert (row["input"], row["left"], row["right"]) == ("left", {"k": 2}, None)
    assert row["late_by"].microseconds == 47


@pytest.mark.parametrize(("accumulation", "sizes"), [("accumulating", [1, 2]), ("discarding", [1, 1])])
def test_a_late_record_gives_its_group_again(accumulation, sizes):
    p = Pipeline()
    late = {"watermarks": BoundedOutOfOrderness("0s")}
    window = Window(Tumbling("10us"), allowed_lateness="100us", accumulation=accumulation)
    a = p | "a" >> Create([{"k": 1}, {"k": 2}, {"k": 1}], times=[1, 20, 2], **late) | "wa" >> window
    b = p | "b" >> Create([{"k": 9}], times=[95], **late) | "wb" >> window
    groups = {"a": a, "b": b} | CoGroup("k")
    for seed in range(5):
        found = [len(r["a"]) for r in results(p, groups, seed=seed) if r["k"] == 1]
        assert found in (sizes, [2])  # one firing when the late record was there first


def test_only_what_is_read_is_read_from_each_input():
    p = Pipeline()
    a, b = two(p, [{"k": 1, "n": 1, "u": 0}], [{"id": 1, "n": 2, "v": 3, "w": 4}])
    joined = (a, b) | Join({"k": "id"}, where="v > 2")
    _ = joined | Select("n_right") | Write(Collect())
    graph = push_projection(settle(p.graph))
    assert graph["left"].op.fields == ("k", "n")  # n stays: without it, n_right would lose its suffix
    assert graph["right"].op.fields == ("id", "n", "v")


def test_a_table_forgets_deleted_rows():
    p = Pipeline()
    table = p | "table" >> Create(
        [
            {"k": 1, "v": "a", "gone": False},
            {"k": 1, "v": "b", "gone": False},
            {"k": 1, "v": "", "gone": True},
        ],
        times=[10, 20, 30],
    )
    stream = p | "stream" >> Create([{"k": 1, "at": t} for t in (5, 10, 25, 30)], times=[5, 10, 25, 30])
    joined = stream | JoinTable(table, on="k", how="left", deleted="gone") | Select("at", "v")
    assert [(r["at"], r["v"]) for r in results(p, joined)] == [(5, None), (10, "a"), (25, "b"), (30, None)]


def test_many_rows_on_few_keys_come_in_pieces():
    p = Pipeline()
    batch = pa.record_batch({"k": [n % 2 for n in range(1200)]})
    assert len(results(p, two(p, batch, batch) | Join("k"))) == 720_000


def unbounded(pipeline, name):
    return pipeline | name >> Read(Nexmark(None, only="bid"), watermarks=BoundedOutOfOrderness("1s"))


def test_joins_that_keep_everything_are_refused():
    p = Pipeline()
    pair = unbounded(p, "a"), unbounded(p, "b")
    with pytest.raises(WindowingError, match="would keep every record for ever") as error:
        pair | Join("bidder")
    assert "ttl='1h'" in str(error.value.hint)
    _ = pair | Join("bidder", ttl="1h")
    with pytest.raises(PipelineError, match="this one never ends"):
        pair[0] | Lookup(pair[1], on="bidder")
    with pytest.raises(PipelineError, match=r"looks forward .* would wait for ever"):
        pair | AsOfJoin("bidder", direction="forward")


def build(transform, *, left=None, right=None, window=(None, None), times=True):
    p = Pipeline()
    options = {"times": [0]} if times else {}
    pair = two(p, [left or {"k": 1, "n": 1}], [right or {"k": 1, "n": 2}], **options)
    made = [c if w is None else c | f"w{i}" >> w for i, (c, w) in enumerate(zip(pair, window, strict=True))]
    _ = tuple(made) | transform
    _ = settle(p.graph).types


@pytest.mark.parametrize(
    ("transform", "how", "kind", "message"),
    [
        (
            Join("k"),
            {"window": (Window(Tumbling("60s")), Window(Tumbling("30s")))},
            WindowingError,
            r"input 'left' has window tumbling\(1m\), but input 'right' has tumbling\(30s\)",
        ),
        (
            Join("k"),
            {"right": {"k": "1"}},
            TypeMismatch,
            "'left' is int64, but 'k' of input 'right' is string",
        ),
        (Join("kk"), {}, UnknownField, "key of input 'left': .*'kk'"),
        (Join("k"), {"left": {"k": [1]}, "right": {"k": [1]}}, TypeMismatch, "which cannot be a key"),
        (Join("k", where="n + 1"), {}, TypeMismatch, "not a condition"),
        (Join("k", where="m > 1"), {}, UnknownField, "'m'"),
        (Join("k", suffixes=("", "2")), {"left": {"k": 1, "n": 1, "n2": 1}}, PipelineError, "called 'n2'"),
        (
            Join("k"),
            {"window": (Window(Session("1s"), allowed_lateness="1s", accumulation="discarding"),) * 2},
            WindowingError,
            "session windows takes no allowed lateness",
        ),
        (
            Join("k"),
            {"window": (Window(Tumbling("1s"), timestamp="earliest"),) * 2},
            WindowingError,
            "not 'earliest'",
        ),
        (IntervalJoin("k", lower="0s", upper="1s"), {"times": False}, WindowingError, "needs event times"),
        (AsOfJoin("k"), {"times": False}, WindowingError, "an as-of join needs event times"),
    ],
)
def test_what_does_not_fit_is_refused(transform, how, kind, message):
    with pytest.raises(kind, match=message):
        build(transform, **how)


def test_records_of_any_shape_are_refused():
    p = Pipeline()
    a, b = two(p, [{"k": 1}], [{"k": 1}])
    with pytest.raises(PipelineError, match="fields of input 'left' are not known"):
        (a | Map(lambda record: record), b) | Join("k")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Join([]), r"on=\[\] names no key fields"),
        (lambda: Join("k", "outer"), "how 'outer' is not one of inner, left, right, full"),
        (lambda: AsOfJoin("k", how="full"), "how 'full' is not one of inner, left"),
        (lambda: Join("k", suffixes=("", "")), "two different texts"),
        (lambda: Join("k", ttl="0s"), "ttl '0s' is not positive"),
        (lambda: IntervalJoin("k", lower="1s", upper="0s"), "lower '1s' is above upper '0s'"),
        (lambda: AsOfJoin("k", direction="back"), "direction 'back' is not one of"),
        (lambda: Join(["k", "k"]), "names a field twice"),
    ],
)
def test_options_are_checked(make, message):
    with pytest.raises(PipelineError, match=message):
        make()


def test_inputs_are_counted():
    p = Pipeline()
    a, b = two(p, [{"k": 1}], [{"k": 1}])
    with pytest.raises(PipelineError, match="Join needs two collections, but was applied to 1"):
        a | Join("k")
    with pytest.raises(PipelineError, match="takes the inputs left and right, not a, b"):
        {"a": a, "b": b} | Join("k")
    with pytest.raises(PipelineError, match="CoGroup needs a name for each of its 2 inputs"):
        (a, b) | CoGroup("k")
    with pytest.raises(PipelineError, match="not a field of each of the 2 inputs"):
        {"a": a, "b": b} | CoGroup({"k": ["k"]})
