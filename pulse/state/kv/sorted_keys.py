"""The keys of a dict in order, sorted when someone asks."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

_FEW = 200


class SortedKeys:
    """Keys of a dict in byte order: writes note what came or went, the next look at the order settles it.

    A few changes are moved into place one by one; many cost one pass over all keys. So loading a million keys
    sorts once, and neither does a look after each write.

    Args:
        present: the dict (or set) that says which keys there are.
        keys: those that are in order already.
        touched: those that came or went since.

    Example:
        >>> data = {b"b": 1, b"a": 2}
        >>> keys = SortedKeys(data)
        >>> keys.touch(data)
        >>> keys.between(b"", None)
        [b'a', b'b']
    """

    def __init__(
        self, present: Collection[bytes], keys: Iterable[bytes] = (), touched: Iterable[bytes] = ()
    ) -> None:
        self._present = present
        self._keys = list(keys)
        self._touched = set(touched)

    def copy(self, present: Collection[bytes]) -> SortedKeys:
        """Return the order of a copy of the dict, without settling it."""
        return SortedKeys(present, self._keys, self._touched)

    def touch(self, keys: Iterable[bytes]) -> None:
        """Note that these keys came or went since the last look."""
        self._touched.update(keys)

    def between(self, start: bytes, stop: bytes | None, limit: int | None = None) -> list[bytes]:
        """Return the keys with start <= key < stop in order, at most ``limit`` of them."""
        first, last = self._bounds(start, stop)
        return self._keys[first : last if limit is None else min(last, first + limit)]

    def cut(self, start: bytes, stop: bytes | None) -> list[bytes]:
        """Take the keys with start <= key < stop out of the order, and return them."""
        first, last = self._bounds(start, stop)
        gone = self._keys[first:last]
        del self._keys[first:last]
        return gone

    def _bounds(self, start: bytes, stop: bytes | None) -> tuple[int, int]:
        if self._touched:
            self._settle()
        first = bisect_left(self._keys, start)
        return first, len(self._keys) if stop is None else bisect_left(self._keys, stop, lo=first)

    def _settle(self) -> None:
        touched, present, keys = self._touched, self._present, self._keys
        if len(touched) < _FEW:
            for key in touched:
                place = bisect_left(keys, key)
                known = place < len(keys) and keys[place] == key
                if key in present and not known:
                    keys.insert(place, key)
                elif known and key not in present:
                    del keys[place]
        else:
            kept = [key for key in keys if key not in touched]
            kept += sorted(key for key in touched if key in present)
            kept.sort()  # two sorted runs: one merge
            self._keys = kept
        self._touched = set()
