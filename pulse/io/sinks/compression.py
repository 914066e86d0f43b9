"""Compression of text files: what is allowed, and what a path's ending means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pulse.errors import ConnectorError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

Compression = Literal["gzip", "bz2", "zstd", "none"]
"""How a text file is compressed."""

ALLOWED: tuple[Compression, ...] = ("gzip", "bz2", "zstd", "none")
_ENDINGS: dict[str, Compression] = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".bz2": "bz2",
    ".zst": "zstd",
    ".zstd": "zstd",
}


def compression_of(path: str, declared: str | None) -> Compression:
    """Return the compression declared, or the one that the path's ending means when none is.

    Example:
        >>> compression_of("out.jsonl.gz", None), compression_of("out.jsonl", None)
        ('gzip', 'none')
    """
    for each in ALLOWED:
        if each == declared:
            return each
    return next((each for ending, each in _ENDINGS.items() if path.endswith(ending)), "none")


def check_choice(name: str, value: str, allowed: Sequence[str]) -> None:
    """Refuse an option that is not one of the allowed values.

    Raises:
        ConnectorError: naming the value, the allowed ones and the nearest.

    Example:
        >>> check_choice("compression", "zst", ("snappy", "zstd"))
        Traceback (most recent call last):
        pulse.errors.ConnectorError: compression 'zst' is unknown; allowed: snappy, zstd
        hint: did you mean 'zstd'?
    """
    if value not in allowed:
        raise ConnectorError(
            f"{name} {value!r} is unknown; allowed: {', '.join(allowed)}",
            hint=did_you_mean(str(value), allowed),
        )
