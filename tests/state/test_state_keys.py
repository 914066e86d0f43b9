import struct
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.errors import StateError
from pulse.state.keys import decode_key, encode_key
from pulse.state.kv.base import after_prefix

zones = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
kinds = {
    "bool": st.booleans(),
    "int": st.integers(-(2**64) + 1, 2**64 - 1) | st.integers(-300, 300),
    "float": st.floats(allow_nan=False),
    "Decimal": st.decimals(allow_nan=False) | st.decimals(-20, 20, places=2),
    "str": st.text(st.characters(exclude_categories=()) | st.sampled_from("\0\x01\xff")),
    "bytes": st.binary() | st.lists(st.sampled_from([b"\0", b"\x01", b"\xff"])).map(b"".join),
    "date": st.dates(),
    "datetime": st.datetimes(),
    "datetime with a zone": st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones),
    "time": st.times(),
    "timedelta": st.timedeltas(),
    "UUID": st.uuids(),
}
flat = st.none() | st.one_of(*kinds.values())
nested = st.recursive(flat, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)
keys = st.lists(nested, max_size=4).map(tuple)
pairs = st.sampled_from(sorted(kinds)).flatmap(lambda kind: st.tuples(kinds[kind], kinds[kind]))


@given(keys)
def test_a_key_comes_back(key):
    found = decode_key(encode_key(key))
    assert found == key
    assert repr(type_tree(found)) == repr(type_tree(key))


def type_tree(value):
    return [type_tree(each) for each in value] if isinstance(value, tuple) else type(value)


@given(pairs)
def test_bytes_are_in_the_order_of_the_values(pair):
    one, two = pair
    left, right = encode_key((one,)), encode_key((two,))
    assert (left < right, left == right) == (one < two, one == two)
    nested_left, nested_right = encode_key(((one, one), "x")), encode_key(((one, two), "a"))
    assert (nested_left < nested_right) == (((one, one), "x") < ((one, two), "a"))


@given(nested, nested)
def test_no_value_starts_another(one, two):
    left, right = encode_key((one,)), encode_key((two,))
    assert left == right or not (left.startswith(right) or right.startswith(left))


@given(keys, keys)
def test_a_tuple_starts_just_the_longer_ones(one, two):
    left, right = encode_key(one), encode_key(two)
    begins = [encode_key((each,)) for each in two[: len(one)]] == [encode_key((each,)) for each in one]
    assert right.startswith(left) == begins
    end = after_prefix(left)
    assert (left <= right and (end is None or right < end)) == begins


@given(st.binary(max_size=40))
def test_any_bytes_are_a_key_or_a_clear_error(data):
    with suppress(StateError):
        decode_key(data)


def test_equal_values_have_equal_bytes():
    noon = datetime(2024, 5, 1, 12, tzinfo=UTC)
    nan = struct.unpack(">d", b"\xff\xf8\0\0\0\0\0\1")[0]
    for one, two in [
        (0.0, -0.0),
        (float("nan"), nan),
        (Decimal("1.00"), Decimal(1)),
        (Decimal("1E+2"), Decimal(100)),
        (Decimal("-0"), Decimal("0.000")),
        (noon, noon.astimezone(timezone(timedelta(hours=5, minutes=30)))),
    ]:
        assert encode_key((one,)) == encode_key((two,))
    assert len({encode_key((each,)) for each in (1, 1.0, True, "1", b"1", Decimal(1))}) == 6


def test_special_numbers_stand_at_the_ends():
    nan, inf = float("nan"), float("inf")
    floats = [encode_key((each,)) for each in (-inf, -1e308, -5e-324, 0.0, 5e-324, 1e308, inf, nan)]
    assert floats == sorted(floats)
    texts = [
        "-Infinity",
        "-1E+999",
        "-2",
        "-1.5",
        "-1E-999",
        "0",
        "1E-999",
        "1.5",
        "15",
        "1E+999",
        "Infinity",
        "NaN",
    ]
    decimals = [encode_key((Decimal(each),)) for each in texts]
    assert decimals == sorted(decimals)
    assert (
        repr(decode_key(encode_key((Decimal("NaN"), nan, Decimal("1.50E+3")))))
        == "(Decimal('NaN'), nan, Decimal('1500'))"
    )


def test_the_layout_is_as_documented():
    key = (
        None, False, True, 0, 1, -1, 256, -256, 1.0, -1.0, "a\0", b"\0", Decimal("-1.5"), date(1, 1, 1),
        datetime(1970, 1, 1, 0, 0, 0, 1), datetime(1970, 1, 1, tzinfo=UTC), time(0, 0, 1), timedelta(days=-1), UUID(int=1), (1,),
    )  # fmt: skip
    parts = [
        "01", "02", "03", "10", "1101", "0ffe", "120100", "0efeff", "20bff0000000000000", "20400fffffffffffff",
        "306100ff0001", "3100ff0001", "28027ffffffffffffffececaff", "3800000001", "398000000000000001",
        "3a8000000000000000", "3b00000000000f4240", "3c7fffffff0000000000000000", "40" + "00" * 15 + "01", "48110100",
    ]  # fmt: skip
    assert encode_key(key).hex(" ") == bytes.fromhex("".join(parts)).hex(" ")


def test_what_has_no_order_is_refused():
    with pytest.raises(
        StateError, match=r"^a key holds a builtins.list, which has no order as bytes\nhint: make keys of"
    ):
        encode_key(("a", [1]))
    with pytest.raises(
        StateError, match=r"^the key 18446744073709551616 takes more than 8 bytes\nhint: use its text"
    ):
        encode_key((2**64,))
    with pytest.raises(
        StateError, match=r"^the key .* is a time of day with a zone, which has no order\nhint: drop the zone"
    ):
        encode_key((time(1, tzinfo=UTC),))


@pytest.mark.parametrize(
    "data", ["ff", "11", "3061", "2001", "48", "2807", "2804", "4048" * 3, "00", "3900", "30ff0001"]
)
def test_damaged_keys_are_named(data):
    with pytest.raises(StateError, match=rf"^bytes {data} are not a key: .*\nhint: the state was damaged"):
        decode_key(bytes.fromhex(data))
