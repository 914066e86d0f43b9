"""Tables of differences: what differs must be seen in them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pulse.testing import assert_that, equal_to
from pulse.testing.compare import table


def wide(**changed):
    return {f"f{i}": i for i in range(15)} | changed


def test_the_fields_of_a_record_in_a_record_are_columns():
    at = datetime(2024, 5, 1, 12, tzinfo=UTC)
    lines = table(
        [
            ("missing", {"record": {"user": "a", "at": at, "in": {"n": 1}}, "timing": "late"}),
            ("unexpected", {"record": {"user": "a", "at": at, "in": {"n": 2}}, "timing": "late"}),
        ]
    ).splitlines()
    assert lines[0].split() == ["record.user", "record.at", "record.in.n", "timing"]
    assert lines[1].split() == ["missing", "'a'", "2024-05-01T12:00:00+00:00", "1", "'late'"]
    assert lines[2].split() == ["unexpected", "'a'", "2024-05-01T12:00:00+00:00", "2", "'late'"]


def test_of_many_fields_those_that_differ_are_shown():
    assert table([("missing", wide(f3=7)), ("unexpected", wide())]).splitlines() == [
        "            f3",
        "missing     7",
        "unexpected  3",
        "the same in all: f0, f1, f2, f4, f5, f6, f7, f8, f9, f10, f11, f12, f13, f14",
    ]


def test_a_field_that_one_record_lacks_is_shown():
    short = wide()
    del short["f0"]
    assert table([("missing", short), ("unexpected", wide())]).splitlines()[0].split() == ["f0"]


def test_all_fields_of_a_single_record_are_shown():
    assert len(table([("missing", wide())]).splitlines()[0].split()) == 15


def test_records_that_are_no_dicts():
    assert table([("missing", date(2024, 5, 1)), ("unexpected", "x")]) == (
        "missing     2024-05-01\nunexpected  'x'"
    )


def test_an_assertion_shows_times_as_text():
    with pytest.raises(AssertionError, match="missing     2024-05-01T00:00:00"):
        assert_that([{"at": datetime(2024, 5, 2)}], equal_to([{"at": datetime(2024, 5, 1)}]))
