"""The schemas of sources that play a test's events: what one test does not show, another or the file may."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from pulse.errors import PulseError
from pulse.io.files.locate import STDIN, paths_of
from pulse.io.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from pulse.graph.ops import ReadOp
    from pulse.io.base import Source


def known_schema(op: ReadOp, records: Sequence[Any]) -> pa.Schema | None:
    """Return the schema of a source as far as it is known before a test is played.

    Args:
        op: the step that reads the source.
        records: its records in the events of all tests.

    Returns:
        The declared schema; else the fields that the source's own file shows, when there is one, and then
        those that the records show; None when neither shows fields.
    """
    if op.schema is not None:
        return op.schema
    return _joined(_of_file(op.source), Memory(records).sniff_schema())


def schema_of_test(op: ReadOp, records: Sequence[Any], known: pa.Schema | None) -> pa.Schema | None:
    """Return the schema that a source has in one test: its own events' types, then what else is known.

    Args:
        op: the step that reads the source.
        records: its records in the events of the test.
        known: what ``known_schema`` gave.

    Returns:
        None when the records have no one schema: they are rows as they are.
    """
    if op.schema is not None or not records:
        return known
    shown = Memory(records).sniff_schema()
    return None if shown is None else _joined(shown, known)


def _joined(first: pa.Schema | None, second: pa.Schema | None) -> pa.Schema | None:
    """Return the fields of two schemas; the first says the type of those in both."""
    if first is None or second is None:
        return second if first is None else first
    return pa.schema([*first, *(field for field in second if field.name not in first.names)])


def _of_file(source: Source) -> pa.Schema | None:
    """Return what a file on this machine shows; None when there is none, or the source reads others."""
    path = getattr(source, "path", None)
    if path is None or not source.bounded:
        return None
    if any(each == STDIN or "://" in each for each in paths_of(path)):
        return None
    try:
        return source.sniff_schema()
    except PulseError:
        return None
