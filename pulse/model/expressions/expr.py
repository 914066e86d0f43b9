"""The expression that people write: operators and methods that build a tree, and what can be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from pulse.errors import TypeMismatch
from pulse.model.expressions import program
from pulse.model.expressions.literals import literal
from pulse.model.expressions.operators import Operators
from pulse.model.expressions.table import FUNCTIONS
from pulse.model.expressions.text import receiver_text, text_of
from pulse.model.expressions.tree import Call, Column, substitute, walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from pulse.model.expressions.rows import RowFunction
    from pulse.model.expressions.tree import Node, Option


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Expr(Operators):
    """A value computed from the fields of a record; immutable.

    ``==`` builds an expression: use ``same_as`` to ask whether two are the same, and ``key`` to look one up.
    Equal trees hash alike.

    Args:
        node: the tree.
        label: the name that ``alias`` gave.

    Semantics, the same over columns and rows: null in, null out, with three-valued ``&`` and ``|``; integers
    have 64 bits and overflow is an error; ``/`` gives a double, and null for a zero divisor; ``//`` and ``%``
    round down as in Python, and a zero divisor is an error; doubles follow IEEE 754. What ``when``, ``&``,
    ``|`` and ``coalesce`` do not need is not evaluated.

    Example:
        >>> from pulse.model.expressions import col
        >>> double = (col("score") * 2).alias("double")
        >>> double.name, str(double), double.row_function()({"score": 4})
        ('double', "(score * 2).alias('double')", 8)
    """

    node: Node
    label: str | None = None

    def apply(self, function: str, *arguments: Any, options: tuple[Option, ...] = ()) -> Expr:
        """Return a function of the table applied to this expression and further arguments."""
        nodes = [argument.node if isinstance(argument, Expr) else literal(argument) for argument in arguments]
        return Expr(Call(function, (self.node, *nodes), options))

    def lift(self, value: Any) -> Expr:
        """Return a value as an expression."""
        return value if isinstance(value, Expr) else Expr(literal(value))

    def alias(self, name: str) -> Expr:
        """Name the value, for the field that it becomes.

        Example:
            >>> from pulse.model.expressions import col
            >>> col("a").alias("b").name
            'b'
        """
        if not isinstance(name, str) or not name:
            raise TypeMismatch(f"alias {name!r} is not a field name")
        return Expr(self.node, name)

    @property
    def name(self) -> str:
        """The field that the value becomes: the alias, else the column it is, else its text."""
        if self.label is not None:
            return self.label
        return self.node.name if isinstance(self.node, Column) else text_of(self.node)

    def fields(self) -> frozenset[str]:
        """Return the names of the fields that it reads."""
        return frozenset(node.name for node in walk(self.node) if isinstance(node, Column))

    def type(self, schema: pa.Schema) -> pa.DataType:
        """Return the type of its values over records of a schema.

        Raises:
            UnknownField: when it reads a field that the schema does not have.
            TypeMismatch: when a function is not defined for its arguments.

        Example:
            >>> import pyarrow as pa
            >>> from pulse.model.expressions import col
            >>> (col("a") / 2).type(pa.schema([("a", pa.int32())]))
            DataType(double)
        """
        return program.typed(self.node, schema).type

    def evaluate(self, batch: pa.RecordBatch) -> pa.Array[Any]:
        """Return its value for each record of a batch of n records: an array of n values.

        Raises:
            UnknownField: as ``type``.
            TypeMismatch: as ``type``.
            RecordError: when a record has no value, as on overflow; ``row_function`` tells which.

        Example:
            >>> import pyarrow as pa
            >>> from pulse.model.expressions import col
            >>> (col("a") > 1).evaluate(pa.record_batch({"a": [1, 2, None]})).to_pylist()
            [False, True, None]
        """
        result: pa.Array[Any] = program.column_function(self.node, batch.schema)(batch)
        return result

    def row_function(self, schema: pa.Schema | None = None) -> RowFunction:
        """Return it as a function of one record, a mapping in which a missing field is null.

        Args:
            schema: the schema of the records, when they have one: then the values have exactly the type
                that ``type`` tells. Without it types are found in the values, row by row.

        The function raises ``RecordError`` when a record has no value.

        Example:
            >>> from pulse.model.expressions import col
            >>> grade = (col("score") * 2 > 1).row_function()
            >>> grade({"score": 0.75}), grade({})
            (True, None)
        """
        return program.row_function(self.node if schema is None else program.typed(self.node, schema).node)

    def conjuncts(self) -> tuple[Expr, ...]:
        """Return the parts that must all hold, in order; keep the order, for one may guard the next.

        Example:
            >>> from pulse.model.expressions import parse
            >>> [str(part) for part in parse("a > 1 and b < 2 and c").conjuncts()]
            ['a > 1', 'b < 2', 'c']
        """
        return tuple(Expr(node) for node in _parts(self.node))

    def substitute(self, mapping: Mapping[str, Expr]) -> Expr:
        """Return it with columns replaced by expressions; columns not in the mapping stay.

        Example:
            >>> from pulse.model.expressions import col
            >>> str((col("double") > 4).substitute({"double": col("score") * 2}))
            'score * 2 > 4'
        """
        nodes = {name: expression.node for name, expression in mapping.items()}
        return Expr(substitute(self.node, nodes), self.label)

    def cost(self) -> int:
        """Return roughly the work per record, in additions of two numbers; a bare column costs nothing."""
        return sum(FUNCTIONS[node.function].cost for node in walk(self.node) if isinstance(node, Call))

    def can_fail(self) -> bool:
        """Return whether a record of the right types may still have no value (overflow, a cast)."""
        return any(FUNCTIONS[node.function].can_fail for node in walk(self.node) if isinstance(node, Call))

    def key(self) -> tuple[Node, str | None]:
        """Return what identifies it: equal and hashed by structure."""
        return self.node, self.label

    def same_as(self, other: Expr) -> bool:
        """Return whether another expression has the same structure and alias.

        Example:
            >>> from pulse.model.expressions import col
            >>> (col("a") + 1).same_as(col("a") + 1), (col("a") + 1).same_as(col("a") + 1.0)
            (True, False)
        """
        return self.key() == other.key()

    def __hash__(self) -> int:
        return hash(self.key())

    def __bool__(self) -> NoReturn:
        raise TypeMismatch(
            f"expression {self} has no truth value before there is a record",
            hint="use & for and, | for or, ~ for not, and parentheses around comparisons; "
            "a.same_as(b) compares two expressions",
        )

    def __iter__(self) -> NoReturn:
        raise TypeMismatch(f"expression {self} is one value per record and cannot be iterated")

    def __str__(self) -> str:
        if self.label is None:
            return text_of(self.node)
        return f"{receiver_text(self.node)}.alias({self.label!r})"

    def __repr__(self) -> str:
        return f"<expression {self}>"


def _parts(node: Node) -> Iterator[Node]:
    if isinstance(node, Call) and node.function == "and":
        for argument in node.arguments:
            yield from _parts(argument)
    else:
        yield node
