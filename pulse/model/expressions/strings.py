"""Functions over strings: by code points, case by Unicode's simple mapping, patterns by RE2.

Where Python's strings differ from Arrow's the one value goes through the kernel, so both give the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from pulse.model.expressions import kernels, rules
from pulse.model.expressions.columns import strict
from pulse.model.expressions.function import Function
from pulse.model.expressions.rows import strict as strict_row

if TYPE_CHECKING:
    from collections.abc import Callable


def _through(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return the kernel over one Python value."""
    return lambda value, *options: kernel(pa.scalar(value, pa.string()), *options).as_py()


def _ascii(short: Callable[..., Any], kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return the Python method for ASCII, the kernel for the rest."""
    through = _through(kernel)
    return lambda value, *options: short(value, *options) if value.isascii() else through(value, *options)


def _split(value: str, separator: str, index: int) -> str | None:
    parts = value.split(separator)
    return parts[index] if -len(parts) <= index < len(parts) else None


def _text(
    name: str,
    kernel: Callable[..., Any],
    row: Callable[..., Any],
    *,
    result: pa.DataType = rules.STRING,
    cost: int = 8,
) -> Function:
    return Function(
        rule=rules.from_to(rules.STRING, result=result),
        columns=strict(kernel),
        rows=strict_row(row, (str,), name),
        takes="strings",
        cost=cost,
    )


STRINGS: dict[str, Function] = {
    "str.lower": _text("str.lower", pc.utf8_lower, _ascii(str.lower, pc.utf8_lower)),
    "str.upper": _text("str.upper", pc.utf8_upper, _ascii(str.upper, pc.utf8_upper)),
    "str.strip": _text(
        "str.strip",
        pc.utf8_trim_whitespace,
        _ascii(str.strip, pc.utf8_trim_whitespace),
    ),
    "str.lstrip": _text(
        "str.lstrip",
        pc.utf8_ltrim_whitespace,
        _ascii(str.lstrip, pc.utf8_ltrim_whitespace),
    ),
    "str.rstrip": _text(
        "str.rstrip",
        pc.utf8_rtrim_whitespace,
        _ascii(str.rstrip, pc.utf8_rtrim_whitespace),
    ),
    "str.length": _text("str.length", pc.utf8_length, len, result=rules.INT, cost=2),
    "str.startswith": _text(
        "str.startswith",
        lambda s, prefix: pc.starts_with(s, pattern=prefix),
        str.startswith,
        result=rules.BOOL,
        cost=2,
    ),
    "str.endswith": _text(
        "str.endswith",
        lambda s, suffix: pc.ends_with(s, pattern=suffix),
        str.endswith,
        result=rules.BOOL,
        cost=2,
    ),
    "str.contains": _text(
        "str.contains",
        lambda s, part: pc.match_substring(s, pattern=part),
        lambda s, part: part in s,
        result=rules.BOOL,
    ),
    "str.replace": _text(
        "str.replace",
        lambda s, old, new: pc.replace_substring(s, pattern=old, replacement=new),
        str.replace,
        cost=10,
    ),
    "str.slice": _text(
        "str.slice",
        lambda s, start, stop: pc.utf8_slice_codeunits(s, start=start, stop=stop),
        lambda s, start, stop: s[start:stop],
    ),
    "str.split": _text("str.split", kernels.split, _split, cost=12),
    "str.matches": _text(
        "str.matches", kernels.matches, _through(kernels.matches), result=rules.BOOL, cost=40
    ),
    "str.extract": _text("str.extract", kernels.extract, _through(kernels.extract), cost=60),
    "concat": _text("concat", kernels.concat, lambda *values: "".join(values)),
}
"""The functions over strings, by name."""
