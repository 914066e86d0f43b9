from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.errors import ConnectorError, PipelineError, UnknownField
from pulse.io.base import Block, End, Idle, ReadRequest
from pulse.io.nexmark import Nexmark
from pulse.io.nexmark.model import Clockwork

FIELDS = ("kind", "id", "auction", "price", "name")


def reader(source, split="0", *, fields=FIELDS, layout="columns", position=None):
    request = ReadRequest(source.declared_schema(), fields, layout)
    return source.open(split, request, position)


def blocks_of(opened) -> list[Block]:
    blocks = []
    while not isinstance(block := opened.poll(), End):
        assert isinstance(block, Block)
        blocks.append(block)
    return blocks


def numbered(opened) -> dict[int, dict]:
    """Every record with its event number, in the order read."""
    records = {}
    for block in blocks_of(opened):
        decoded = opened.decode(block)
        assert decoded.numbers.max(initial=1) <= decoded.units
        numbers = (decoded.numbers + block.first - 1).tolist()
        times = decoded.times.tolist()
        for number, time, row in zip(numbers, times, decoded.data.to_pylist(), strict=True):
            records[number] = {**row, "time": time}
    return records


class ManualClock:
    def __init__(self) -> None:
        self.now = 5_000_000

    def __call__(self) -> int:
        return self.now


def test_blocks_name_numbers_and_positions() -> None:
    opened = reader(Nexmark(events=25, start=100, batch=10))
    blocks = blocks_of(opened)
    assert [(block.first, block.position) for block in blocks] == [(100, 110), (110, 120), (120, 125)]
    decoded = opened.decode(blocks[2])
    assert (decoded.numbers.tolist(), decoded.units, decoded.bad) == ([1, 2, 3, 4, 5], 5, ())
    assert opened.progress() == (25, 25)
    assert isinstance(opened.poll(), End)


def test_without_end() -> None:
    source = Nexmark(batch=7)
    opened = reader(source)
    assert (source.bounded, source.label, opened.progress()) == (False, "nexmark(unbounded)", (0, None))
    assert [opened.poll().position for _ in range(3)] == [7, 14, 21]


def test_no_events() -> None:
    assert isinstance(reader(Nexmark(events=0)).poll(), End)


@settings(max_examples=25, deadline=None)
@given(position=st.integers(30, 430), shards=st.integers(1, 4), group=st.sampled_from([1, 7, 60]))
def test_resumed_anywhere_it_goes_on_as_if_nothing_had_happened(position, shards, group) -> None:
    source = Nexmark(events=400, start=30, shards=shards, group=group, batch=33)
    for split in source.splits():
        everything = numbered(reader(source, split))
        rest = {number: row for number, row in everything.items() if number >= position}
        assert numbered(reader(source, split, position=position)) == rest


def test_every_position_of_a_block_resumes_after_it() -> None:
    source = Nexmark(events=500, shards=3, batch=17)
    opened = reader(source, "1")
    blocks = blocks_of(opened)
    for at, block in enumerate(blocks):
        again = blocks_of(reader(source, "1", position=block.position))
        assert [b.payload for b in again[:1]] == [b.payload for b in blocks[at + 1 : at + 2]]


@pytest.mark.parametrize("shards", [2, 3, 7])
@pytest.mark.parametrize("only", [None, "bid", ("person", "auction")])
def test_shards_together_are_the_whole(shards, only) -> None:
    fields = ("kind", "date_time", "extra")
    one = numbered(reader(Nexmark(events=777, start=5, only=only, group=9), fields=fields))
    source = Nexmark(events=777, start=5, only=only, group=9, shards=shards, batch=40)
    parts = [numbered(reader(source, split, fields=fields)) for split in source.splits()]
    assert sum(map(len, parts)) == len(one)
    assert {number: row for part in parts for number, row in part.items()} == one


def test_shards_share_the_kinds_alike() -> None:
    source = Nexmark(events=400, shards=4)
    for split in source.splits():
        kinds = [row["kind"] for row in numbered(reader(source, split)).values()]
        assert (len(kinds), kinds.count("person"), kinds.count("auction")) == (100, 2, 6)


@pytest.mark.parametrize(("group", "shards", "only"), [(1, 1, None), (40, 1, "bid"), (97, 3, None)])
def test_watermarks_are_exact(group, shards, only) -> None:
    source = Nexmark(events=2000, rate=1000, group=group, shards=shards, only=only, batch=13)
    clockwork = Clockwork(inter_event_us=1000, group=group)
    for split in source.splits():
        opened = reader(source, split, fields=("date_time",))
        blocks = blocks_of(opened)
        decoded = [opened.decode(block) for block in blocks]
        for at, (block, one) in enumerate(zip(blocks, decoded, strict=True)):
            later = [time for after in decoded[at + 1 :] for time in after.times.tolist()]
            assert one.watermark == clockwork.watermark(block.first + one.units - 1)
            assert one.watermark <= min(later, default=one.watermark)


def test_decoding_is_pure_and_may_run_in_threads() -> None:
    opened = reader(Nexmark(events=4000, batch=250), fields=None)
    blocks = blocks_of(opened)
    with ThreadPoolExecutor(4) as pool:
        parallel = list(pool.map(opened.decode, blocks[::-1]))[::-1]
    for block, decoded in zip(blocks, parallel, strict=True):
        assert decoded.data.equals(opened.decode(block).data)


def test_rows_are_the_columns() -> None:
    source = Nexmark(events=200)
    columns, rows = reader(source, fields=None), reader(source, fields=None, layout="rows")
    decoded = rows.decode(rows.poll())
    assert decoded.data == columns.decode(columns.poll()).data.to_pylist()
    assert decoded.data[0]["date_time"].isoformat() == "2015-07-15T00:00:00+00:00"


