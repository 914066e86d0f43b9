import pytest

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Collect,
    Create,
    Filter,
    Flatten,
    KeyBy,
    Map,
    Parquet,
    Partition,
    Pipeline,
    Read,
    Select,
    Tumbling,
    Window,
    WithColumns,
    WithTimestamps,
    Write,
    col,
    count,
    lit,
)
from pulse.graph.ops import FilterOp
from pulse.graph.optimiser.push_filters import push_filters

ROWS = [{"a": 1, "b": 2, "t": 0, "s": "x"}]


def start():
    p = Pipeline()
    return p, p | "rows" >> Create(ROWS, time_field="t")


def order(p):
    return [node.name for node in push_filters(p.graph).order]


def test_conditions_go_apart_and_the_least_far_keeps_the_name():
    p, rows = start()
    out = rows | "upper" >> WithColumns(u=col("s").str.upper())
    _ = out | "long" >> WithColumns(m=col("s").str.extract("(x)")) | "big" >> Filter("a > 1 and m == 'x'")
    after = push_filters(p.graph)
    assert [node.name for node in after.order] == ["rows", "big/a > 1", "upper", "long", "big"]
    assert after["big"].op.label() == "Filter(m == 'x')"


@pytest.mark.parametrize(
    "step",
    [
        Select("b", c="a"),
        WithColumns(c=col("a") / 2),
        KeyBy(c=col("a") / 2),
        WithColumns(c="a") | Window(Tumbling("1s")),
        WithColumns(c="a") | Filter("b > 0"),
    ],
)
def test_conditions_go_past(step):
    p, rows = start()
    _ = rows | "chain" >> step | "big" >> Filter("c > 1") | Write(Collect())
    names = order(p)
    assert all(isinstance(p.graph[name].op, FilterOp) for name in names[1 : names.index("big")])
    assert names[-2] != "big"


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (WithColumns(c=col("a") * 2), "an overflow would no longer be seen"),
        (WithColumns(c=col("s").str.extract("(x+)").str.length()), "too much to compute twice"),
        (WithColumns(c=lit(5)), "a constant is adapted, a field of it is not"),
        (Map(dict, schema={"c": "int64"}), "the function may raise"),
        (Map(abs, inputs=["a"], output="c", type="int64"), "the function may raise"),
        (WithColumns(c="a") | WithTimestamps("t"), "it makes watermarks of all records"),
        (WithColumns(c="a") | KeyBy("c") | Aggregate(n=count()), "results are other records"),
        (Filter("a % b == 0") | WithColumns(c="a") | Filter("b // a > 0"), "a filter that may reject"),
    ],
)
def test_conditions_stay_behind(step, reason):
    p, rows = start()
    _ = rows | "chain" >> step | "big" >> Filter("c > 1") | Write(Collect())
    assert order(p) == [node.name for node in p.graph.order], reason


def test_a_condition_that_can_fail_stays_whole():
    p, rows = start()
    _ = rows | Select("a", "b") | Filter("a > 1 and b % a == 0") | Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_a_condition_stays_behind_a_step_that_others_read():
    p, rows = start()
    half = rows | WithColumns(h=col("a") / 2)
    _ = half | Filter("h > 1") | "one" >> Write(Collect()), half | "other" >> Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_a_condition_stays_behind_a_partition():
    p, rows = start()
    some, others = rows | Select("a") | Partition(["a > 5"])
    _ = some | Filter("a > 7") | "some" >> Write(Collect()), others | "others" >> Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_what_a_function_returned_is_not_trusted_to_have_its_type():
    p, rows = start()
    _ = rows | Map(dict, schema={"a": "int64"}) | Select(b="a") | Filter("b > 1") | Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_a_condition_goes_into_every_branch_of_a_merge_when_one_gains():
    p, rows = start()
    more = p | "more" >> Create(ROWS)
    narrow = rows | "narrow" >> Select("a", "b", "s", t="t")
    _ = (narrow, more) | Flatten() | "big" >> Filter("a > 1") | Write(Collect())
    after = push_filters(p.graph)
    assert [str(port) for port in after["Flatten"].inputs] == ["narrow", "big/2"]
    assert after["narrow"].inputs[0].step == "big/1"


def test_a_condition_stays_behind_a_merge_when_no_branch_gains():
    p, rows = start()
    _ = (rows, p | "more" >> Create(ROWS)) | Flatten() | Filter("a > 1") | Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_a_condition_stays_behind_a_merge_that_widens_its_field():
    p, rows = start()
    doubles = p | "doubles" >> Create([{"a": 0.5}]) | Select("a")
    _ = (rows | Select("a"), doubles) | Flatten() | Filter("a > 1") | Write(Collect())
    assert push_filters(p.graph) is p.graph


def test_a_source_that_skips_is_told_of_the_filters_after_it():
    p = Pipeline()
    out = p | "file" >> Read(Parquet("x.parquet", schema={"a": "int64", "b": "int64"}))
    _ = out | Select(c="a", d="b") | Filter("c > 1") | Filter("d > 2") | Write(Collect())
    after = push_filters(p.graph)
    assert str(after["file"].op.predicate) == "a > 1 and b > 2"
    assert len(after) == len(p.graph)


def test_a_source_whose_watermarks_need_all_records_is_not_told():
    p = Pipeline()
    source = Parquet("x.parquet", schema={"a": "int64", "t": "int64"}, time_field="t")
    _ = (
        p
        | "file" >> Read(source, watermarks=BoundedOutOfOrderness("1s"))
        | Filter("a > 1")
        | Write(Collect())
    )
    assert push_filters(p.graph)["file"].op.predicate is None


def test_a_source_is_not_told_of_a_condition_that_can_fail():
    p = Pipeline()
    out = p | "file" >> Read(Parquet("x.parquet", schema={"a": "int64"}))
    _ = out | Filter("10 // a > 1") | Write(Collect())
    assert push_filters(p.graph)["file"].op.predicate is None
