import json
import math
from contextlib import suppress
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulse.errors import StateError
from pulse.state.values import from_bytes, to_bytes, to_plain

zones = st.none() | st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)
hashable = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(),
    st.decimals(allow_nan=False), st.dates(), st.times(timezones=zones), st.datetimes(timezones=zones),
    st.timedeltas(), st.uuids(),
)  # fmt: skip
plain = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(hashable, max_size=4)
        | st.frozensets(hashable, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
    ),
    max_leaves=10,
)


@given(plain)
def test_a_value_comes_back_with_its_types(value):
    found = from_bytes(to_bytes(value, "v"))
    assert found == value
    assert type(found) is type(value)
    if isinstance(value, dict):
        assert list(found) == list(value)
    json.loads(to_bytes(value, "v"))


def test_types_inside_stay_apart():
    value = [True, 1, 1.0, (1,), [1], -0.0, 2**70]
    assert repr(from_bytes(to_bytes(value, "v"))) == repr(value)
    assert math.isnan(from_bytes(to_bytes(math.nan, "v")))


@given(st.binary(max_size=30) | st.text(max_size=30).map(str.encode))
def test_any_bytes_are_a_value_or_a_clear_error(data):
    with suppress(StateError):
        from_bytes(data)


def test_other_objects_are_refused():
    class Mine:
        pass

    with pytest.raises(
        StateError, match=r"^state 'x' holds a .*Mine, which cannot be saved in a checkpoint\nhint: let"
    ):
        to_plain([Mine()], "state 'x'")
    with pytest.raises(
        StateError,
        match=r"^state 'x' holds data that cannot be saved in a checkpoint: str is not valid UTF-8",
    ):
        to_bytes("\ud800", "state 'x'")
    deep = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(StateError, match=r"cannot be saved in a checkpoint: Recursion limit reached"):
        to_bytes(deep, "state 'x'")
    with pytest.raises(
        StateError,
        match=r"^bytes b'\{\"what\":1\}' are not a saved value \(KeyError: 'what'\)\nhint: the state was damaged",
    ):
        from_bytes(b'{"what":1}')
