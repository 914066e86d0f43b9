"""Decimals as bytes whose order is the order of the values; ``pulse.state.keys`` tells the layout."""

from __future__ import annotations

from decimal import Decimal

_BIAS = 1 << 63
_KINDS = {"-inf": 1, "-": 2, "0": 3, "+": 4, "inf": 5, "nan": 6}
_SPECIAL = {
    1: Decimal("-Infinity"),
    3: Decimal(0),
    5: Decimal("Infinity"),
    6: Decimal("NaN"),
}
_COMPLEMENT = bytes(range(255, -1, -1))
_PLAIN_ZEROS = 40


def encode_decimal(value: Decimal) -> bytes:
    r"""Return the body of a decimal; equal values, whatever their trailing zeros, have equal bytes.

    Example:
        >>> encode_decimal(Decimal("12.50"))
        b'\x04\x80\x00\x00\x00\x00\x00\x00\x02125\x00'
        >>> encode_decimal(Decimal("-2")) < encode_decimal(Decimal("-1.5")) < encode_decimal(Decimal("0.01"))
        True
    """
    if value.is_nan():
        return bytes((_KINDS["nan"],))
    negative = value.is_signed()
    if value.is_infinite():
        return bytes((_KINDS["-inf" if negative else "inf"],))
    if not value:
        return bytes((_KINDS["0"],))
    _, digits, exponent = value.as_tuple()
    text = bytes(48 + digit for digit in digits)
    body = (int(exponent) + len(text) + _BIAS).to_bytes(8) + text.rstrip(b"0") + b"\0"
    if negative:
        return bytes((_KINDS["-"],)) + body.translate(_COMPLEMENT)
    return bytes((_KINDS["+"],)) + body


def decode_decimal(data: bytes, place: int) -> tuple[Decimal, int]:
    """Return the decimal at a place, without trailing zeros after the point, and the place after it.

    Raises:
        LookupError: the data ends too early.
        ValueError: the data is not a decimal.

    Example:
        >>> decode_decimal(encode_decimal(Decimal("-1200.50")), 0)
        (Decimal('-1200.5'), 15)
    """
    kind, place = data[place], place + 1
    if kind in _SPECIAL:
        return _SPECIAL[kind], place
    if kind not in (_KINDS["-"], _KINDS["+"]):
        raise ValueError(f"{kind} is no kind of decimal")
    negative = kind == _KINDS["-"]
    end = data.index(b"\xff" if negative else b"\0", place + 8)
    body = data[place:end].translate(_COMPLEMENT) if negative else data[place:end]
    text = body[8:].decode("ascii")
    exponent = int.from_bytes(body[:8]) - _BIAS - len(text)
    if 0 < exponent <= _PLAIN_ZEROS:
        text, exponent = text + "0" * exponent, 0
    return Decimal((int(negative), tuple(map(int, text)), exponent)), end + 1
