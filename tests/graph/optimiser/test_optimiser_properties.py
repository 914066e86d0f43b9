"""Whatever the optimiser and the planner do, the same records come out."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st

from pulse import (
    Aggregate,
    BoundedOutOfOrderness,
    Create,
    DeterministicRunner,
    Filter,
    FlatMap,
    Flatten,
    Global,
    KeyBy,
    Map,
    Nexmark,
    Partition,
    Pipeline,
    PipelineError,
    Read,
    RecordError,
    Select,
    Session,
    Sliding,
    Tumbling,
    Window,
    WithColumns,
    WithTimestamps,
    col,
    collect,
    count,
    lit,
)
from pulse import (
    max as largest,
)
from pulse import (
    min as smallest,
)
from pulse import (
    sum as total,
)
from pulse.graph.optimiser import RULES
from pulse.graph.optimiser.run import REQUIRED

RULE_NAMES = sorted({rule.__name__ for rule in RULES if rule not in REQUIRED})

SCHEMA = {"k": "int64", "g": "string", "x": "int64", "y": "double"}
RECORDS = st.fixed_dictionaries(
    {
        "k": st.integers(0, 3),
        "g": st.sampled_from(["a", "b", "A", None]),
        "x": st.one_of(st.none(), st.integers(-3, 9)),
        "y": st.sampled_from([None, 0.0, 0.5, 2.0]),
    }
)


def same(record):
    return dict(record)


def twice(record):
    return [record, dict(record)]


def odd(record):
    return record["k"] % 2 == 1


def shorter(record):
    return {"k": record["k"], "x": record["x"]}


def next_number(x):
    return None if x is None else x + 1


@dataclass
class Draft:
    """A pipeline under construction, and what its last collection holds."""

    draw: object
    late: bool
    pipeline: Pipeline = field(default_factory=lambda: Pipeline("straight"))
    fields: dict = field(default_factory=dict)
    keys: tuple = ()
    windowed: bool = False
    count: int = 0
    chain: list = field(default_factory=list)
    ordered: bool = True
    sessions: bool = False

    def name(self):
        self.count += 1
        return f"s{self.count}"

    def pick(self, *choices):
        return self.draw(st.sampled_from(choices))

    def add(self, out, transform):
        self.chain.append(transform)
        return out | self.name() >> transform

    def of_type(self, *types):
        return [name for name, kind in self.fields.items() if kind in types]


def filter_(draft, out):
    conditions = []
    for name, kind in draft.fields.items():
        if kind in {"int64", "double"}:
            conditions += [col(name) > 1, col(name) / 2 < 3, col(name).is_not_null()]
        elif kind == "string":
            conditions += [col(name) == "a", col(name).str.lower() == "a"]
    if not conditions:
        return out
    condition = draft.draw(st.sampled_from(conditions))
    if draft.draw(st.booleans()):
        condition = condition & draft.draw(st.sampled_from(conditions))
    if draft.draw(st.integers(0, 5)) == 0 and draft.of_type("int64"):
        condition = condition & (col(draft.of_type("int64")[0]) % col(draft.of_type("int64")[-1]) < 5)
        return draft.add(out, Filter(condition, on_error=draft.pick("skip", "fail")))
    return draft.add(out, Filter(condition))


def with_columns(draft, out):
    numbers, texts = draft.of_type("int64", "double"), draft.of_type("string")
    if not numbers:
        return out
    number = draft.draw(st.sampled_from(numbers))
    new = {draft.pick("h", "x", "z"): (col(number) / 2, "double")}
    if texts:
        new[draft.pick("u", "g")] = (col(draft.draw(st.sampled_from(texts))).str.upper(), "string")
    new |= {"c": (lit(1), "int64")} if draft.draw(st.booleans()) else {}
    policy = "fail"
    if draft.draw(st.integers(0, 4)) == 0 and len(draft.of_type("int64")) > 1:
        one, other = draft.of_type("int64")[:2]
        new["q"] = (col(one) // col(other), "int64")
        policy = draft.pick("skip", "fail")
    draft.fields = draft.fields | {name: kind for name, (_, kind) in new.items()}
    draft.keys = () if set(draft.keys) & set(new) else draft.keys
    return draft.add(out, WithColumns(on_error=policy, **{name: expr for name, (expr, _) in new.items()}))


def select(draft, out):
    names = list(draft.fields)
    kept = draft.draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    renamed = {draft.name(): name for name in names if name not in kept and draft.draw(st.booleans())}
    draft.fields = {name: draft.fields[name] for name in kept} | {
        new: draft.fields[old] for new, old in renamed.items()
    }
    draft.keys = draft.keys if set(draft.keys) <= set(kept) else ()
    return draft.add(out, Select(*kept, **renamed))


def key_by(draft, out):
    names = draft.of_type("int64", "string")
    if not names:
        return out
    keys = draft.draw(st.lists(st.sampled_from(names), min_size=1, max_size=2, unique=True))
    if draft.draw(st.integers(0, 3)) == 0 and draft.fields[keys[0]] == "string":
        draft.fields = draft.fields | {"low": "string"}
        draft.keys = ("low",)
        return draft.add(out, KeyBy(low=col(keys[0]).str.lower()))
    draft.keys = tuple(keys)
    return draft.add(out, KeyBy(*keys))


def python(draft, out):
    """A step with a person's function; some of them say what they preserve."""
    typed = {"schema": dict(draft.fields)} if draft.draw(st.booleans()) else {}
    preserves = draft.draw(st.sets(st.sampled_from(list(draft.fields)))) | set(draft.keys)
    if not draft.draw(st.booleans()):
        preserves = set()
    kinds = ["map", "flat_map", "fields"]
    if draft.fields.get("k") == "int64":
        kinds += ["filter"]
    kind = draft.draw(st.sampled_from(kinds))
    if kind == "fields":
        numbers = draft.of_type("int64")
        if not numbers:
            return out
        target = draft.pick("p", numbers[0])
        draft.fields = draft.fields | {target: "int64"}
        draft.keys = () if target in draft.keys else draft.keys
        return draft.add(out, Map(next_number, inputs=[numbers[-1]], output=target, type="int64"))
    if kind == "filter":
        return draft.add(out, Filter(odd, on_error="skip"))
    draft.keys = draft.keys if set(draft.keys) <= preserves else ()
    transform = (
        Map(same, preserves=preserves, **typed)
        if kind == "map"
        else FlatMap(twice, preserves=preserves, **typed)
    )
    return draft.add(out, transform)


