r"""Keys as bytes whose order is the order of the values.

A key is a tuple; its bytes are those of its values one after the other. Each value is a tag, which says its
kind, and a body whose end shows by itself. So

- of values of one kind, the bytes are in the order of the values; kinds come in the order of their tags;
- equal values of one kind have equal bytes: ``0.0`` and ``-0.0``, all NaN, ``Decimal("1")`` and
  ``Decimal("1.00")``, one moment in two time zones; ``1``, ``1.0`` and ``True`` are of different kinds;
- the bytes of a value never start those of another, and the bytes of a tuple start exactly those of the
  longer tuples that begin with it: what ``iter_prefix`` finds.

======================  =====  ===========================================================================
kind                    tag    body
======================  =====  ===========================================================================
None, False, True       01-03
int                     08-18  tag 10 is 0; 10 + n is positive in n bytes, big-endian; 10 - n is negative,
                               its size in n bytes complemented; n is at most 8
float                   20     8 bytes IEEE 754, big-endian; sign bit flipped, of negative ones all bits;
                               NaN last
Decimal                 28     a byte, 01 to 06, for -Infinity, negative, 0, positive, Infinity, NaN; of the
                               positive the exponent of ``0.d...`` as 8 bytes, sign bit flipped, the digits
                               as ASCII text, 00; of the negative the same complemented
str                     30     UTF-8, ``00`` as ``00 ff``, then ``00 01``
bytes                   31     the bytes in the same way
date                    38     the day since 0001-01-01 (which is 1) as 4 bytes
datetime                39     without a zone: microseconds since 1970 as 8 bytes, sign bit flipped
datetime                3a     with a zone: the same of the moment in UTC, which is what it is read back as
time                    3b     microseconds since midnight as 8 bytes; without a zone
timedelta               3c     days as 4 bytes, sign bit flipped; microseconds of the day as 8 bytes
UUID                    40     its 16 bytes
tuple                   48     its values, then 00
======================  =====  ===========================================================================
"""

from __future__ import annotations

import math
import struct
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from pulse.errors import StateError
from pulse.state.decimal_keys import decode_decimal, encode_decimal

if TYPE_CHECKING:
    from collections.abc import Callable

_END = b"\0"
_ZERO = 0x10
_WIDEST = 8
_SIGN = 1 << 63
_ALL = (1 << 64) - 1
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - times without a zone count from here
_EPOCH_UTC = datetime(1970, 1, 1, tzinfo=UTC)
_TEXT, _BYTES, _TUPLE = b"\x30", b"\x31", b"\x48"


def encode_key(values: tuple[Any, ...]) -> bytes:
    r"""Return a tuple as bytes that sort as it does.

    Args:
        values: None, bool, int (of 8 bytes and a sign), float, Decimal, str, bytes, date, datetime, time
            without a zone, timedelta, UUID, and tuples of these.

    Raises:
        StateError: for a value of another type, or an int that is too large.

    Example:
        >>> encode_key(("ab", 5))
        b'0ab\x00\x01\x11\x05'
        >>> encode_key(("ab", 5)) < encode_key(("ab", 1000)) < encode_key(("b",))
        True
    """
    return b"".join(map(_encode, values))


def decode_key(data: bytes) -> tuple[Any, ...]:
    """Return the tuple that ``encode_key`` wrote.

    Raises:
        StateError: when the bytes are not what it writes.

    Example:
        >>> decode_key(encode_key(("ab", (None, -1.5))))
        ('ab', (None, -1.5))
    """
    values = []
    place = 0
    try:
        while place < len(data):
            value, place = _decode(data, place)
            values.append(value)
    except (ArithmeticError, LookupError, RecursionError, ValueError) as error:
        raise StateError(
            f"bytes {data[:40].hex()} are not a key: what stands at byte {place} cannot be read ({error})",
            hint="the state was damaged, or written by something else",
        ) from error
    return tuple(values)


def _encode(value: Any) -> bytes:
    encoder = _ENCODERS.get(type(value))
    if encoder is None:
        raise StateError(
            f"a key holds a {type(value).__module__}.{type(value).__qualname__}, which has no order as bytes",
            hint="make keys of numbers, text, bytes, times, UUIDs, None, and tuples of these",
        )
    return encoder(value)


def _encode_int(value: int) -> bytes:
    size = abs(value)
    width = (size.bit_length() + 7) // 8
    if width > _WIDEST:
        raise StateError(
            f"the key {value} takes more than {_WIDEST} bytes", hint="use its text, or a Decimal"
        )
    if value >= 0:
        return bytes((_ZERO + width,)) + size.to_bytes(width)
    return bytes((_ZERO - width,)) + ((1 << 8 * width) - 1 - size).to_bytes(width)


def _encode_float(value: float) -> bytes:
    value = math.nan if math.isnan(value) else value + 0.0  # one NaN, and -0.0 is 0.0
    bits = int.from_bytes(struct.pack(">d", value))
    return b"\x20" + (bits ^ (_ALL if bits & _SIGN else _SIGN)).to_bytes(8)


