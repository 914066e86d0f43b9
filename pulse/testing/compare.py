"""Comparing records, and showing how they differ as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pulse.errors import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Side: TypeAlias = Literal["missing", "unexpected"]

MOST_SHOWN = 20
"""A table of differences has at most this many rows."""

MOST_COLUMNS = 12
"""A table with more columns leaves out those that are the same in every row."""

_DIGITS = 9
"""Floats are compared to this many significant digits: sums depend on their order beyond that."""


def canonical(value: Any) -> Any:
    """Return something hashable that is equal for records that are equal, floats up to rounding.

    Example:
        >>> canonical({"b": 0.1 + 0.2, "a": [1]}) == canonical({"a": (1,), "b": 0.3})
        True
        >>> canonical(1.0) == canonical(1), canonical(True) == canonical(1)
        (True, False)
    """
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else f"{value:.{_DIGITS - 1}e}"
    if isinstance(value, Mapping):
        return ("map", frozenset((canonical(key), canonical(each)) for key, each in value.items()))
    if isinstance(value, list | tuple | set | frozenset):
        kind = tuple if isinstance(value, list | tuple) else frozenset
        return (kind, kind(canonical(each) for each in value))
    try:
        hash(value)
    except TypeError:
        return ("repr", repr(value))
    return value


def differences(actual: Iterable[Any], expected: Iterable[Any]) -> list[tuple[Side, Any]]:
    """Return the records that are in one but not the other, as often as that is so, in any order.

    Example:
        >>> differences([1, 2, 2], [2, 3])
        [('missing', 3), ('unexpected', 1), ('unexpected', 2)]
    """
    actual, expected = list(actual), list(expected)
    found = Counter(map(canonical, actual))
    missing: list[tuple[Side, Any]] = []
    for record in expected:
        key = canonical(record)
        if found[key]:
            found[key] -= 1
        else:
            missing.append(("missing", record))
    unexpected: list[tuple[Side, Any]] = []
    for record in reversed(actual):
        key = canonical(record)
        if found[key]:
            found[key] -= 1
            unexpected.append(("unexpected", record))
    return missing + unexpected[::-1]


def table(rows: Sequence[tuple[Side, Any]]) -> str:
    """Return differences as a table with a column per field; those of a field that holds a dict as well.

    With more than a dozen columns, those that are the same in every row are left out, and named below.

    Example:
        >>> print(table([("missing", {"k": "a", "n": 2}), ("unexpected", {"k": "a", "n": 3})]))
                    k    n
        missing     'a'  2
        unexpected  'a'  3
        >>> print(table([("missing", {"record": {"k": "a"}, "time": 5})]))
                 record.k  time
        missing  'a'       5
    """
    shown = [(side, _spread(record)) for side, record in rows[:MOST_SHOWN]]
    names = list(dict.fromkeys(n for _, r in shown if isinstance(r, Mapping) for n in r))
    same: list[str] = []
    if len(names) > MOST_COLUMNS and len(shown) > 1:
        same = [name for name in names if _is_same(name, [record for _, record in shown])]
        names = [name for name in names if name not in same]
    lines = [["", *names]] if names else []
    for side, record in shown:
        if isinstance(record, Mapping):
            lines.append([side, *(_text(record[name], 60) if name in record else "" for name in names)])
        else:
            lines.append([side, _text(record)])
    widths = [max(len(line[i]) for line in lines if i < len(line)) for i in range(max(map(len, lines)))]
    text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=False)).rstrip() for line in lines]
    if same:
        text.append(f"the same in all: {', '.join(same)}")
    if len(rows) > MOST_SHOWN:
        text.append(f"and {len(rows) - MOST_SHOWN} more")
    return "\n".join(text)


def _spread(value: Any) -> Any:
    """Return a record with the fields of the dicts in it beside its own, under dotted names."""
    if not isinstance(value, Mapping):
        return value
    spread: dict[str, Any] = {}
    for name, each in value.items():
        if isinstance(each, Mapping) and each:
            spread.update({f"{name}.{inner}": found for inner, found in _spread(each).items()})
        else:
            spread[str(name)] = each
    return spread


def _is_same(name: str, records: Sequence[Any]) -> bool:
    """Return whether all records have a field, with one value."""
    if not all(isinstance(record, Mapping) and name in record for record in records):
        return False
    return len({canonical(record[name]) for record in records}) == 1


def _text(value: Any, length: int = 200) -> str:
    """Return a value for a table: times as ISO 8601 text, anything else as Python writes it."""
    return value.isoformat() if isinstance(value, date | time) else cut(repr(value), length)