def split(draft, out):
    """Two branches that are merged again."""
    if draft.late:
        return out  # what is late after a merge depends on the schedule
    draft.chain.append(None)
    draft.ordered = False  # a merge has no order that a list could keep
    if draft.draw(st.booleans()):
        first, second = out | draft.name() >> Partition(
            ["k > 1" if draft.fields.get("k") == "int64" else "True"]
        )
    else:
        first = second = out
    if draft.draw(st.booleans()):
        first = first | draft.name() >> Map(same, preserves=list(draft.fields), schema=dict(draft.fields))
    return (first, second) | draft.name() >> Flatten()


def window(draft, out):
    draft.windowed = True
    kind = draft.pick(Tumbling("10us"), Sliding("10us", "4us"), Session("3us"), Global())
    draft.sessions = isinstance(kind, Session)
    lateness = draft.pick("0s", "0s", "5us")
    accumulation = "accumulating" if lateness != "0s" else None
    return draft.add(out, Window(kind, allowed_lateness=lateness, accumulation=accumulation))


def aggregate(draft, out):
    numbers = draft.of_type("int64")
    made = {draft.name(): count()}
    if numbers:
        made |= {draft.name(): total(numbers[0]), draft.name(): largest(numbers[-1])}
        made |= {draft.name(): smallest(numbers[0])}
    draft.fields = {key: draft.fields[key] for key in draft.keys} | dict.fromkeys(made, "int64")
    if numbers and draft.ordered and draft.draw(st.integers(0, 3)) == 0:
        made |= {draft.name(): collect(numbers[0])}
    # Sessions that end together come in an order that depends on how bundles were cut.
    draft.ordered = draft.ordered and not draft.sessions
    return draft.add(out, Aggregate(**made))


def timestamps(draft, out):
    if "x" not in draft.fields or draft.windowed or draft.fields["x"] != "int64":
        return out
    strategy = BoundedOutOfOrderness("2us") if draft.late else None
    return draft.add(out, WithTimestamps("x", format="us", watermarks=strategy, on_error="skip"))