def _encode_datetime(value: datetime) -> bytes:
    if value.utcoffset() is None:
        return b"\x39" + _flipped((value.replace(tzinfo=None) - _EPOCH) // _MICROSECOND)
    return b"\x3a" + _flipped((value - _EPOCH_UTC) // _MICROSECOND)


def _encode_time(value: time) -> bytes:
    if value.tzinfo is not None:
        raise StateError(
            f"the key {value!r} is a time of day with a zone, which has no order", hint="drop the zone"
        )
    day = timedelta(
        hours=value.hour, minutes=value.minute, seconds=value.second, microseconds=value.microsecond
    )
    return b"\x3b" + (day // _MICROSECOND).to_bytes(8)


def _encode_timedelta(value: timedelta) -> bytes:
    rest = timedelta(seconds=value.seconds, microseconds=value.microseconds) // _MICROSECOND
    return b"\x3c" + (value.days + (1 << 31)).to_bytes(4) + rest.to_bytes(8)


def _escaped(raw: bytes) -> bytes:
    return raw.replace(b"\0", b"\0\xff") + b"\0\x01"


def _flipped(number: int) -> bytes:
    return (number + _SIGN).to_bytes(8)


_ENCODERS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"\x01",
    bool: lambda value: b"\x03" if value else b"\x02",
    int: _encode_int,
    float: _encode_float,
    Decimal: lambda value: b"\x28" + encode_decimal(value),
    str: lambda value: _TEXT + _escaped(value.encode("utf-8", "surrogatepass")),
    bytes: lambda value: _BYTES + _escaped(value),
    date: lambda value: b"\x38" + value.toordinal().to_bytes(4),
    datetime: _encode_datetime,
    time: _encode_time,
    timedelta: _encode_timedelta,
    UUID: lambda value: b"\x40" + value.bytes,
    tuple: lambda value: _TUPLE + encode_key(value) + _END,
}


def _decode(data: bytes, place: int) -> tuple[Any, int]:
    """Return the value at a place, and the place after it."""
    tag, place = data[place], place + 1
    if tag in _CONSTANTS:
        return _CONSTANTS[tag], place
    if abs(tag - _ZERO) <= _WIDEST:
        return _decode_int(data, tag, place)
    if tag in _FIXED:
        width, read = _FIXED[tag]
        return read(_taken(data, place, width)), place + width
    return _OPEN[tag](data, place)


def _decode_int(data: bytes, tag: int, place: int) -> tuple[int, int]:
    width = abs(tag - _ZERO)
    size = int.from_bytes(_taken(data, place, width))
    return size if tag >= _ZERO else size + 1 - (1 << 8 * width), place + width


def _decode_float(raw: bytes) -> float:
    bits = int.from_bytes(raw)
    value: float = struct.unpack(">d", (bits ^ (_SIGN if bits & _SIGN else _ALL)).to_bytes(8))[0]
    return value


def _decode_timedelta(raw: bytes) -> timedelta:
    return timedelta(days=int.from_bytes(raw[:4]) - (1 << 31), microseconds=int.from_bytes(raw[4:]))


def _decode_text(data: bytes, place: int) -> tuple[str, int]:
    raw, place = _decode_bytes(data, place)
    return raw.decode("utf-8", "surrogatepass"), place


def _decode_bytes(data: bytes, place: int) -> tuple[bytes, int]:
    end = data.index(b"\0\x01", place)
    return data[place:end].replace(b"\0\xff", b"\0"), end + 2


def _decode_tuple(data: bytes, place: int) -> tuple[tuple[Any, ...], int]:
    values = []
    while data[place]:
        value, place = _decode(data, place)
        values.append(value)
    return tuple(values), place + 1


def _micros(raw: bytes) -> timedelta:
    return timedelta(microseconds=int.from_bytes(raw) - _SIGN)


def _taken(data: bytes, place: int, width: int) -> bytes:
    raw = data[place : place + width]
    if len(raw) < width:
        raise ValueError(f"{width} bytes expected, {len(raw)} there")
    return raw


_CONSTANTS: dict[int, bool | None] = {1: None, 2: False, 3: True}
_FIXED: dict[int, tuple[int, Callable[[bytes], Any]]] = {
    0x20: (8, _decode_float),
    0x38: (4, lambda raw: date.fromordinal(int.from_bytes(raw))),
    0x39: (8, lambda raw: _EPOCH + _micros(raw)),
    0x3A: (8, lambda raw: _EPOCH_UTC + _micros(raw)),
    0x3B: (8, lambda raw: (_EPOCH + timedelta(microseconds=int.from_bytes(raw))).time()),
    0x3C: (12, _decode_timedelta),
    0x40: (16, lambda raw: UUID(bytes=raw)),
}
_OPEN: dict[int, Callable[[bytes, int], tuple[Any, int]]] = {
    0x28: decode_decimal,
    0x30: _decode_text,
    0x31: _decode_bytes,
    0x48: _decode_tuple,
}
