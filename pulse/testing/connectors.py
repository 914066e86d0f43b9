"""The contract of connectors, as public tests: what every source must do, checked on one with known records.

``check_source`` is for people who write a source of their own; the project's sources pass it too.
"""

from __future__ import annotations

import math
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass, replace
from typing import TYPE_CHECKING, Any

from pulse.io.base import BadRecord, Block, End, ReadRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pulse.io.base import Decoded, Json, Reader, Source

_MOST_POSITIONS = 50
_IDLE_POLLS = 1000


@dataclass
class Contents:
    """What was read of a split.

    Args:
        rows: the records.
        times: their event times, microseconds; None each when the source has none.
        places: origin and line or row number of each record.
        bad: the bad records, with numbers that count from the start of their origin.
        positions: for each block, its position and how many records and bad records of its split were read
            up to it.
    """

    rows: list[Any] = field(default_factory=list)
    times: list[int | None] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    bad: list[BadRecord] = field(default_factory=list)
    positions: list[tuple[Json, int, int]] = field(default_factory=list)


def read_source(source: Source, request: ReadRequest, split: str = "0", position: Json = None) -> Contents:
    """Read a split to its end, or, when the source has none, to where nothing comes any more."""
    reader = source.open(split, request, position)
    try:
        return _read(source, reader)
    finally:
        reader.close()


def check_source(
    source: Source,
    *,
    expected_rows: Sequence[Any] | None = None,
    expected_times: Sequence[int] | None = None,
    expected_bad: Sequence[tuple[int, str]] | None = None,
    request: ReadRequest | None = None,
) -> Contents:
    """Check that a source keeps the contract of ``pulse.io.base``.

    - Making the declaration, and asking for its label, splits and declared schema, opens nothing.
    - Decoding a block is pure: again, and after later blocks were read, it gives the same.
    - Reading on from the position of any block gives exactly the records that come after it.
    - A request for some fields gives the same records with those fields.
    - Both layouts give the same records, event times and bad records.

    Args:
        source: the source; it must be possible to open it several times.
        expected_rows: the records of all splits, in order.
        expected_times: their event times.
        expected_bad: line or row number and reason of the bad records.
        request: what to ask for; by default the whole schema, in small blocks so that there are several.

    Returns:
        What was read, for further checks.

    Raises:
        AssertionError: naming the part of the contract that is broken.

    Example:
        >>> from pulse.io.memory import Memory
        >>> check_source(Memory([{"a": 1}, {"a": 2}]), expected_rows=[{"a": 1}, {"a": 2}]).places
        [('memory', 1), ('memory', 2)]
    """
    _check_declaration(source)
    if request is None:
        request = ReadRequest(source.declared_schema() or source.sniff_schema(), block_bytes=256)
    request = replace(request, layout=source.layouts[0])
    whole = Contents()
    for split in source.splits():
        contents = read_source(source, request, split)
        _check_resume(source, request, split, contents)
        for layout in source.layouts[1:]:
            other = read_source(source, replace(request, layout=layout), split)
            _same_contents(f"layouts {request.layout} and {layout}", contents, other)
        if request.schema is not None:
            _check_projection(source, request, split, contents)
        whole.rows += contents.rows
        whole.times += contents.times
        whole.places += contents.places
        whole.bad += contents.bad
        whole.positions += contents.positions
    if expected_rows is not None:
        assert equal(whole.rows, list(expected_rows)), _differ("records", whole.rows, expected_rows)  # noqa: S101
    if expected_times is not None:
        assert whole.times == list(expected_times), _differ("event times", whole.times, expected_times)  # noqa: S101
    if expected_bad is not None:
        found = [(bad.number, bad.reason) for bad in whole.bad]
        assert found == list(expected_bad), _differ("bad records", found, expected_bad)  # noqa: S101
    return whole


