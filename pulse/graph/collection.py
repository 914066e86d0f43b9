"""What is known of a collection when the graph is built: its type and its place in time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import pyarrow as pa

from pulse.errors import TypeMismatch, UnknownField
from pulse.model.expressions.tree import Column
from pulse.model.schema import type_name, widen
from pulse.model.windows import Global, Windowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.expressions import Expr

Fields: TypeAlias = frozenset[str] | None
"""A set of field names; None stands for all of them, known or not."""


def union(a: Fields, b: Fields) -> Fields:
    """Return the fields in either; all when either is all.

    Example:
        >>> sorted(union(frozenset({"a"}), frozenset({"b"}))), union(None, frozenset()) is None
        (['a', 'b'], True)
    """
    return None if a is None or b is None else a | b


def passed_field(expr: Expr) -> str | None:
    """Return the field that an expression hands on unchanged; None when it computes something.

    Example:
        >>> from pulse.model.expressions import col
        >>> passed_field(col("a").alias("b")), passed_field(col("a") + 1)
        ('a', None)
    """
    return expr.node.name if isinstance(expr.node, Column) else None


def widen_schemas(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the schema that can hold the records of all: every field of any, types widened.

    Raises:
        TypeMismatch: when one field has types that no type holds.

    Example:
        >>> a, b = pa.schema([("n", pa.int64())]), pa.schema([("n", pa.float64()), ("w", pa.string())])
        >>> widen_schemas([a, b]).types
        [DataType(double), DataType(string)]
    """
    fields: dict[str, pa.DataType] = {}
    for schema in schemas:
        for found in schema:
            before = fields.get(found.name)
            wide = found.type if before is None else widen(before, found.type)
            if wide is None:
                raise TypeMismatch(
                    f"field {found.name!r} is {type_name(before)} in one collection and "  # type: ignore[arg-type]
                    f"{type_name(found.type)} in another",
                    hint="cast one of them, for instance WithColumns(x=col('x').cast('string'))",
                )
            fields[found.name] = wide
    return pa.schema(list(fields.items()))


@dataclass(frozen=True)
class CollectionType:
    """The static properties of a collection.

    Args:
        schema: its fields; None when the records are any objects (untyped) or the schema is pending.
        pending: the schema is still to be found by looking at the source.
        bounded: whether it ends.
        timed: whether its records have event times.
        late_possible: whether a record can be behind the watermark; never with ``end_only``.
        keys: the key fields after ``KeyBy``; None when unkeyed.
        windowing: the window declared for it.
        grouped: whether records carry a window, given by a grouping.
    """

    schema: pa.Schema | None
    pending: bool = False
    bounded: bool = True
    timed: bool = True
    late_possible: bool = False
    keys: tuple[str, ...] | None = None
    windowing: Windowing = Windowing.DEFAULT
    grouped: bool = False

    @property
    def typed(self) -> bool:
        """Whether the fields are known now."""
        return self.schema is not None

    @property
    def never_fires(self) -> bool:
        """Whether a grouping of it would wait for the end of time: its window has no other end."""
        trigger = self.windowing.trigger
        speculates = trigger is not None and trigger.speculates
        return isinstance(self.windowing.window, Global) and not self.bounded and not speculates

    def check_fields(self, names: frozenset[str]) -> None:
        """Raise ``UnknownField`` for a name that a known schema does not have."""
        if self.schema is None:
            return
        for name in sorted(names):
            if name not in self.schema.names:
                raise UnknownField.of(name, self.schema.names)

    def with_schema(self, schema: pa.Schema | None) -> CollectionType:
        """Return the same collection with other fields; keys that are gone are forgotten."""
        keys = self.keys
        if keys is not None and schema is not None and not set(keys) <= set(schema.names):
            keys = None
        return replace(self, schema=schema, keys=keys)
