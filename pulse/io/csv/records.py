"""Where the records of CSV text begin and end: a line end within quotes ends none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pulse.io.newlines import count_byte

if TYPE_CHECKING:
    import numpy.typing as npt

    from pulse.model.bundle import Int64s

    Codes = npt.NDArray[np.uint8]

_NEWLINE, _RETURN = b"\n\r"


@dataclass(frozen=True)
class Records:
    """The records of a block that are not blank lines.

    Args:
        starts: where each begins, ``int64[n]``.
        ends: where each ends, without its line end.
        numbers: the line that each begins on, 1-based.
        lines: how many lines the block has.
        open_at: where the last record begins when a quote in it is not closed; None when all are. It is not
            among the records.
    """

    starts: Int64s
    ends: Int64s
    numbers: Int64s
    lines: int
    open_at: int | None = None


def find_records(data: bytes, delimiter: str, quote: str) -> Records:
    r"""Find the records of CSV text that starts at a record.

    Example:
        >>> found = find_records(b'a,"x\ny"\n\nb,z', ",", '"')
        >>> found.starts.tolist(), found.numbers.tolist(), found.lines
        ([0, 9], [1, 4], 4)
    """
    codes = np.frombuffer(data, np.uint8)
    breaks = _breaks(codes)
    outer, open_quote = _outside(data, codes, breaks, delimiter, quote)
    starts = np.concatenate(([0], outer + 1))
    ends = np.append(outer, len(data))
    if not open_quote and starts[-1] == len(data):
        starts, ends = starts[:-1], ends[:-1]
    lines = len(breaks) + int(data != b"" and not data.endswith((b"\n", b"\r")))
    open_at = None
    if open_quote:
        open_at, starts, ends = int(starts[-1]), starts[:-1], ends[:-1]
    if len(starts):
        ends = ends - ((ends > starts) & (codes[ends - 1] == _RETURN))
        filled = ends > starts
        if not filled.all():
            starts, ends = starts[filled], ends[filled]
    same = len(outer) == len(breaks) and len(starts) == lines
    numbers = np.arange(1, lines + 1) if same else np.searchsorted(breaks, starts) + 1
    return Records(starts, ends, numbers, lines, open_at)


def last_end(data: bytes, delimiter: str, quote: str) -> int:
    """Return where the last whole record of CSV text ends, behind its newline; 0 when there is none."""
    if quote.encode() not in data:
        return data.rfind(b"\n") + 1
    codes = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(codes == _NEWLINE)
    outer, _ = _outside(data, codes, newlines, delimiter, quote)
    return int(outer[-1]) + 1 if len(outer) else 0


def count_lines(data: bytes) -> int:
    """Return how many lines text has; a carriage return alone ends one, as it ends a record."""
    count = count_byte(data, b"\n")
    if b"\r" in data:
        count += data.count(b"\r") - data.count(b"\r\n")
    return count + (data != b"" and not data.endswith((b"\n", b"\r")))


def _breaks(codes: Codes) -> Int64s:
    """Return the positions of line ends; that of CR LF is its LF."""
    newlines = np.flatnonzero(codes == _NEWLINE)
    returns = np.flatnonzero(codes == _RETURN)
    if not len(returns):
        return newlines
    lonely = returns[
        (returns == len(codes) - 1) | (codes[np.minimum(returns + 1, len(codes) - 1)] != _NEWLINE)
    ]
    return np.sort(np.concatenate((newlines, lonely))) if len(lonely) else newlines


def _outside(data: bytes, codes: Codes, breaks: Int64s, delimiter: str, quote: str) -> tuple[Int64s, bool]:
    """Return the line ends that no quotes enclose, and whether the last quote is not closed."""
    quotes = np.flatnonzero(codes == ord(quote))
    if not len(quotes):
        return breaks, False
    if not _regular(codes, quotes, delimiter, quote):
        return _outside_slowly(data, breaks, delimiter, quote)
    return breaks[np.searchsorted(quotes, breaks) % 2 == 0], len(quotes) % 2 == 1


def _regular(codes: Codes, quotes: Int64s, delimiter: str, quote: str) -> bool:
    """Return whether every quote opens or closes a cell or stands doubled: then counting is enough."""
    opening, closing = quotes[0::2], quotes[1::2]
    neighbours = np.isin(np.arange(256), [ord(delimiter), ord(quote), _NEWLINE, _RETURN])
    before = neighbours[codes[opening - 1]] | (opening == 0)
    after = neighbours[codes[np.minimum(closing + 1, len(codes) - 1)]] | (closing == len(codes) - 1)
    return bool(before.all() and after.all())


def _outside_slowly(data: bytes, breaks: Int64s, delimiter: str, quote: str) -> tuple[Int64s, bool]:
    """Walk the quoted cells; a quote in a cell that does not start with one is like any character."""
    mark, between = re.escape(quote.encode()), re.escape(delimiter.encode())
    inner = b"[^%b]*" % mark
    cell = re.compile(
        rb"(?:\A|(?<=[\r\n%b]))%b%b(?:%b%b)*(%b)?" % (between, mark, inner, mark * 2, inner, mark)
    )
    spans = [(match.start(), match.end(), match[1] is None) for match in cell.finditer(data)]
    if not spans:
        return breaks, False
    starts = np.array([start for start, _, _ in spans])
    ends = np.array([end for _, end, _ in spans])
    inside = np.searchsorted(starts, breaks, "right") - 1
    outer = (inside < 0) | (breaks >= ends[inside])
    return breaks[outer], spans[-1][2]


def first_end(data: bytes, delimiter: str, quote: str) -> int:
    """Return where the first record that is not blank ends, behind its line end."""
    found = find_records(data, delimiter, quote)
    if not len(found.ends):
        return len(data)
    end = int(found.ends[0])
    ending = 2 if data[end : end + 2] == b"\r\n" else 1
    return min(end + ending, len(data))
