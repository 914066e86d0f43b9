"""The schema that the first records show."""

from __future__ import annotations

import logging
from collections import Counter
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
from pyarrow import types

from pulse.errors import ConnectorError, PulseError, cut
from pulse.io.jsonl.lines import may_hold_long_integers, split
from pulse.io.jsonl.reasons import parse_exactly, why_malformed
from pulse.model.schema import type_of, widen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pulse.io.base import Block

logger = logging.getLogger(__name__)

_INT64 = 2**63
_SHAPES = 200
"""Different types of one field that are looked at: objects used as maps have no end of them."""


def sniff(blocks: Iterable[Block], where: str) -> pa.Schema:
    """Return the schema of the first records; the same bytes always give the same.

    Integers widen to double and null to anything. Where a field has values that no one type holds, the type
    of most of them counts (of the first among equals); the others will be bad records. A field that is
    always null is taken for a string, and one whose values have no type for what their text is: a string.
    No line, or records without fields, give a schema without fields.

    Args:
        blocks: the first blocks, whose payload is ``Text``.
        where: the source, for messages.

    Raises:
        ConnectorError: when there are lines, but not one is a record; it quotes the first reason.
    """
    values: dict[str, list[Any]] = {}
    refused: ConnectorError | None = None
    count = 0
    for block in blocks:
        lines, _, others = split(block.payload.data)
        bad = others[:1]
        for index, text in enumerate(lines.texts):
            try:
                record = _exact(text)
            except orjson.JSONDecodeError:
                bad.append((int(lines.numbers[index]), text))  # decoding will report it
                continue
            count += 1
            for name, value in record.items():
                values.setdefault(name, []).append(value)
        if bad and refused is None:
            refused = _no_record(block, *min(bad), where)
    if refused is not None and not count:
        raise refused
    nulls = [name for name, found in values.items() if not any(value is not None for value in found)]
    if nulls:
        logger.warning(
            "%s: field %s is null in every record of its first MiB and is taken for a string; declare its "
            "type in schema if it is another",
            where,
            ", ".join(map(repr, nulls)),
        )
    return pa.schema([(name, _field_type(found)) for name, found in values.items()])


def _exact(text: bytes) -> Any:
    """Parse a line; integers of any size stay integers."""
    record = orjson.loads(text)
    if may_hold_long_integers(text):
        record = parse_exactly(text)
    return record


def _no_record(block: Block, number: int, text: bytes, where: str) -> ConnectorError:
    place = f"{block.origin}:{(block.first or 0) + number}"
    return ConnectorError(
        f"the schema of {where} can't be sniffed, because no line in its first MiB is a record; "
        f"this line is not, for it is {cut(repr(text.decode(errors='replace')), 60)}: "
        f"{why_malformed(text) or 'not a JSON object'}",
        hint="is it JSON lines, one object per line? kind or format names another kind of file",
        where=place,
    )


def _field_type(values: list[Any]) -> pa.DataType:
    kinds = frozenset(map(type, values)) - {type(None)}
    if kinds in _QUICK:
        return _QUICK[kinds]
    classes: list[tuple[pa.DataType, int]] = []  # types that widen into one, and how many values have them
    for kind, count in list(Counter(filter(None, map(_type, values))).items())[:_SHAPES]:
        for at, (joined, votes) in enumerate(classes):
            wider = widen(joined, kind)
            if wider is not None:
                classes[at] = (wider, votes + count)
                break
        else:
            classes.append((kind, count))
    best = max(classes, key=itemgetter(1), default=(pa.string(), 0))
    return _without_nulls(best[0])


_QUICK: dict[frozenset[type], pa.DataType] = {
    frozenset(): pa.string(),
    frozenset({int}): pa.int64(),
    frozenset({float}): pa.float64(),
    frozenset({int, float}): pa.float64(),
    frozenset({str}): pa.string(),
    frozenset({bool}): pa.bool_(),
}


def _type(value: Any) -> pa.DataType | None:
    """Return the type of a value; None for null and for what no type holds."""
    if value is None or (type(value) is int and not -_INT64 <= value < _INT64):
        return None
    try:
        return type_of(value)
    except PulseError:
        return None


def _without_nulls(kind: pa.DataType) -> pa.DataType:
    """Replace the type of what is always null by string."""
    if types.is_null(kind):
        return pa.string()
    if types.is_list(kind):
        return pa.list_(_without_nulls(kind.value_type))
    if types.is_struct(kind):
        parts = [kind.field(index) for index in range(kind.num_fields)]
        return pa.struct([(part.name, _without_nulls(part.type)) for part in parts])
    return kind
