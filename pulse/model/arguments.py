"""Check what a person passes to a public class or function, and say where they wrote it."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import cached_property, wraps
from inspect import Parameter, Signature, signature
from numbers import Integral, Real
from typing import Any, TypeVar

from pulse.errors import PipelineError, PulseError, cut
from pulse.model.trace import caller

T = TypeVar("T", bound="Callable[..., Any]")


def _paths(value: Any) -> bool:
    several = (value,) if isinstance(value, str | os.PathLike) else value
    return isinstance(several, Iterable) and all(isinstance(path, str | os.PathLike) for path in several)


def _texts(value: Any) -> bool:
    if isinstance(value, str) or not isinstance(value, Iterable):
        return False
    return all(isinstance(text, str) for text in value)


def _several(value: Any) -> bool:
    return isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)


def _types(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(name, str) and (isinstance(kind, str) or _is_a("DataType")(kind))
        for name, kind in value.items()
    )


def _is_a(*names: str) -> Callable[[Any], bool]:
    """Return a test by class name: the classes themselves are of layers above, or slow to import."""
    return lambda value: any(base.__name__ in names for base in type(value).__mro__)


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "None": (lambda value: value is None, "None"),
    "str": (lambda value: isinstance(value, str), "a text"),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "int": (lambda value: isinstance(value, Integral) and not isinstance(value, bool), "a whole number"),
    "float": (lambda value: isinstance(value, Real) and not isinstance(value, bool), "a number"),
    "timedelta": (lambda value: isinstance(value, timedelta), "a timedelta"),
    "Path": (_paths, "a path or a list of paths"),
    "os.PathLike[str]": (lambda value: isinstance(value, os.PathLike), "a path"),
    "Callable": (callable, "a function"),
    "Expr": (_is_a("Expr"), "an expression such as col('x')"),
    "CombineFn": (_is_a("CombineFn"), "a CombineFn"),
    "pa.Schema": (_is_a("Schema"), "an Arrow schema"),
    "pa.Table": (_is_a("Table"), "an Arrow table"),
    "pa.RecordBatch": (_is_a("RecordBatch"), "an Arrow record batch"),
    "pa.DataType": (_is_a("DataType"), "an Arrow type"),
    "Mapping[str, str]": (_types, "type names by field such as {'word': 'string'}"),
    "Sequence[Any]": (_several, "a list"),
    "Sequence[str]": (_texts, "a list of texts such as ['word']"),
}
_ALIASES = {
    "Input": "str | Expr",
    "Duration": "str | timedelta",
    "Sequence[int | datetime]": "Sequence[Any]",
    "Iterable[str]": "Sequence[str]",
    "tuple[str, ...]": "Sequence[str]",
    "Mapping[str, str | pa.DataType]": "Mapping[str, str]",
}
_SEPARATOR = re.compile(r" \| (?![^\[]*\])")
"""A bar between alternatives, outside brackets."""


def placed(target: T) -> T:
    """Make a public class or function raise a ``PulseError`` with the person's line for wrong arguments.

    Arguments of the plain types of its annotations are checked; what the class or function itself finds wrong
    goes before, for it can say it better. A class is changed in place.

    Args:
        target: the class or function.

    Example:
        >>> @placed
        ... def twice(text: str) -> str:
        ...     return text * 2
        >>> twice("a")
        'aa'
        >>> from pulse.errors import PipelineError
        >>> try:
        ...     twice(3)
        ... except PipelineError as error:
        ...     print(error.message)
        twice takes a text as text, not int 3
    """
    if isinstance(target, type):
        guarded = _guarded(vars(target)["__init__"], target.__name__)
        setattr(target, "__init__", guarded)  # noqa: B010 - mypy lets no method be assigned
        return target
    return _guarded(target, target.__name__)  # type: ignore[no-any-return]


def located(function: T) -> T:
    """Make the errors of a function carry the person's line, where they do not yet."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        try:
            return function(*args, **named)
        except PulseError as error:
            _locate(error)
            raise

    return call  # type: ignore[return-value]


def _locate(error: PulseError) -> None:
    if error.where is None:
        where = caller()
        error.where = str(where) if where else None


def _guarded(function: Any, name: str) -> Any:
    rules = _Rules(function, name)

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        try:
            try:
                found = function(*args, **named)
            except (TypeError, ValueError, AttributeError):
                rules.check(args, named)
                raise
            except PulseError as error:
                if error.where is not None:
                    # A class that this one uses found it, which the person did not write.
                    rules.check(args, named)
                raise
            rules.check(args, named)
        except PulseError as error:
            _locate(error)
            raise
        return found

    return call


class _Rules:
    """What the annotations of a function demand of its arguments."""

    def __init__(self, function: Any, name: str) -> None:
        self.function = function
        self.name = name

    @cached_property
    def signature(self) -> Signature:
        return signature(self.function)

    def check(self, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Raise a ``PipelineError`` for the first argument that does not fit."""
        try:
            bound = self.signature.bind(*args, **named)
        except TypeError as error:
            raise PipelineError(f"{self.name}: {error}", hint=f"write {self._form()}") from None
        for name, value in bound.arguments.items():
            parameter = self.signature.parameters[name]
            if parameter.kind is Parameter.VAR_POSITIONAL:
                pairs = [("an argument", item) for item in value]
            elif parameter.kind is Parameter.VAR_KEYWORD:
                pairs = list(value.items())
            else:
                pairs = [(name, value)]
            for shown, item in pairs:
                self._check(shown, item, str(parameter.annotation))

    def _check(self, name: str, value: Any, annotation: str) -> None:
        kinds = [_KINDS.get(kind) for kind in _alternatives(annotation)]
        known = [kind for kind in kinds if kind is not None]
        if len(known) < len(kinds) or any(fits(value) for fits, _ in known):
            return
        *most, last = dict.fromkeys(what for _, what in known)
        allowed = f"{', '.join(most)} or {last}" if most else last
        raise PipelineError(
            f"{self.name} takes {allowed} as {name}, not {type(value).__name__} {cut(repr(value))}",
            hint=f"write {self._form()}",
        )

    def _form(self) -> str:
        """Return how it is called, without types: ``TopK(k, *, by, smallest=False)``."""
        given = [p for name, p in self.signature.parameters.items() if name != "self"]
        kept = [p.replace(annotation=Parameter.empty) for p in given]
        return f"{self.name}{Signature(kept)}"


def _alternatives(annotation: str) -> list[str]:
    kinds = ["Callable" if kind.startswith("Callable[") else kind for kind in _SEPARATOR.split(annotation)]
    return [
        part for kind in kinds for part in (_alternatives(_ALIASES[kind]) if kind in _ALIASES else [kind])
    ]
