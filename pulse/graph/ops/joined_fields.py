"""The fields of joined records: which input each comes from, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
from pyarrow import types

from pulse.errors import PipelineError, TypeMismatch, UnknownField
from pulse.model.aggregates.types import decoded_type
from pulse.model.schema import is_key_type, is_text, type_name, widen

if TYPE_CHECKING:
    from collections.abc import Sequence

KEY = -1
"""The side of a key field: both inputs have it."""


class JoinedField(NamedTuple):
    """A field of a joined record.

    Args:
        name: its name there.
        side: the input it comes from, 0 or 1; ``KEY`` for a key field.
        field: its name in that input; of a key field, that in the left input.
        type: its type.
    """

    name: str
    side: int
    field: str
    type: pa.DataType


def key_types(
    on: Sequence[Sequence[str]], schemas: Sequence[pa.Schema], names: Sequence[str]
) -> tuple[pa.DataType, ...]:
    """Return the type in which each key is compared.

    Args:
        on: for each key, the field of each input that holds it.
        schemas: the schema of each input.
        names: what the inputs are called, for messages.

    Raises:
        UnknownField: when an input lacks a key field.
        TypeMismatch: when values of a field are no keys, or the types of a key differ.

    Example:
        >>> key_types([("a", "b")], [pa.schema([("a", "int32")]), pa.schema([("b", "int64")])], ["l", "r"])
        (DataType(int64),)
    """
    found: list[pa.DataType] = []
    for fields in on:
        kinds: list[pa.DataType] = []
        for field, schema, name in zip(fields, schemas, names, strict=True):
            if field not in schema.names:
                error = UnknownField.of(field, schema.names)
                error.message = f"key of input {name!r}: {error.message}"
                raise error
            kind = decoded_type(schema.field(field).type)
            if not is_key_type(kind):
                raise TypeMismatch(
                    f"key {field!r} of input {name!r} is {type_name(kind)}, which cannot be a key",
                    hint="keys are bool, integers, floats, strings, bytes, times, dates or decimals",
                )
            kinds.append(kind)
        kind = kinds[0]
        for other, field, name in zip(kinds[1:], fields[1:], names[1:], strict=True):
            common = _common(kind, other)
            if common is None:
                raise TypeMismatch(
                    f"key {fields[0]!r} of input {names[0]!r} is {type_name(kinds[0])}, but {field!r} of "
                    f"input {name!r} is {type_name(other)}",
                    hint=f"cast one of them before: WithColumns({field}=col({field!r}).cast("
                    f"{type_name(kinds[0])!r}))",
                )
            kind = common
        found.append(kind)
    return tuple(found)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType | None:
    """Return the type that holds both kinds of key exactly; None when equality would not be plain."""
    if one == other:
        return one
    for same in (types.is_integer, types.is_floating, is_text, types.is_null):
        if same(one) and same(other):
            return widen(one, other)
    return other if types.is_null(one) else one if types.is_null(other) else None


def joined_fields(
    schemas: Sequence[pa.Schema],
    on: Sequence[tuple[str, str]],
    suffixes: tuple[str, str],
    bounds: Sequence[tuple[str, pa.DataType]] = (),
) -> tuple[JoinedField, ...]:
    """Return the fields of joined records: keys under the left name, then the left's, then the right's.

    A name that both sides have gets the suffix of its side.

    Args:
        schemas: the schema of the left and the right input.
        on: the key fields, left and right.
        suffixes: what is put behind a name that both have, per side.
        bounds: window fields, which the result gets in place of the inputs' own.

    Raises:
        PipelineError: when two fields would have one name all the same.

    Example:
        >>> left = pa.schema([("k", "int64"), ("n", "int64")])
        >>> right = pa.schema([("k", "int64"), ("n", "string")])
        >>> [f.name for f in joined_fields([left, right], [("k", "k")], ("", "_right"))]
        ['k', 'n', 'n_right']
    """
    kinds = key_types(on, schemas, ("left", "right"))
    fields = [JoinedField(one, KEY, one, kind) for (one, _), kind in zip(on, kinds, strict=True)]
    keys = [{pair[side] for pair in on} for side in (0, 1)]
    shown = {name for name, _ in bounds}
    own = [
        [n for n in schema.names if n not in keys[side] and n not in shown]
        for side, schema in enumerate(schemas)
    ]
    for side, schema in enumerate(schemas):
        other = {*own[1 - side], *keys[0]}
        for name in own[side]:
            given = name + suffixes[side] if name in other else name
            fields.append(JoinedField(given, side, name, decoded_type(schema.field(name).type)))
    names = [name for name, *_ in fields]
    for name in names:
        if name in shown or names.count(name) > 1:
            raise PipelineError(
                f"two fields of the joined records would be called {name!r}",
                hint="choose other suffixes=(left, right), or rename one with Select before",
            )
    return tuple(fields)
