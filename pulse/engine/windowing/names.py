"""Names of the columns that an aggregation works on, such that no field of a record has one."""

from __future__ import annotations

TIME = "__time"
"""The hidden aggregate that gives a result its event time, when that is not the window's end."""

RECORD = "__record"
"""A column of nulls, so that records of which nothing is read are still counted."""


def key_column(field: str) -> str:
    """Return the name that a key field has among partial aggregates.

    Example:
        >>> key_column("word")
        'key word'
    """
    return f"key {field}"
