"""Decompression: what is allowed, and what a path's ending means."""

from __future__ import annotations

from typing import Literal, TypeAlias

from pulse.errors import ConnectorError, did_you_mean

Codec: TypeAlias = Literal["gzip", "bz2", "zstd"]

CODECS: dict[str, Codec] = {"gzip": "gzip", "bz2": "bz2", "zstd": "zstd"}
_ENDINGS: dict[str, Codec] = {
    ".gz": "gzip",
    ".gzip": "gzip",
    ".bz2": "bz2",
    ".zst": "zstd",
    ".zstd": "zstd",
}


def codec_of(path: str, declared: str | None) -> Codec | None:
    """Return how a file is compressed: as declared, else by the ending of its path; None when it is not.

    Example:
        >>> codec_of("a.jsonl.gz", None), codec_of("a.jsonl", None), codec_of("a.gz", "none")
        ('gzip', None, None)
    """
    if declared is not None:
        return CODECS.get(declared)
    return next((codec for ending, codec in _ENDINGS.items() if path.endswith(ending)), None)


def check_codec(declared: str | None) -> None:
    """Refuse a compression that is not known.

    Raises:
        ConnectorError: naming the value, the allowed ones and the nearest.

    Example:
        >>> check_codec("gz")
        Traceback (most recent call last):
        pulse.errors.ConnectorError: compression 'gz' is unknown; allowed: gzip, bz2, zstd, none
        hint: did you mean 'gzip'?
    """
    allowed = (*CODECS, "none")
    if declared is not None and declared not in allowed:
        raise ConnectorError(
            f"compression {declared!r} is unknown; allowed: {', '.join(allowed)}",
            hint=did_you_mean(declared, allowed),
        )
