"""The functions over strings, as methods under ``.str``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.model.expressions.kernels import check_pattern
from pulse.model.expressions.options import checked_int, checked_text

if TYPE_CHECKING:
    from pulse.model.expressions.expr import Expr
    from pulse.model.expressions.operators import Operators


class TextMethods:
    """Functions over strings. Lengths and positions count code points; positions start at 0."""

    __slots__ = ("_value",)

    def __init__(self, value: Operators) -> None:
        self._value = value

    def lower(self) -> Expr:
        """Return the string in lower case."""
        return self._value.apply("str.lower")

    def upper(self) -> Expr:
        """Return the string in upper case."""
        return self._value.apply("str.upper")

    def strip(self) -> Expr:
        """Remove white space at both ends."""
        return self._value.apply("str.strip")

    def lstrip(self) -> Expr:
        """Remove white space at the start."""
        return self._value.apply("str.lstrip")

    def rstrip(self) -> Expr:
        """Remove white space at the end."""
        return self._value.apply("str.rstrip")

    def length(self) -> Expr:
        """Return the number of code points."""
        return self._value.apply("str.length")

    def startswith(self, prefix: str) -> Expr:
        """Return whether the string starts with a constant."""
        return self._value.apply("str.startswith", options=(checked_text("prefix", prefix),))

    def endswith(self, suffix: str) -> Expr:
        """Return whether the string ends with a constant."""
        return self._value.apply("str.endswith", options=(checked_text("suffix", suffix),))

    def contains(self, part: str) -> Expr:
        """Return whether a constant stands anywhere in the string (see ``matches`` for patterns)."""
        return self._value.apply("str.contains", options=(checked_text("part", part),))

    def replace(self, old: str, new: str) -> Expr:
        """Replace every occurrence of a constant by another."""
        options = checked_text("old", old, empty=False), checked_text("new", new)
        return self._value.apply("str.replace", options=options)

    def slice(self, start: int, stop: int | None = None) -> Expr:
        """Return the part from ``start`` up to before ``stop``; negative positions count from the end.

        Example:
            >>> from pulse.model.expressions import col
            >>> col("word").str.slice(1, -1).row_function()({"word": "hello"})
            'ell'
        """
        end = None if stop is None else checked_int("stop", stop)
        return self._value.apply("str.slice", options=(checked_int("start", start), end))

    def concat(self, *others: Any) -> Expr:
        """Append strings or other expressions; null when one is null."""
        return self._value.apply("concat", *others)

    def split(self, separator: str, index: int) -> Expr:
        """Split at a constant and return the part at an index, null when there are fewer parts.

        Example:
            >>> from pulse.model.expressions import col
            >>> col("path").str.split("/", -1).row_function()({"path": "a/b/c"})
            'c'
        """
        options = checked_text("separator", separator, empty=False), checked_int("index", index)
        return self._value.apply("str.split", options=options)

    def matches(self, pattern: str) -> Expr:
        """Return whether a regular expression (RE2 syntax) is found anywhere in the string.

        Raises:
            PipelineError: when the pattern is no regular expression.
        """
        check_pattern(checked_text("pattern", pattern))
        return self._value.apply("str.matches", options=(pattern,))

    def extract(self, pattern: str, group: int | str = 1) -> Expr:
        """Return what a group of a regular expression (RE2 syntax) matched, null when it is not found.

        Args:
            pattern: the regular expression.
            group: number or name of the group; 0 is the whole match.

        Raises:
            PipelineError: when the pattern is no regular expression or lacks the group.

        Example:
            >>> from pulse.model.expressions import col
            >>> col("line").str.extract("id=([0-9]+)").row_function()({"line": "id=42 ok"})
            '42'
        """
        chosen = group if isinstance(group, str) else checked_int("group", group, 0)
        check_pattern(checked_text("pattern", pattern), chosen)
        return self._value.apply("str.extract", options=(pattern, chosen))
