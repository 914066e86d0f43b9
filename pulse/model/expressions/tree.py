"""The tree of an expression: three kinds of immutable node, compared and hashed by structure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from pulse.model.expressions.literals import Scalar

Option: TypeAlias = "bool | int | str | pa.DataType | None"
"""A constant that steers a function: a pattern, a number of digits, a type name."""


@dataclass(frozen=True, slots=True)
class Column:
    """A field of the record."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant with its type; ``1``, ``1.0`` and ``True`` differ, and nan is the same as nan."""

    value: Scalar
    type: pa.DataType

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[pa.DataType, str]:
        return self.type, repr(self.value)


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the table ``FUNCTIONS`` applied to arguments.

    Args:
        function: its name in the table.
        arguments: the nodes it is applied to.
        options: the constants that steer it.
    """

    function: str
    arguments: tuple[Node, ...]
    options: tuple[Option, ...] = ()


Node: TypeAlias = Column | Literal | Call


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all below it, parents first.

    Example:
        >>> [type(n).__name__ for n in walk(Call("abs", (Column("a"),)))]
        ['Call', 'Column']
    """
    yield node
    if isinstance(node, Call):
        for argument in node.arguments:
            yield from walk(argument)


def substitute(node: Node, mapping: Mapping[str, Node]) -> Node:
    """Return the tree with columns replaced by other trees; columns not in the mapping stay.

    Example:
        >>> substitute(Call("abs", (Column("a"),)), {"a": Column("b")})
        Call(function='abs', arguments=(Column(name='b'),), options=())
    """
    if isinstance(node, Column):
        return mapping.get(node.name, node)
    if isinstance(node, Literal):
        return node
    arguments = tuple(substitute(argument, mapping) for argument in node.arguments)
    return node if arguments == node.arguments else Call(node.function, arguments, node.options)
