"""Comparing records, and showing how they differ as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from pulse.errors import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Side: TypeAlias = Literal["missing", "unexpected"]

MOST_SHOWN = 20
"""A table of differences has at most this many rows."""

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
    """Return differences as a table with a column per field.

    Example:
        >>> print(table([("missing", {"k": "a", "n": 2}), ("unexpected", {"k": "a", "n": 3})]))
                    k    n
        missing     'a'  2
        unexpected  'a'  3
    """
    shown = rows[:MOST_SHOWN]
    names = list(dict.fromkeys(n for _, r in shown if isinstance(r, Mapping) for n in r))
    lines = [["", *map(str, names)]] if names else []
    for side, record in shown:
        if isinstance(record, Mapping):
            lines.append([side, *(cut(repr(record[name]), 40) if name in record else "" for name in names)])
        else:
            lines.append([side, cut(repr(record))])
    widths = [max(len(line[i]) for line in lines if i < len(line)) for i in range(max(map(len, lines)))]
    text = ["  ".join(c.ljust(w) for c, w in zip(line, widths, strict=False)).rstrip() for line in lines]
    if len(rows) > MOST_SHOWN:
        text.append(f"and {len(rows) - MOST_SHOWN} more")
    return "\n".join(text)
