"""The declaration of one aggregate: what it reads, what it gives, how it is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pulse.model.aggregates.reference import reference
from pulse.model.aggregates.types import result_type

if TYPE_CHECKING:
    import pyarrow as pa

    from pulse.model.aggregates.combine_fn import CombineFn
    from pulse.model.expressions import Expr


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate:
    """One aggregate over the records of a group. Made by the builders, such as ``mean("score")``.

    Nulls are skipped as in SQL: they are no values. NaN is a value: it makes ``sum``, ``mean``, ``variance``
    and ``stddev`` NaN, is one distinct value, and is passed over by ``min``, ``max``, ``first``, ``last``,
    ``top_k`` and ``bottom_k`` while there is a number; ``approx_quantile`` skips it. ``-0.0`` is ``0.0``.

    Two aggregates are equal when they have the same kind, the same text of inputs and the same options.

    Args:
        kind: ``"mean"``, ``"count"``, ...: one of ``KINDS``, or ``"combine"``.
        input: the expression whose values are aggregated; None: whole records.
        options: what else the kind needs, as (name, value) pairs in a fixed order.

    Example:
        >>> from pulse.model.aggregates import mean, top_k
        >>> str(mean("score")), mean("score").name
        ('mean(score)', 'mean_score')
        >>> str(top_k("word", 3, by="score")), sorted(top_k("word", 3, by="score").fields())
        ('top_k(word, k=3, by=score)', ['score', 'word'])
        >>> mean("score") == mean("score"), mean("score") == mean("price")
        (True, False)
    """

    kind: str
    input: Expr | None = None
    options: tuple[tuple[str, Any], ...] = ()

    def option(self, name: str, default: Any = None) -> Any:
        """Return one option, or the default when it is not set."""
        return dict(self.options).get(name, default)

    @property
    def by(self) -> Expr | None:
        """The expression that orders ``top_k`` and ``bottom_k``; None: the value itself."""
        by: Expr | None = self.option("by")
        return by

    @property
    def fn(self) -> CombineFn | None:
        """The person's own function; None for a built-in kind."""
        fn: CombineFn | None = self.option("fn")
        return fn

    @property
    def name(self) -> str:
        """The name of the result column unless the person gives one.

        Example:
            >>> from pulse.model.aggregates import count, top_k
            >>> count().name, count("word").name, top_k("word", 3).name
            ('count', 'count_word', 'top_k_word')
        """
        fields = sorted(self.input.fields()) if self.input is not None else []
        kind = self.kind if self.fn is None else type(self.fn).__name__.lower()
        return f"{kind}_{fields[0]}" if len(fields) == 1 else kind

    def fields(self) -> frozenset[str]:
        """Return the names of the columns that the aggregate reads.

        A person's function over whole records (``combine(fn)``) gives no names: it may read any.
        """
        read = [frozenset(e.fields()) for e in (self.input, self.by) if e is not None]
        return frozenset().union(*read)

    def type(self, schema: pa.Schema) -> pa.DataType | None:
        """Return the type of the result over records of a schema.

        None: only the results will tell, for the person's own function was given no ``type``.

        Raises:
            UnknownField: when it reads a field that the schema does not have.
            TypeMismatch: when the kind is not defined for the type of its input.

        Example:
            >>> import pyarrow as pa
            >>> from pulse.model.aggregates import sum
            >>> sum("n").type(pa.schema([("n", pa.int32())]))
            DataType(int64)
        """
        given = self.input.type(schema) if self.input is not None else None
        by = self.by.type(schema) if self.by is not None else None
        return result_type(self, given, by)

    def combine_fn(self) -> CombineFn:
        """Return the aggregate as a function over Python values: the reference of what it means.

        The values are those of the input. ``first`` and ``last`` take pairs (event time, value), and
        ``top_k`` and ``bottom_k`` with ``by`` take pairs (by, value).

        Example:
            >>> from pulse.model.aggregates import mean
            >>> mean("score").combine_fn().over([1, None, 2])
            1.5
        """
        return self.fn if self.fn is not None else reference(self)

    def __str__(self) -> str:
        inputs = [] if self.input is None else [str(self.input)]
        if self.fn is not None:
            name = getattr(self.fn, "__name__", type(self.fn).__name__)
            return f"combine({', '.join([name, *inputs])})"
        return f"{self.kind}({', '.join([*inputs, *(f'{k}={v}' for k, v in self.options)])})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Aggregate) and (str(self), self.fn) == (str(other), other.fn)

    def __hash__(self) -> int:
        return hash(str(self))
