"""Which windows of one key overlap, found by sorting: no loop over records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Int64s

_ROOM = 2**62


def key_codes(table: pa.Table, keys: Sequence[str]) -> Int64s:
    """Return one small integer per row, equal where the keys are equal.

    Example:
        >>> key_codes(pa.table({"k": ["b", None, "b"], "n": [1, 1, 2]}), ["k", "n"]).tolist()
        [0, 2, 1]
    """
    codes = np.zeros(table.num_rows, np.int64)
    for key in keys:
        column = table.column(key).combine_chunks()
        encoded: Any = pc.dictionary_encode(column, null_encoding="encode")
        part = np.asarray(encoded.indices.to_numpy(zero_copy_only=False), np.int64)
        if len(keys) == 1:
            return part
        combined: Int64s = codes * (len(encoded.dictionary) + 1) + part
        codes = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    return codes


def overlapping(table: pa.Table, keys: Sequence[str], starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """Number the sessions that windows of equal keys merge into; touching windows do not merge.

    Returns:
        The session of each row in sorted order (0, 0, 1, ...), and the rows in that order: by key, then
        start; rows with the same start in their order of arrival.

    Example:
        >>> table = pa.table({"k": ["a", "b", "a", "a"]})
        >>> session, order = overlapping(table, ["k"], np.array([0, 0, 20, 5]), np.array([10, 10, 30, 15]))
        >>> session.tolist(), order.tolist()
        ([0, 0, 1, 2], [0, 3, 2, 1])
    """
    return merged_windows(key_codes(table, keys), starts, ends)


def merged_windows(codes: Int64s, starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """Number the sessions that windows merge into, given the key of each as a small integer.

    Returns:
        See ``overlapping``.
    """
    if not len(starts):
        return starts, starts
    low, high = int(starts.min()), int(ends.max())
    span = high - low + 1
    if (int(codes.max()) + 1) * span >= _ROOM:
        return _overlapping_ranked(codes, starts, ends)
    # One number per row orders by key first, then time; the furthest end so far is a running maximum over
    # such numbers, for those of the next key are all larger.
    base = codes * span
    begin = base + (starts - low)
    order = np.argsort(begin, kind="stable")
    furthest = np.maximum.accumulate((base + (ends - low))[order])
    begin = begin[order]
    fresh = np.ones(len(order), np.int64)
    fresh[1:] = (begin[1:] >= furthest[:-1]) | (codes[order][1:] != codes[order][:-1])
    return np.cumsum(fresh) - 1, order


def _overlapping_ranked(codes: Int64s, starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """The same for times too far apart for one number: their ranks take their place."""
    values, ranks = np.unique(np.concatenate([starts, ends]), return_inverse=True)
    begin, end = ranks[: len(starts)].astype(np.int64), ranks[len(starts) :].astype(np.int64)
    base = codes * (len(values) + 1)
    order = np.argsort(base + begin, kind="stable")
    furthest = np.maximum.accumulate((base + end)[order])
    begin = (base + begin)[order]
    fresh = np.ones(len(order), np.int64)
    fresh[1:] = (begin[1:] >= furthest[:-1]) | (codes[order][1:] != codes[order][:-1])
    return np.cumsum(fresh) - 1, order


def same_key(column: pa.ChunkedArray[Any], key: pa.Scalar[Any]) -> Any:
    """Return where a key column has a value; null equals null, NaN equals NaN."""
    if not key.is_valid:
        return pc.is_null(column)
    if pa.types.is_floating(key.type) and key.as_py() != key.as_py():
        nans: Any = pc.is_nan(column)
        return pc.fill_null(nans, pa.scalar(value=False))
    same: Any = pc.equal(column, key)
    return pc.fill_null(same, pa.scalar(value=False))
