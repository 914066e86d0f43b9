"""Dealing records to replicas by the hash of their key.

The hash depends on the key's value alone: not on the run, the process, the bundle, or on whether an integer
stands in an integer or a double column.
"""

from __future__ import annotations

import math
import struct
import zlib
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pulse.engine.windowing.names import key_column
from pulse.graph.plan import KEY_GROUPS
from pulse.model.rows import to_values
from pulse.model.time import from_datetime

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.model.bundle import Bundle, Int64s

_CACHE = 1 << 20


def stable_hash(value: Any) -> int:  # noqa: PLR0911 - one line per kind of key
    """Return a hash of a key value, the same in every process; equal values have equal hashes.

    Example:
        >>> stable_hash(1) == stable_hash(1.0) == stable_hash(Decimal("1.00"))
        True
        >>> stable_hash("a") == stable_hash("b")
        False
    """
    if value is None:
        return 0
    if isinstance(value, str):
        return zlib.crc32(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, bytes):
        return zlib.crc32(value)
    if isinstance(value, datetime):
        value = from_datetime(value)
    elif isinstance(value, Decimal) and value.is_finite():
        value = int(value) if value == int(value) else float(value)
    if isinstance(value, float):
        if math.isnan(value):
            return 3
        if not value.is_integer():
            return zlib.crc32(struct.pack("<d", value))
        value = int(value)
    if isinstance(value, int):
        return zlib.crc32(value.to_bytes(max(9, value.bit_length() // 8 + 1), "little", signed=True))
    return zlib.crc32(str(value).encode())


def _field(record: Any, name: str) -> Any:
    """Return a key; of a record without it, what the step that takes it will reject."""
    return record.get(name) if isinstance(record, dict) else None


class Partitioner:
    """Deals bundles to replicas.

    Args:
        keys: the key fields.
        replicas: how many there are.
    """

    def __init__(self, keys: Sequence[str], replicas: int) -> None:
        self.keys = tuple(keys)
        self.replicas = replicas
        self._known: dict[Any, int] = {}

    def split(self, bundle: Bundle) -> list[tuple[int, Bundle]]:
        """Return each replica's share of a bundle, in order; replicas without a share are left out."""
        targets = self.groups(bundle) * self.replicas // KEY_GROUPS
        return [(replica, bundle.take(targets == replica)) for replica in np.unique(targets).tolist()]

    def groups(self, bundle: Bundle) -> Int64s:
        """Return the key group of each record, ``0 <= group < KEY_GROUPS``."""
        total = np.zeros(len(bundle), np.int64)
        for key in self.keys:
            if bundle.is_rows:
                hashes = np.fromiter(
                    (self._hash(_field(row, key)) for row in bundle.rows), np.int64, len(bundle)
                )
            else:
                name = key_column(key) if bundle.partial else key
                hashes = self._column(bundle.batch.column(name))
            total = (total * 31 + hashes) & 0x7FFF_FFFF_FFFF
        # Mix the bits, so that consecutive numbers spread over the groups.
        total = (total ^ (total >> 15)) * 0x2C1B3C6D & 0x7FFF_FFFF_FFFF
        return (total >> 12) % KEY_GROUPS

    def _column(self, column: Any) -> Int64s:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        column = pc.dictionary_encode(column, null_encoding="encode")
        values = to_values(column.dictionary)
        hashes = np.fromiter((self._hash(value) for value in values), np.int64, len(values))
        if not len(hashes):
            return np.zeros(len(column), np.int64)
        return hashes[np.asarray(column.indices.to_numpy(zero_copy_only=False), np.int64)]

    def _hash(self, value: Any) -> int:
        try:
            found = self._known.get(value)
        except TypeError:
            return 0  # a list or the like: whichever replica takes it says that it is no key
        if found is None:
            found = stable_hash(value)
            if len(self._known) >= _CACHE:
                self._known.clear()
            self._known[value] = found
        return found
