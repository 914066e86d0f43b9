"""Every join against loops over all pairs: any times, lateness, bundling, schedule, crash, parallelism."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pulse import (
    AsOfJoin,
    BoundedOutOfOrderness,
    CoGroup,
    Collect,
    DeterministicRunner,
    EndOnly,
    Global,
    IntervalJoin,
    Join,
    JoinTable,
    Lookup,
    Pipeline,
    Read,
    Session,
    Sliding,
    TrioRunner,
    Tumbling,
    Window,
    Write,
)
from tests.properties.strategies import EXAMPLES
from tests.support import join_reference as ref
from tests.support.events import Events
from tests.support.reference import FIRST, LAST
from tests.support.runs import micros

SCHEMA = {"k": "string", "n": "int64"}
RIGHT = {"id": "string", "n": "int64"}
keys = st.sampled_from(["a", "b", "c", None])
side = st.lists(st.tuples(keys, st.integers(0, 60)), max_size=14)
delays = st.sampled_from([None, 0, 5, 20])


@dataclass(frozen=True)
class Sides:
    """Both inputs of a join."""

    left: list[tuple[Any, int]]
    right: list[tuple[Any, int]]
    delays: tuple[int | None, int | None]

    def items(self):
        return [
            ref.items([k for k, _ in rows], [t for _, t in rows], delay)
            for rows, delay in zip((self.left, self.right), self.delays, strict=True)
        ]

    def read(self, pipeline, *windows):
        found = []
        for name, key, rows, delay in zip(
            ("l", "r"), ("k", "id"), (self.left, self.right), self.delays, strict=True
        ):
            records = [{key: k, "n": n} for n, (k, _) in enumerate(rows)]
            source = Events(records, [t for _, t in rows], {key: "string", "n": "int64"}, block=3)
            strategy = EndOnly() if delay is None else BoundedOutOfOrderness(f"{delay}us")
            read = pipeline | name >> Read(source, watermarks=strategy)
            for window in windows:
                read = read | f"window {name}" >> window
            found.append(read)
        return tuple(found)


sides = st.builds(Sides, side, side, st.tuples(delays, delays))
# Whether a record that is behind its watermark finds a session still open hangs on the other input too.
in_order = st.sampled_from([None, 60])
ordered_sides = st.builds(Sides, side, side, st.tuples(in_order, in_order))
runs = st.one_of(
    st.builds(
        lambda seed, size, parallelism, crash, fuse: DeterministicRunner(
            seed,
            bundle_size=size,
            parallelism=parallelism,
            crash_at=[crash] if crash else (),
            checkpoint_every=3 if crash else 0,
            fuse=fuse,
        ),
        st.integers(0, 9),
        st.sampled_from([None, 1, 2]),
        st.sampled_from([1, 2]),
        st.sampled_from([0, 7, 15]),
        st.booleans(),
    )
)


def run(runner, pipeline, joined, *, windowed=False):
    """Return the results as the reference gives them, the late records, and the ledger of the join."""
    result = runner.run(pipeline)
    found = Counter(
        (
            row["k"],
            row["n"],
            row["n_right"],
            time,
            (micros(row["window_start"]), micros(row["window_end"])) if windowed else None,
        )
        for row, time in result.timed(joined)
    )
    late: Counter[Any] = Counter()
    if "late" in pipeline.graph["join"].op.outputs():
        for row in result.records(joined.late):
            late[("left", "right").index(row["input"]), row[row["input"]]["n"]] += 1
    step = result.ledger["join"]
    assert step.held == 0
    assert step.balance == 0
    return found, late, step


def anything(one, other):
    return True


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    sides,
    st.integers(-30, 30),
    st.integers(0, 30),
    st.sampled_from(["inner", "left", "right", "full"]),
    st.sampled_from([0, 0, 10]),
    st.booleans(),
    runs,
)
def test_interval_join(sides, lower, width, how, lateness, condition, runner):  # noqa: PLR0917 - as drawn
    p = Pipeline()
    upper = lower + width
    joined = sides.read(p) | "join" >> IntervalJoin(
        {"k": "id"},
        lower=f"{'-' if lower < 0 else ''}{abs(lower)}us",
        upper=f"{'-' if upper < 0 else ''}{abs(upper)}us",
        how=how,
        where="n <= n_right" if condition else None,
        allowed_lateness=f"{lateness}us",
    )
    left, right = sides.items()
    where = (lambda one, other: one.number <= other.number) if condition else anything
    wanted, late = ref.interval(left, right, lower, upper, how, lateness, where)
    found, dropped, step = run(runner, p, joined)
    assert found == wanted
    assert dropped == late
    assert step.late == late.total()


WINDOWS = [
    Tumbling("20us"),
    Tumbling("7us", offset="3us"),
    Sliding("20us", "5us"),
    Sliding("20us", "15us"),
    Sliding("10us", "25us"),
    Global(),
]


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    sides,
    st.sampled_from(WINDOWS),
    st.sampled_from(["inner", "left", "right", "full"]),
    st.sampled_from([0, 0, 10, 40]),
    st.booleans(),
    runs,
)
def test_window_join(sides, window, how, lateness, condition, runner):  # noqa: PLR0917 - as drawn
    p = Pipeline()
    step = Window(window, allowed_lateness=f"{lateness}us", accumulation="discarding")
    where = "n <= n_right" if condition else None
    joined = sides.read(p, step) | "join" >> Join({"k": "id"}, how, where=where)
    left, right = sides.items()
    meets = (lambda one, other: one.number <= other.number) if condition else anything
    wanted, late, gaps = ref.windowed(left, right, window, lateness, how, meets)
    if isinstance(window, Global):
        wanted = Counter({(*key[:-1], None): n for key, n in wanted.items()})
    found, dropped, books = run(runner, p, joined, windowed=not isinstance(window, Global))
    assert found == wanted
    assert dropped == late
    nulls = sum(
        item.key is None and (s, item.number) not in late and how not in {"full", ("left", "right")[s]}
        for s, side in enumerate((left, right))
        for item in side
        if ref.ref.windows_of(window, item.time)
    )
    assert books.filtered == gaps + nulls


@settings(max_examples=EXAMPLES, deadline=None)
@given(
    sides,
    st.sampled_from(["backward", "forward", "nearest"]),
    st.sampled_from([None, 0, 5, 20]),
    st.sampled_from(["inner", "left"]),
    runs,
)
def test_as_of_join(sides, direction, tolerance, how, runner):
    p = Pipeline()
    limit = None if tolerance is None else f"{tolerance}us"
    step = AsOfJoin({"k": "id"}, direction=direction, tolerance=limit, how=how)
    joined = sides.read(p) | "join" >> step
    wanted, late = ref.as_of(*sides.items(), direction, tolerance, how, lambda other: False)
    found, dropped, _ = run(runner, p, joined)
    assert found == wanted
    assert dropped == late


@settings(max_examples=EXAMPLES, deadline=None)
@given(sides, st.sampled_from(["inner", "left"]), runs)
def test_table(sides, how, runner):
    p = Pipeline()
    stream, table = sides.read(p)
    joined = stream | "join" >> JoinTable(table, on={"k": "id"}, how=how, deleted="n == 1 or n == 4")
    wanted, late = ref.as_of(*sides.items(), "backward", None, how, lambda other: other.number in {1, 4})
    found, dropped, _ = run(runner, p, joined)
    assert found == wanted
    assert dropped == late


@settings(max_examples=EXAMPLES, deadline=None)
@given(sides, st.sampled_from(["inner", "left"]), runs)
def test_lookup(sides, how, runner):
    p = Pipeline()
    stream, table = sides.read(p)
    joined = stream | "join" >> Lookup(table, on={"k": "id"}, how=how)
    left, right = sides.items()
    wanted: Counter[Any] = Counter()
    for one in left:
        matches = [other for other in right if one.key is not None and one.key == other.key]
        for other in matches or ([None] if how == "left" else []):
            wanted[one.key, one.number, other and other.number, one.time, None] += 1
    found, _, _ = run(runner, p, joined)
    assert found == wanted


def groups(result, joined, *, windowed):
    return Counter(
        (
            row["k"],
            (micros(row["window_start"]), micros(row["window_end"])) if windowed else (FIRST, LAST),
            tuple(r["n"] for r in row["left"]),
            tuple(r["n"] for r in row["right"]),
        )
        for row in result.records(joined)
    )


@settings(max_examples=EXAMPLES, deadline=None)
@given(sides, st.sampled_from(WINDOWS), runs)
def test_co_group(sides, window, runner):
    p = Pipeline()
    left, right = sides.read(p, Window(window))
    joined = {"left": left, "right": right} | "join" >> CoGroup({"k": ["k", "id"]})
    members: dict[Any, list[list[Any]]] = {}
    for place, rows in enumerate(sides.items()):
        for item in rows:
            for w in ref.ref.windows_of(window, item.time):
                if w[1] > item.mark:
                    members.setdefault((item.key, w), [[], []])[place].append(item)
    wanted = Counter(
        (key, w, *(tuple(i.number for i in sorted(rows, key=lambda i: (i.time, i.number))) for rows in both))
        for (key, w), both in members.items()
    )
    result = runner.run(p)
    assert groups(result, joined, windowed=not isinstance(window, Global)) == wanted
    assert result.ledger["join"].held == 0


@settings(max_examples=EXAMPLES, deadline=None)
@given(ordered_sides, st.sampled_from([3, 10]), st.sampled_from(["inner", "full"]), runs)
def test_session_join(sides, gap, how, runner):
    p = Pipeline()
    joined = sides.read(p, Window(Session(f"{gap}us"))) | "join" >> Join({"k": "id"}, how)
    wanted: Counter[Any] = Counter()
    by_key: dict[Any, list[Any]] = {}
    for place, rows in enumerate(sides.items()):
        for item in rows:
            if item.key is not None or how == "full":
                by_key.setdefault(item.key, []).append((place, item))
    for members in by_key.values():
        for w, group in ref.sessions([item for _, item in members], gap):
            parts = [
                [i for at, i in members if at == place and any(i is g for g in group)] for place in (0, 1)
            ]
            found, _, _ = ref.windowed(
                [ref.Item(i.key, i.number, 0, FIRST) for i in parts[0]],
                [ref.Item(i.key, i.number, 0, FIRST) for i in parts[1]],
                Global(),
                0,
                how,
                anything,
            )
            wanted.update({(*key[:3], w[1] - 1, w): n for key, n in found.items()})
    found, dropped, _ = run(runner, p, joined, windowed=True)
    assert found == wanted
    assert not dropped


@settings(max_examples=max(5, EXAMPLES // 20), deadline=None)
@given(sides, st.sampled_from(["inner", "full"]))
def test_the_trio_runner_gives_the_same(sides, how):
    p = Pipeline()
    joined = sides.read(p) | "join" >> IntervalJoin({"k": "id"}, lower="-10us", upper="10us", how=how)
    sink = Collect()
    _ = joined | "out" >> Write(sink)
    TrioRunner(parallelism=2).run(p)
    wanted, _ = ref.interval(*sides.items(), -10, 10, how, 0, anything)
    assert Counter((r["k"], r["n"], r["n_right"]) for r in sink.records) == Counter(
        {key[:3]: n for key, n in wanted.items()}
    )