def equal(left: Any, right: Any) -> bool:
    """Return whether two values are equal, NaN being equal to itself.

    Example:
        >>> equal([1, float("nan")], [1.0, float("nan")]), equal({"a": 1}, {"a": 1, "b": None})
        (True, False)
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(value, right[name]) for name, value in left.items())
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, float) and isinstance(right, float) and math.isnan(left):
        return math.isnan(right)
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _read(source: Source, reader: Reader) -> Contents:
    contents = Contents()
    counts: dict[str, int] = {}
    blocks: list[tuple[Block, Decoded]] = []
    idle = 0
    while idle < (_IDLE_POLLS if source.bounded else 2):
        block = reader.poll()
        if isinstance(block, End):
            break
        if not isinstance(block, Block):
            idle += 1
            continue
        idle = 0
        decoded = reader.decode(block)
        blocks.append((block, decoded))
        first = counts.get(block.origin, 0) if block.first is None else block.first
        counts[block.origin] = first + decoded.units
        _add(contents, block, decoded, first)
    for block, decoded in blocks:
        again, twin = Contents(), Contents()
        _add(again, block, reader.decode(block), 0)
        _add(twin, block, decoded, 0)
        _same_contents("decoding a block twice", twin, again)
    return contents


def _add(contents: Contents, block: Block, decoded: Decoded, first: int) -> None:
    data = decoded.data
    rows = list(data) if isinstance(data, list) else data.to_pylist() or [{}] * data.num_rows
    assert len(rows) == len(decoded.numbers), "as many numbers as records"  # noqa: S101
    contents.rows += rows
    contents.times += [None] * len(rows) if decoded.times is None else decoded.times.tolist()
    contents.places += [(block.origin, first + number) for number in decoded.numbers.tolist()]
    contents.bad += [replace(bad, number=first + bad.number) for bad in decoded.bad]
    contents.positions.append((block.position, len(contents.rows), len(contents.bad)))


def _check_declaration(source: Source) -> None:
    with _watched() as opened:
        if is_dataclass(source):
            replace(source)
        assert source.label  # noqa: S101
        assert source.splits()  # noqa: S101
        source.declared_schema()
    assert not opened, f"making a declaration opens nothing, but this one opened {opened}"  # noqa: S101


def _check_resume(source: Source, request: ReadRequest, split: str, contents: Contents) -> None:
    step = max(1, len(contents.positions) // _MOST_POSITIONS)
    for position, rows, bad in contents.positions[::step]:
        rest = read_source(source, request, split, position)
        expected = Contents(
            contents.rows[rows:], contents.times[rows:], contents.places[rows:], contents.bad[bad:]
        )
        _same_contents(f"reading on from {position}", expected, rest)


def _check_projection(source: Source, request: ReadRequest, split: str, contents: Contents) -> None:
    names = request.schema.names if request.schema is not None else []
    known = dict(zip(contents.places, zip(contents.rows, contents.times, strict=True), strict=True))
    for layout in source.layouts:
        for fields in [(), *((name,) for name in names), tuple(names)]:
            part = read_source(source, replace(request, fields=fields, layout=layout), split)
            found = dict(zip(part.places, zip(part.rows, part.times, strict=True), strict=True))
            for place, (row, time) in known.items():
                expected = ({name: row[name] for name in fields}, time)
                assert equal(found.get(place), expected), _differ(  # noqa: S101
                    f"fields {fields} as {layout} at {place}", found.get(place), expected
                )


def _same_contents(what: str, left: Contents, right: Contents) -> None:
    for part in ("rows", "times", "places", "bad"):
        one, two = getattr(left, part), getattr(right, part)
        assert equal(one, two), _differ(f"{what}: {part}", two, one)  # noqa: S101


def _differ(what: str, found: Any, expected: Any) -> str:
    if isinstance(found, list) and isinstance(expected, list | tuple):
        for index, (one, two) in enumerate(zip(found, expected, strict=False)):
            if not equal(one, two):
                return f"{what} differ at {index}: found {one!r}, expected {two!r}"
        return f"{what} differ: found {len(found)}, expected {len(expected)}"
    return f"{what} differ: found {found!r}, expected {expected!r}"


_OPENING = ("open", "os.listdir", "os.scandir", "glob.glob", "socket.connect", "subprocess.Popen")
_watchers: list[list[str]] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if _watchers and event in _OPENING:
        for watcher in _watchers:
            watcher.append(f"{event}{arguments[:1]}")


@contextmanager
def _watched() -> Iterator[list[str]]:
    """Collect what is opened meanwhile."""
    if _hear not in _installed:
        sys.addaudithook(_hear)
        _installed.append(_hear)
    opened: list[str] = []
    _watchers.append(opened)
    try:
        yield opened
    finally:
        _watchers.remove(opened)


_installed: list[Any] = []
