"""Rows of any shape from JSON lines: the dicts as they are.

Rows of a schema are built from columns instead, which is as fast and gives both layouts the same records.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from pulse.io.jsonl.reasons import Pairs, parse_exactly, why_malformed

if TYPE_CHECKING:
    from pulse.io.jsonl.lines import Lines

_QUOTE, _LAST_SPACE = b'" '
_SPACED_COLON = re.compile(rb'"[ \t\r]+:')


def load_any(lines: Lines) -> tuple[list[dict[str, Any]], list[int], list[tuple[int, str]]]:
    """Parse lines to dicts of any shape.

    Returns:
        The rows, the index of the line of each, and index and reason of the lines that are not records.
    """
    rows: list[dict[str, Any]] = []
    kept: list[int] = []
    bad: list[tuple[int, str]] = []
    try:
        rows = list(map(orjson.loads, lines.texts))
        kept = list(range(lines.count))
    except orjson.JSONDecodeError:
        for index, text in enumerate(lines.texts):
            try:
                rows.append(orjson.loads(text))
                kept.append(index)
            except orjson.JSONDecodeError:
                bad.append((index, why_malformed(text) or "not valid JSON"))
    if _has_no_twins(lines.data, rows) and not bad:
        return rows, kept, bad
    twins = {
        index: name for index, row in zip(kept, rows, strict=True) if (name := _twin(lines.texts[index], row))
    }
    bad += [(index, f"field {name!r} stands twice") for index, name in twins.items()]
    singles = [(row, index) for row, index in zip(rows, kept, strict=True) if index not in twins]
    return [row for row, _ in singles], [index for _, index in singles], sorted(bad)


def _has_no_twins(data: bytes, rows: list[dict[str, Any]]) -> bool:
    """Return whether surely no object has a name twice: as many names were kept as stand in the text."""
    return data.count(b'":') == sum(map(len, rows)) and not _has_spaced_colon(data)


def _has_spaced_colon(data: bytes) -> bool:
    codes = np.frombuffer(data, np.uint8)
    suspicious = ((codes[:-1] == _QUOTE) & (codes[1:] <= _LAST_SPACE)).any()
    return bool(suspicious) and _SPACED_COLON.search(data) is not None


def _twin(text: bytes, row: dict[str, Any]) -> str | None:
    """Return a name that stands twice in an object or in one inside of it."""
    if text.count(b'":') == _names(row) and not _has_spaced_colon(text):
        return None
    parts = [parse_exactly(text)]
    for part in parts:  # grows while it is walked
        if isinstance(part, Pairs) and part.twice:
            return part.twice[0]
        parts += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return None


def _names(row: dict[str, Any]) -> int:
    """Count the names of an object and of those inside of it."""
    count = 0
    parts: list[Any] = [row]
    for part in parts:  # grows while it is walked
        if isinstance(part, dict):
            count += len(part)
            parts += [each for each in part.values() if isinstance(each, dict | list)]
        else:
            parts += [each for each in part if isinstance(each, dict | list)]
    return count
