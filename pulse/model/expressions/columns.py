"""Evaluation over columns: links compiled arguments into calls of Arrow kernels, one call per node and batch.

Constants stay scalars until the end. What a row would not evaluate must not fail a batch either: a guarded
argument is tried on all rows first, which costs nothing, and when that fails on those that need it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
from pyarrow import compute

from pulse.errors import RecordError, cut

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.expressions.tree import Option

pc: Any = compute  # the stubs do not know that kernels take Python constants and mix arrays with scalars

Value: TypeAlias = Any
"""A ``pyarrow.Array`` of n values, or a ``pyarrow.Scalar`` that stands for n equal ones."""

ColumnFunction: TypeAlias = Callable[[pa.RecordBatch], Value]


@dataclass(frozen=True, slots=True)
class Site:
    """What a linker knows of the call: its options, the type of its result, and its text for messages."""

    options: tuple[Option, ...]
    type: pa.DataType
    text: str


class ColumnLink(Protocol):
    """Links compiled arguments into the compiled call."""

    def __call__(self, operands: Sequence[ColumnFunction], site: Site, /) -> ColumnFunction:
        """Return the compiled call."""


def strict(kernel: Callable[..., Value]) -> ColumnLink:
    """Return the linker of a kernel that is null when an argument is null.

    Args:
        kernel: takes the values, then the options.

    An ``ArrowInvalid`` of the kernel becomes a ``RecordError`` that shows the call.
    """

    def link(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:
        kind, options = site.type, site.options

        def run(batch: pa.RecordBatch) -> Value:
            values = [operand(batch) for operand in operands]
            try:
                result = kernel(*values, *options)
                return result if result.type == kind else result.cast(kind)
            except pa.ArrowInvalid as error:
                raise RecordError(f"{cut(site.text)} failed: {_reason(error)}") from error

        return run

    return link


def typed(kernel: Callable[..., Value]) -> ColumnLink:
    """Return the linker of a kernel that takes the type of its result as its one option."""

    def link(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:
        return strict(kernel)(operands, Site((site.type,), site.type, site.text))

    return link


def spread(value: Value, rows: int) -> pa.Array[Any]:
    """Return a value as an array of ``rows`` values."""
    if isinstance(value, pa.Array):
        return value
    constant: Any = value  # the stubs know neither all types nor a type known only at run time
    many: pa.Array[Any] = pa.repeat(constant, rows) if constant.is_valid else pa.nulls(rows, constant.type)
    return many


def among(operand: ColumnFunction, batch: pa.RecordBatch, needed: Value, kind: pa.DataType) -> Value:
    """Evaluate only the rows of a mask without nulls; the others are null of a type."""
    if not needed.true_count:
        return pa.scalar(None, kind)
    part = operand(batch.filter(needed))
    if isinstance(part, pa.Scalar):
        return part
    place = pc.subtract(pc.cumulative_sum(needed.cast(pa.int64())), 1)
    return part.take(pc.if_else(needed, place, pa.scalar(None, pa.int64())))


def _connect(kernel: Callable[[Value, Value], Value], needs: Callable[[Value], Value]) -> ColumnLink:
    def link(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:  # noqa: ARG001
        left, right = operands

        def run(batch: pa.RecordBatch) -> Value:
            first = left(batch)
            try:
                second = right(batch)
            except RecordError:
                second = among(right, batch, needs(spread(first, batch.num_rows)), pa.bool_())
            return kernel(first, second)

        return run

    return link


link_and = _connect(pc.and_kleene, lambda left: pc.fill_null(left, True))  # noqa: FBT003 - a value
link_or = _connect(pc.or_kleene, lambda left: pc.invert(pc.fill_null(left, False)))  # noqa: FBT003 - a value


def link_when(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:
    """Link a choice: the value of the first condition that is true; null counts as not true."""
    conditions, values, otherwise = operands[0:-1:2], operands[1::2], operands[-1]

    def eager(batch: pa.RecordBatch) -> Value:
        tests = [spread(condition(batch), batch.num_rows) for condition in conditions]
        chosen = [value(batch) for value in values]
        return pc.case_when(pa.StructArray.from_arrays(tests, _names(tests)), *chosen, otherwise(batch))

    def careful(batch: pa.RecordBatch) -> Value:
        rest = pa.repeat(True, batch.num_rows)  # noqa: FBT003 - a value
        result: Value = spread(pa.scalar(None, site.type), batch.num_rows)
        for condition, value in zip(conditions, values, strict=True):
            test = pc.fill_null(spread(among(condition, batch, rest, pa.bool_()), batch.num_rows), False)  # noqa: FBT003
            here = pc.and_(rest, test)
            result = pc.if_else(here, among(value, batch, here, site.type), result)
            rest = pc.and_not(rest, test)
        return pc.if_else(rest, among(otherwise, batch, rest, site.type), result)

    def run(batch: pa.RecordBatch) -> Value:
        try:
            return eager(batch)
        except RecordError:
            return careful(batch)

    return run


def link_coalesce(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:
    """Link the first value that is not null."""

    def run(batch: pa.RecordBatch) -> Value:
        try:
            return pc.coalesce(*[operand(batch) for operand in operands])
        except RecordError:
            result = spread(operands[0](batch), batch.num_rows)
            for operand in operands[1:]:
                result = pc.coalesce(result, among(operand, batch, pc.is_null(result), site.type))
            return result

    return run


def link_is_in(operands: Sequence[ColumnFunction], site: Site) -> ColumnFunction:  # noqa: ARG001
    """Link membership in a list of constants: null is in no list and gives null."""
    value, constants = operands[0], operands[1:]
    empty = pa.RecordBatch.from_pylist([])
    scalars = [constant(empty) for constant in constants]
    members = pa.array([one.as_py() for one in scalars], scalars[0].type) if scalars else None
    if members is not None and pa.types.is_floating(members.type):
        # Hashing tells 0.0 from -0.0, comparison does not: 0.0 stands for both.
        members = pc.add(members, 0.0)

    def run(batch: pa.RecordBatch) -> Value:
        found = value(batch)
        if members is None:
            inside: Value = pa.scalar(False)  # noqa: FBT003 - a value
        elif pa.types.is_floating(members.type):
            inside = pc.is_in(pc.add(found, 0.0), value_set=members)
        else:
            inside = pc.is_in(found, value_set=members)
        return pc.if_else(pc.is_valid(found), inside, pa.scalar(None, pa.bool_()))

    return run


def by_numpy(function: Callable[[Any, Any], Any]) -> Callable[[Value, Value], Value]:
    """Return a kernel over two numeric values from a numpy function over arrays without nulls.

    Where an argument is null both are one, so that the function cannot fail there; the result is null.
    """

    def kernel(left: Value, right: Value) -> Value:
        both = pc.and_(pc.is_valid(left), pc.is_valid(right))
        if isinstance(both, pa.Scalar):
            if not both.as_py():
                return pa.scalar(None, left.type)
            return pa.scalar(function(np.array([left.as_py()]), np.array([right.as_py()]))[0], left.type)
        if both.false_count:
            one = pa.scalar(1, left.type)
            left, right = pc.if_else(both, left, one), pc.if_else(both, right, one)
        result = function(_numpy(left), _numpy(right))
        return pa.array(result, mask=~_numpy(both) if both.false_count else None)

    return kernel


def _numpy(value: Value) -> Any:
    return value.as_py() if isinstance(value, pa.Scalar) else value.to_numpy(zero_copy_only=False)


def _names(arrays: Sequence[Any]) -> list[str]:
    return [str(index) for index in range(len(arrays))]


def _reason(error: pa.ArrowInvalid) -> str:
    return cut(str(error).partition("\n")[0].strip().rstrip("."), 120)
