from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulse.io.nexmark import model
from pulse.io.nexmark.generator import generate
from pulse.io.nexmark.java_random import JavaRandom
from pulse.io.nexmark.model import COLUMNS, KINDS, Clockwork

BEAM = Clockwork(base=1528098831026, inter_event_us=10_000)
ORDER = {
    "person": "kind date_time id name email credit_card city state extra",
    "auction": "kind date_time id item_name description initial_bid reserve expires seller category extra",
    "bid": "kind date_time auction bidder price channel url extra",
}


def whole(clockwork: Clockwork, start: int, count: int) -> pa.RecordBatch:
    return generate(clockwork, np.arange(start, start + count), kinds=KINDS, fields=tuple(COLUMNS)).batch


def plain(batch: pa.RecordBatch) -> list[dict[str, object]]:
    """Records with moments as milliseconds and without the fields that their kind lacks."""
    columns = [c.cast(pa.int64()) if pa.types.is_timestamp(c.type) else c for c in batch.columns]
    rows = pa.RecordBatch.from_arrays(columns, names=batch.schema.names).to_pylist()
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def test_the_published_events() -> None:
    events = plain(whole(BEAM, 0, 5))
    person, auction, bid = events[0], events[1], events[4]
    assert [person[name] for name in ORDER["person"].split()[:-1]] == [
        *("person", 1528098831026, 1000, "Peter Jones", "nhd@xcat.com", "7241 7320 9143 4888"),
        *("Portland", "WY"),
    ]
    assert person["extra"].startswith("WN_HS_bnpkkiwhwana_L^`KZjdgsid`K]MLU[aaOH`z")
    assert {**auction, "description": "", "extra": ""} == {
        "kind": "auction",
        "date_time": 1528098831036,
        "id": 1000,
        "item_name": "wkx mgee",
        "description": "",
        "initial_bid": 28873,
        "reserve": 29448,
        "expires": 1528098840451,
        "seller": 1000,
        "category": 13,
        "extra": "",
    }
    assert (bid["auction"], bid["bidder"], bid["price"]) == (1000, 1001, 32530001)


@pytest.mark.parametrize(
    ("clockwork", "start", "digest"),
    [
        (BEAM, 0, "201ab3834ae3d1ce66731182eca77c583691827c73c4ddab230fb9ad73b46c29"),
        (
            Clockwork(group=1000),
            10**12,
            "ab8f972803301f8f1f995cf93a409f52ada7128bc83b7f0878b23ad6fdb1431e",
        ),
    ],
)
def test_the_events_of_a_generator_on_the_jdk(clockwork, start, digest) -> None:
    """A Java program of the same model, on OpenJDK 17, printed these 5,000 events, a line each."""
    lines = (
        "|".join(str(event[name]) for name in ORDER[event["kind"]].split()) + "\n"
        for event in plain(whole(clockwork, start, 5000))
    )
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == digest


@pytest.mark.parametrize(
    ("clockwork", "start", "count"),
    [
        (BEAM, 0, 3000),
        (Clockwork(), 49_000, 3000),  # active persons stop growing
        (Clockwork(inter_event_us=33, group=7), 1234, 1500),
        (Clockwork(inter_event_us=1, group=100), 4990, 1500),
        (Clockwork(base=-5000, inter_event_us=600_000_000, group=3), 17, 1500),
        (Clockwork(inter_event_us=777, group=952), 10**13 + 3, 1500),
    ],
)
def test_the_same_as_one_by_one(clockwork, start, count, scalar_generator) -> None:
    one_by_one = scalar_generator(clockwork.base, clockwork.inter_event_us, clockwork.group)
    for number, event in enumerate(plain(whole(clockwork, start, count)), start):
        assert event == one_by_one.event(number), number


def test_times_and_watermarks(scalar_generator) -> None:
    clockwork = Clockwork(inter_event_us=333, group=11)
    one_by_one = scalar_generator(inter_event_us=333, group=11)
    events = generate(clockwork, np.arange(100, 200), kinds=KINDS, fields=())
    assert events.times.tolist() == [one_by_one.event(n)["date_time"] * 1000 for n in range(100, 200)]
    for number in range(100, 200):
        assert clockwork.watermark(number) == one_by_one.watermark(number) * 1000


def test_a_group_is_shuffled_in_itself() -> None:
    ids = Clockwork(group=100).ids(np.arange(300))
    assert sorted(ids.tolist()) == list(range(300))
    assert (ids // 100 == np.arange(300) // 100).all()
    assert (np.diff(ids) < 0).any()


def test_prices_next_to_a_half() -> None:
    """The first draw of these seeds, of forty million, comes nearest to where rounding turns."""
    seeds = np.array([20341395, 33900635, 27725806, 9826890, 11253089, 5755335])
    assert model.price(JavaRandom(seeds)).tolist() == [3054501, 74418873, 147143, 3974060, 1029524, 211]


@pytest.mark.parametrize("field", list(COLUMNS))
def test_one_field_is_that_column_of_all(field) -> None:
    clockwork = Clockwork(group=20)
    alone = generate(clockwork, np.arange(500, 1500), kinds=KINDS, fields=(field,)).batch
    assert alone.schema.names == [field]
    assert alone.column(0).equals(whole(clockwork, 500, 1000).column(field))


@settings(max_examples=30, deadline=None)
@given(
    fields=st.lists(st.sampled_from(list(COLUMNS)), unique=True),
    kinds=st.sets(st.sampled_from(KINDS), min_size=1),
    group=st.sampled_from([1, 3, 50]),
    start=st.integers(0, 10**9),
    count=st.integers(0, 200),
)
def test_a_choice_of_fields_and_kinds_is_a_cut_of_all(fields, kinds, group, start, count) -> None:
    clockwork = Clockwork(group=group)
    fields = [name for name in fields if set(COLUMNS[name][1]) & kinds]
    events = generate(clockwork, np.arange(start, start + count), kinds=tuple(kinds), fields=fields)
    everything = whole(clockwork, start, count)
    keep = np.flatnonzero([kind in kinds for kind in everything.column("kind").to_pylist()])
    assert events.batch.equals(everything.take(pa.array(keep, pa.int64())).select(fields))
    assert events.batch.num_rows == len(events.times) == len(events.numbers)
    assert events.numbers.tolist() == (keep + start).tolist()
    events.batch.validate(full=True)


def test_the_columns_have_the_types_of_the_schema() -> None:
    assert whole(Clockwork(), 0, 100).schema == model.schema(KINDS)
    for kind in KINDS:
        schema = model.schema((kind,))
        batch = generate(Clockwork(), np.arange(100), kinds=(kind,), fields=schema.names).batch
        assert batch.schema == schema
        assert sorted(schema.names) == sorted(ORDER[kind].split())
        assert not any(column.null_count for column in batch.columns)
