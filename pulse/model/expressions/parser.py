"""Read expressions from text, for config files: Python's syntax, of which only a few forms are allowed.

Nothing is ever evaluated as Python: the text becomes a syntax tree, and each allowed form builds a node.
"""

from __future__ import annotations

import ast
import inspect
import warnings
from functools import reduce
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError, TypeMismatch, did_you_mean
from pulse.model.expressions import vocabulary
from pulse.model.expressions.builders import col, lit, when
from pulse.model.expressions.tree import Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.model.expressions.expr import Expr

_MAX_LENGTH = 10_000
_MAX_DEPTH = 100
_SHOWN = 100
_MIN_INT = -(2**63)


def parse(text: str) -> Expr:
    """Return the expression that a text describes.

    Names are fields, ``col('odd name')`` where a name is no identifier. Allowed are constants, arithmetic,
    comparisons (chains too), ``and or not``, ``in [...]``, ``is None``, ``a if c else b``, the methods of
    ``Expr``, and functions such as ``coalesce(a, b)``.

    Raises:
        PipelineError: when the text is not such an expression; shows the place.

    Example:
        >>> str(parse("score > 1.0 and not word.str.startswith('x')"))
        "score > 1.0 and not word.str.startswith('x')"
        >>> parse("0 < x < 5").row_function()({"x": 3})
        True
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0

    def parse(self) -> Expr:
        if not isinstance(self._text, str) or not self._text.strip():
            raise PipelineError(f"expression {self._text!r} is empty", hint="write one such as 'score > 1.0'")
        if len(self._text) > _MAX_LENGTH:
            raise PipelineError(
                f"expression has {len(self._text)} characters, more than {_MAX_LENGTH}",
                hint="long lists of constants belong into is_in in Python, or into a join",
            )
        try:
            with warnings.catch_warnings():  # a regular expression may hold \d without a second backslash
                warnings.simplefilter("ignore")
                tree = ast.parse(self._bracketed(), mode="eval")
        except SyntaxError as error:
            raise self._syntax(error) from None
        except ValueError as error:  # null bytes, lone surrogates
            raise PipelineError(f"expression cannot be read: {error}") from None
        except (RecursionError, MemoryError):
            raise PipelineError(f"expression is nested deeper than {_MAX_DEPTH}") from None
        return self._read(tree.body)

    def _bracketed(self) -> str:
        """Return the text on one line, or in parentheses where it has several."""
        return f"({self._text}\n)" if "\n" in self._text.strip() else self._text.strip()

    def _read(self, node: ast.expr) -> Expr:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(node, f"expression is nested deeper than {_MAX_DEPTH}")
        reader = _READERS.get(type(node))
        if reader is None:
            what = _NAMES_OF_FORMS.get(type(node), type(node).__name__.lower())
            raise self._wrong(
                node,
                f"{what} is not allowed in an expression",
                "allowed: constants, fields, arithmetic, comparisons, and/or/not, in [...], is None, "
                "a if c else b, methods and functions",
            )
        try:
            result = reader(self, node)
        except TypeMismatch as error:
            raise self._wrong(node, error.message, error.hint) from None
        self._depth -= 1
        return result

    def _constant(self, node: ast.Constant) -> Expr:
        return lit(node.value)

    def _name(self, node: ast.Name) -> Expr:
        return col(node.id)

    def _unary(self, node: ast.UnaryOp) -> Expr:
        operand = node.operand
        least = isinstance(operand, ast.Constant) and repr(operand.value) == str(-_MIN_INT)
        if least and isinstance(node.op, ast.USub):
            return lit(_MIN_INT)  # it has no positive counterpart
        return self._operate(node, type(node.op), [self._read(operand)])

    def _binary(self, node: ast.BinOp) -> Expr:
        return self._operate(node, type(node.op), [self._read(node.left), self._read(node.right)])

    def _operate(self, node: ast.expr, operator: type, operands: Sequence[Expr]) -> Expr:
        build = vocabulary.OPERATORS.get(operator)
        if build is None:
            symbol = _SYMBOLS.get(operator, operator.__name__)
            raise self._wrong(node, f"operator {symbol} is not allowed in an expression")
        result: Expr = build(*operands)
        return result

    def _logic(self, node: ast.BoolOp) -> Expr:
        if len(node.values) > _MAX_DEPTH:
            raise self._wrong(
                node,
                f"{len(node.values)} conditions stand in one row, more than {_MAX_DEPTH}",
                "write x in [...] for many values of one field",
            )
        build = vocabulary.OPERATORS[type(node.op)]
        return reduce(build, [self._read(value) for value in node.values])

    def _compare(self, node: ast.Compare) -> Expr:
        parts: list[Expr] = []
        left = node.left
        for operator, right in zip(node.ops, node.comparators, strict=True):
            parts.append(self._comparison(operator, left, right))
            left = right
        return reduce(lambda one, two: one & two, parts)

    def _comparison(self, operator: ast.cmpop, left: ast.expr, right: ast.expr) -> Expr:
        is_none = isinstance(right, ast.Constant) and right.value is None
        if isinstance(operator, ast.Is | ast.IsNot):
            if not is_none:
                raise self._wrong(right, "'is' compares with None only", "write == for values")
            value = self._read(left)
            return value.is_null() if isinstance(operator, ast.Is) else value.is_not_null()
        if isinstance(operator, ast.In | ast.NotIn):
            found = self._read(left).is_in(self._constants(right))
            return found if isinstance(operator, ast.In) else ~found
        if is_none:
            raise self._wrong(right, "comparison with None is null for every record", "write 'is None'")
        return self._operate(right, type(operator), [self._read(left), self._read(right)])

    def _choice(self, node: ast.IfExp) -> Expr:
        return when(self._read(node.test)).then(self._read(node.body)).otherwise(self._read(node.orelse))

    def _member(self, node: ast.Attribute) -> Expr:
        if node.attr in vocabulary.NAMESPACES:
            raise self._wrong(node, f"'.{node.attr}' stands alone", f"write .{node.attr}.method()")
        return self._read(node.value).field(node.attr)

    def _call(self, node: ast.Call) -> Expr:
        if isinstance(node.func, ast.Name):
            name, receiver = node.func.id, []
            known, what = vocabulary.FUNCTIONS, "function"
        elif isinstance(node.func, ast.Attribute):
            name, value = node.func.attr, node.func.value
            if isinstance(value, ast.Attribute) and value.attr in vocabulary.NAMESPACES:
                name, value = f"{value.attr}.{name}", value.value
            receiver = [self._read(value)]
            known, what = vocabulary.METHODS, "method"
        else:
            raise self._wrong(node, "only functions and methods can be called")
        build = known.get(name)
        if build is None:
            raise self._wrong(
                node.func, f"{what} {name!r} does not exist; {what}s: {', '.join(known)}", self._nearest(name)
            )
        return self._apply(node, name, build, receiver)

    def _apply(self, node: ast.Call, name: str, build: Callable[..., Expr], receiver: list[Expr]) -> Expr:
        arguments = [*receiver, *[self._argument(argument) for argument in node.args]]
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self._wrong(keyword.value, "** is not allowed in a call")
            named[keyword.arg] = self._argument(keyword.value)
        try:
            inspect.signature(build).bind(*arguments, **named)
        except TypeError as error:
            raise self._wrong(node, f"{name}() does not take these arguments: {error}") from None
        try:
            return build(*arguments, **named)
        except PipelineError as error:
            raise self._wrong(node, error.message, error.hint) from None

    def _argument(self, node: ast.expr) -> Any:
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            return self._constants(node)
        value = self._read(node)
        # Methods take constants as plain values, and check themselves which of them must be constant.
        return value.node.value if isinstance(value.node, Literal) and value.label is None else value

    def _constants(self, node: ast.expr) -> list[Any]:
        if not isinstance(node, ast.List | ast.Tuple | ast.Set):
            raise self._wrong(node, "'in' takes a list of constants", "write x in ['a', 'b']")
        values: list[Any] = []
        for element in node.elts:
            value = self._read(element)
            if not isinstance(value.node, Literal):
                raise self._wrong(element, "a list holds constants only", "write x == a or x == b for fields")
            values.append(value.node.value)
        return values

    def _nearest(self, name: str) -> str | None:
        spellings = {full.rpartition(".")[2]: f".{full}()" for full in vocabulary.METHODS}
        spellings |= {full: f"{full}()" for full in vocabulary.FUNCTIONS}
        short = name.rpartition(".")[2]
        if short in spellings:
            return f"write {spellings[short]}"
        near = did_you_mean(short, spellings)
        return near and f"did you mean {spellings[near.split(chr(39))[1]]}?"

    def _syntax(self, error: SyntaxError) -> PipelineError:
        return self._at(
            error.lineno or 1, (error.offset or 1) - 1, 1, f"expression cannot be read: {error.msg}"
        )

    def _wrong(self, node: ast.expr, message: str, hint: str | None = None) -> PipelineError:
        line = self._bracketed().split("\n")[node.lineno - 1].encode()
        start = len(line[: node.col_offset].decode(errors="replace"))
        end = node.end_col_offset if node.end_lineno == node.lineno else len(line)
        return self._at(
            node.lineno, start, len(line[node.col_offset : end].decode(errors="replace")), message, hint
        )

    def _at(
        self, number: int, start: int, length: int, message: str, hint: str | None = None
    ) -> PipelineError:
        lines = self._bracketed().split("\n")
        line = lines[min(number, len(lines)) - 1]
        if len(line) > _SHOWN:
            first = max(start - _SHOWN // 2, 0)
            line, start = line[first : first + _SHOWN], start - first
        length = min(length, len(line) - start)
        return PipelineError(f"{message}\n  {line}\n  {' ' * start}{'^' * max(length, 1)}", hint=hint)


_READERS: dict[type, Callable[[_Parser, Any], Expr]] = {
    ast.Constant: _Parser._constant,  # noqa: SLF001 - the class's own table
    ast.Name: _Parser._name,  # noqa: SLF001
    ast.UnaryOp: _Parser._unary,  # noqa: SLF001
    ast.BinOp: _Parser._binary,  # noqa: SLF001
    ast.BoolOp: _Parser._logic,  # noqa: SLF001
    ast.Compare: _Parser._compare,  # noqa: SLF001
    ast.IfExp: _Parser._choice,  # noqa: SLF001
    ast.Attribute: _Parser._member,  # noqa: SLF001
    ast.Call: _Parser._call,  # noqa: SLF001
}
_SYMBOLS: dict[type, str] = {ast.MatMult: "'@'", ast.LShift: "'<<'", ast.RShift: "'>>'", ast.BitXor: "'^'"}
_NAMES_OF_FORMS: dict[type, str] = {
    ast.Lambda: "a lambda",
    ast.ListComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Subscript: "indexing with [...]",
    ast.JoinedStr: "an f-string",
    ast.NamedExpr: "an assignment",
    ast.Dict: "a dict",
    ast.List: "a list outside of 'in'",
    ast.Tuple: "a tuple outside of 'in'",
    ast.Set: "a set outside of 'in'",
    ast.Starred: "'*'",
    ast.Await: "await",
    ast.Yield: "yield",
}
