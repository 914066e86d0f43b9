"""What a file holds that was taken for text, told by its first bytes."""

from __future__ import annotations

from pulse.errors import ConnectorError

_KINDS = (
    (b"\x1f\x8b", "gzip-compressed data", "write compression = 'gzip', or let the path end in .gz"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed data", "write compression = 'zstd', or let the path end in .zst"),
    (b"BZh91AY&SY", "bz2-compressed data", "write compression = 'bz2', or let the path end in .bz2"),
    (b"PAR1", "Parquet data", "read it with kind = 'parquet', in Python with Parquet(path)"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"\xff\xfe", "UTF-16 text", "convert it to UTF-8 first"),
    (b"\xfe\xff", "UTF-16 text", "convert it to UTF-8 first"),
)
_LOOKED_AT = 4096


def refuse_other_than_text(head: bytes, name: str) -> None:
    """Refuse the first bytes of a file when they are surely not text in UTF-8.

    Raises:
        ConnectorError: naming the file and what it holds.

    Example:
        >>> refuse_other_than_text(bytes.fromhex("1f8b08"), "events.jsonl")
        Traceback (most recent call last):
        pulse.errors.ConnectorError: events.jsonl: file 'events.jsonl' holds gzip-compressed data, not text
        hint: write compression = 'gzip', or let the path end in .gz
    """
    for magic, what, hint in _KINDS:
        if head.startswith(magic):
            raise ConnectorError(f"file {name!r} holds {what}, not text", hint=hint, where=name)
    if b"\0" in head[:_LOOKED_AT]:
        raise ConnectorError(f"file {name!r} holds binary data, not text", where=name)