def test_no_fields_still_count() -> None:
    source = Nexmark(events=10)
    for layout in ("columns", "rows"):
        opened = reader(source, fields=(), layout=layout)
        decoded = opened.decode(opened.poll())
        assert len(decoded.data) == len(decoded.times) == 10


def test_one_kind_alone() -> None:
    source = Nexmark(events=100, only="auction")
    assert "price" not in source.declared_schema().names
    assert source.sniff_schema() == source.declared_schema()
    rows = numbered(reader(source, fields=("kind", "id")))
    assert list(rows) == [1, 2, 3, 51, 52, 53]
    assert [row["id"] for row in rows.values()] == [1000, 1001, 1002, 1003, 1004, 1005]


def test_a_block_may_hold_nothing_of_a_kind() -> None:
    opened = reader(Nexmark(events=100, only="person", batch=10), fields=None)
    decoded = [opened.decode(block) for block in blocks_of(opened)]
    assert [len(one.data) for one in decoded] == [1, 0, 0, 0, 0, 1, 0, 0, 0, 0]
    assert len({one.data.schema for one in decoded}) == 1
    assert decoded[1].watermark == Clockwork().watermark(19)


def test_live_events_wait_for_their_turn() -> None:
    clock = ManualClock()
    opened = reader(Nexmark(events=6, rate=100, live=True, clock=clock, batch=3))
    assert opened.poll().position == 1
    assert opened.poll() == Idle(10_000)
    clock.now += 9_999
    assert opened.poll() == Idle(1000)  # never a busy wait
    clock.now += 1
    assert opened.poll().position == 2
    clock.now += 60_000_000
    assert [opened.poll().position for _ in range(2)] == [5, 6]
    assert isinstance(opened.poll(), End)


def test_live_pace_starts_anew_where_a_run_resumes() -> None:
    clock = ManualClock()
    source = Nexmark(rate=100, live=True, clock=clock, shards=2)
    opened = reader(source, "1", position=60)
    assert opened.poll().position == 61
    clock.now += 390_000
    assert opened.poll().position == 150  # 61 to 99, and then it is the turn of the other shard
    assert opened.poll() == Idle(510_000)


def test_a_rate_that_does_not_divide_a_second_is_rounded() -> None:
    assert Nexmark(rate=30_000).clockwork.inter_event_us == 33
    assert Nexmark(rate=700_000).clockwork.inter_event_us == 1
    assert Nexmark(rate=10, inter_event_us=7).clockwork.inter_event_us == 7


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"events": -1}, "nexmark events -1 is out of range: it must be at least 0"),
        ({"rate": 0}, "nexmark rate 0 is out of range: it must be from 1 to 1,000,000"),
        ({"inter_event_us": 0}, "nexmark inter_event_us 0 is out of range: it must be from 1 to 600,000,000"),
        ({"group": 0}, "nexmark group 0 is out of range: it must be from 1 to 1,000,000,000"),
        ({"start": -3}, "nexmark start -3 is out of range: it must be at least 0"),
        ({"shards": 0}, "nexmark shards 0 is out of range: it must be from 1 to 1,024"),
        ({"batch": 0}, "nexmark batch 0 is out of range: it must be from 1 to 1,048,576"),
        (
            {"group": 1906},
            (
                "nexmark group 1906 is a multiple of 953, which would repeat events\n"
                "hint: choose a group that 953 does not divide, such as 1907"
            ),
        ),
        (
            {"only": "bids"},
            (
                "nexmark only 'bids' is not a kind of event; kinds: person, auction, bid\n"
                "hint: did you mean 'bid'?"
            ),
        ),
        ({"only": ()}, "nexmark only names no kind of event; kinds: person, auction, bid"),
        (
            {"start": 10**19},
            (
                "nexmark base 1436918400000 with any number of events from 10000000000000000000 on gives "
                "times outside of the years 1 to 9999"
            ),
        ),
        (
            {"events": 5, "base": -(10**14)},
            (
                "nexmark base -100000000000000 with 5 events from 0 on gives times "
                "outside of the years 1 to 9999"
            ),
        ),
    ],
)
def test_options_out_of_range(options, message) -> None:
    with pytest.raises(PipelineError) as caught:
        Nexmark(**options)
    assert "test_nexmark_source.py:" in str(caught.value)
    assert str(caught.value).endswith(f": {message}")


def test_opening_what_is_not_there() -> None:
    source = Nexmark(events=10, start=3, shards=2)
    with pytest.raises(ConnectorError) as caught:
        reader(source, "2")
    assert str(caught.value) == (
        "nexmark(10 events): split '2' does not exist; nexmark has the splits 0 to 1"
    )
    for position in (2, "x"):
        with pytest.raises(ConnectorError) as caught:
            reader(source, position=position)
        assert (
            str(caught.value) == f"nexmark(10 events): position {position!r} is not an event number from 3 on"
        )
    with pytest.raises(UnknownField, match="field 'prize' does not exist"):
        reader(source, fields=("prize",))


def test_it_is_a_declaration() -> None:
    assert Nexmark(events=5) == Nexmark(events=5)
    assert hash(Nexmark(only=("bid", "person"))) == hash(Nexmark(only=("bid", "person")))
    assert Nexmark(only="bid").declared_schema().field("date_time").type == pa.timestamp("ms", "UTC")
    assert np.diff(Nexmark().clockwork.timestamps(np.array([0, 10_000]))).tolist() == [1000]