STEPS = [filter_, filter_, with_columns, select, key_by, key_by, python, python, split, window, timestamps]


def source(draft):
    """Records in memory, or of the generator; late ones only when the draft says so."""
    draw, strategy = draft.draw, None
    if draw(st.integers(0, 4)) == 0:
        draft.fields = {"auction": "int64", "bidder": "int64", "k": "int64", "channel": "string"}
        strategy = BoundedOutOfOrderness("2us") if draft.late else None
        bids = Read(Nexmark(60, only="bid", group=7, rate=1_000_000), watermarks=strategy)
        return draft.pipeline | bids | Select("auction", "bidder", "channel", k=col("bidder") // 2)
    records = draw(st.lists(RECORDS, min_size=1, max_size=25))
    times = [draw(st.integers(0, 40)) for _ in records]
    if draft.late:
        strategy = BoundedOutOfOrderness(draw(st.sampled_from(["0s", "4us"])))
    return draft.pipeline | Create(records, times=times, schema=SCHEMA, watermarks=strategy)


def fork(draft, begin):
    """Begin a second branch with the very same steps."""
    out = begin
    for number, transform in enumerate(draft.chain[: draft.draw(st.integers(1, 3))]):
        if transform is None:
            break
        out = out | f"again{number}" >> transform
    return (
        None
        if out is begin
        else out | "other end" >> Select(*list(out.schema.names if out.schema else ["k"])[:1])
    )


@st.composite
def drafts(draw):
    """Random pipelines of a few steps, with at most two aggregations."""
    draft = Draft(draw, draw(st.booleans()), fields=dict(SCHEMA))
    out = begin = source(draft)
    try:
        for step in draw(st.lists(st.sampled_from(STEPS), max_size=5)):
            out = step(draft, out)
        if draw(st.integers(0, 3)):
            for step in (python, key_by, window, python, aggregate):
                out = step(draft, out) if step is aggregate or draw(st.booleans()) else out
            for step in draw(st.lists(st.sampled_from([filter_, with_columns, key_by, python]), max_size=2)):
                out = step(draft, out)
            if draw(st.integers(0, 2)) == 0:
                aggregate(draft, out)
        if draw(st.integers(0, 3)) == 0:
            draft.pipeline.name = "forked"
            fork(draft, begin)
    except PipelineError:
        reject()  # not every combination is a pipeline
    return draft.pipeline


def hashable(value):
    if isinstance(value, dict):
        return tuple((name, hashable(each)) for name, each in value.items())
    return tuple(map(hashable, value)) if isinstance(value, list) else value


def outcome(pipeline, **options):
    """Return the records of every open end with their times, and how many were late or failed."""
    try:
        result = DeterministicRunner(**options).run(pipeline)
    except RecordError:
        return "failed"
    found = {
        str(port): Counter((hashable(record), time) for record, time in result.timed(port))
        for port in result.collected
    }
    # Steps that a fork shares count what they reject once.
    return found, result.late, result.errored if pipeline.name == "straight" else result.errored > 0


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(drafts(), st.sampled_from(RULE_NAMES), st.integers(0, 9), st.sampled_from([None, 1, 4]))
def test_the_same_records_come_out(pipeline, rule, seed, bundle_size):
    plain = outcome(pipeline, without=RULE_NAMES)
    options = {"seed": seed, "bundle_size": bundle_size}
    assert outcome(pipeline, **options) == plain
    assert outcome(pipeline, without=[rule], **options) == plain
    assert outcome(pipeline, fuse=False, **options) == plain
    assert outcome(pipeline, parallelism=2, **options) == plain
    assert outcome(pipeline, parallelism=3, without=[rule], fuse=bool(seed % 2), **options) == plain


@pytest.mark.parametrize("rule", RULE_NAMES)
def test_every_rule_can_be_left_out_by_name(rule):
    p = Pipeline()
    out = p | Create([{"k": 1}, {"k": 2}, {"k": 1}]) | KeyBy("k") | Aggregate(n=count())
    found = DeterministicRunner(parallelism=2, without=[rule]).run(p).records(out)
    assert sorted(found, key=lambda r: r["k"]) == [{"k": 1, "n": 2}, {"k": 2, "n": 1}]
