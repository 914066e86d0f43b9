"""Pre-aggregation: clean records become partial aggregates, the others go on as they are."""

from pulse.graph.ops import AggregateOp, CombineOp
from pulse.model.aggregates import count
from pulse.model.aggregates import sum as sum_
from pulse.model.windows import Sliding, Tumbling, Windowing
from tests.support.operators import columns, finish, operator

OP = AggregateOp((("n", count()), ("s", sum_("v"))))
SCHEMA = {"k": "string", "v": "int64"}


def machine(op, window, **how):
    return operator(op, SCHEMA, keys=("k",), windowing=Windowing(window), **how)


def feed(window, bundle):
    combine = machine(CombineOp(OP), window)
    return combine, [out.bundle for out in combine.process(bundle)]


def test_clean_records_are_aggregated_and_late_ones_are_not():
    bundle = columns({"k": ["a", "a", "a"], "v": [1, 2, 4]}, [3, 4, 1], [0, 0, 12])
    combine, (partial, rest) = feed(Tumbling("10us"), bundle)
    assert partial.partial
    assert len(partial) == 1
    assert partial.watermarks == 0
    assert not rest.partial
    assert rest.batch.to_pylist() == [{"k": "a", "v": 4}]
    assert rest.watermarks.tolist() == [12]
    assert combine.context.ledger.passed == 3


def test_the_aggregation_after_it_gives_what_it_would_give_without():
    bundle = columns({"k": ["a", "b", "a", "a"], "v": [1, 2, 4, 8]}, [3, 4, 14, 1], [0, 0, 0, 12])
    for window in (Tumbling("10us"), Sliding("10us", "5us"), Sliding("5us", "10us")):
        alone, after = machine(OP, window), machine(OP, window)
        found = [out for b in [bundle] for out in alone.process(b)]
        _, parts = feed(window, bundle)
        split = [out for b in parts for out in after.process(b)]
        for step, outs in ((alone, found), (after, split)):
            step.seen = sorted(
                str(row) for tag, out in outs if tag == "main" for row in out.batch.to_pylist()
            ) + finish(step)
        assert sorted(map(str, alone.seen)) == sorted(map(str, after.seen))
        assert alone.context.ledger.late == after.context.ledger.late
        assert after.context.ledger.balance == 0


def test_records_in_gaps_go_on_to_be_counted_there():
    _, parts = feed(Sliding("5us", "10us"), columns({"k": ["a", "a"], "v": [1, 2]}, [3, 7]))
    assert [part.partial for part in parts] == [True, False]


def test_nothing_comes_of_nothing():
    assert feed(Tumbling("10us"), columns({"k": [], "v": []}))[1] == []


def test_bundles_are_combined_together_when_no_record_can_be_late():
    combine = machine(CombineOp(OP), Tumbling("10us"))
    bundles = [columns({"k": ["a"], "v": [1]}, [3]), columns({"k": ["a"], "v": [2]}, [4])]
    (partial,) = combine.combine(bundles)
    assert len(partial) == 1
    assert combine.combine([]) == []
