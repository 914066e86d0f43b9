"""State of all keys and windows, what of it has lived too long, and its form in a checkpoint."""

from __future__ import annotations

from functools import partial
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from pulse.engine.process.call import EMPTY
from pulse.engine.process.cells import cell_of
from pulse.state.values import from_plain, to_plain

if TYPE_CHECKING:
    from pulse.engine.process.call import Call, Entry
    from pulse.engine.process.context import ProcessContext
    from pulse.model.state import Declared


class Entries:
    """The entries by window and key.

    Args:
        declared: the cells of each entry.
        call: the call at hand.
        context: what the process sees; the cells are put there under their names.
    """

    def __init__(self, declared: Declared, call: Call, context: ProcessContext) -> None:
        self.windows: dict[int, dict[Any, Entry]] = {}
        self.names = [name for name, _ in declared.cells]
        self.cells = [cell_of(name, spec, i, call) for i, (name, spec) in enumerate(declared.cells)]
        for name, cell in zip(self.names, self.cells, strict=True):
            setattr(context, name, cell)
        self.size = len(self.cells)
        lives = [(i, spec.ttl_us) for i, (_, spec) in enumerate(declared.cells) if spec.ttl_us is not None]
        self.ttls = {
            i: (ttl, self.size + 2 * place, self.size + 2 * place + 1) for place, (i, ttl) in enumerate(lives)
        }
        """Of each cell with a time to live: how long that is, and where its two times stand in an entry."""
        self.blank: Entry = [EMPTY] * (self.size + 2 * len(self.ttls))
        self._call, self._context = call, context
        self._due: list[tuple[int, int, int, Any, int]] = []
        self._number = 0
        if self.ttls:
            call.touch, call.watched = self.touch, True

    def __len__(self) -> int:
        return sum(map(len, self.windows.values()))

    def is_blank(self, entry: Entry) -> bool:
        """Return whether no cell of an entry holds anything."""
        return all(value is EMPTY for value in entry[: self.size])

    def settle(self, start: int, key: Any) -> None:
        """Forget the entry of a key when it holds nothing."""
        entries = self.windows[start]
        entry = entries.get(key)
        if entry is not None and self.is_blank(entry):
            del entries[key]

    # -- time to live -----------------------------------------------------------------------------------

    def touch(self, entry: Entry, index: int) -> None:
        """Take note that a cell is written now."""
        life = self.ttls.get(index)
        if life is None:
            return
        ttl, written, looked_at = life
        context, call = self._context, self._call
        before = entry[written]
        if before is not EMPTY and before >= context.time:
            return
        if call.journal is not None:
            call.journal.append(partial(entry.__setitem__, written, before))
        entry[written] = context.time
        if entry[looked_at] is EMPTY:
            self._look_at(entry, index, context.time + ttl, call.start, context.key)

    def expire(self, entry: Entry, time: int) -> None:
        """Clear the cells of an entry whose time is over, by a record's time or the watermark."""
        for index, (ttl, written, _) in self.ttls.items():
            since = entry[written]
            if since is not EMPTY and since + ttl <= time:
                entry[index] = entry[written] = EMPTY

    def reap(self, watermark: int) -> None:
        """Forget what has lived too long by the watermark."""
        due = self._due
        while due and due[0][0] <= watermark:
            at, _, start, key, index = heappop(due)
            entry = self.windows.get(start, {}).get(key)
            if entry is None:
                continue
            ttl, written, looked_at = self.ttls[index]
            if entry[looked_at] != at:
                continue
            entry[looked_at] = EMPTY
            since = entry[written]
            if since is not EMPTY and since + ttl > watermark:
                self._look_at(entry, index, since + ttl, start, key)
                continue
            entry[index] = entry[written] = EMPTY
            self.settle(start, key)

    @property
    def due(self) -> int | None:
        """The watermark at which something may have lived too long."""
        return self._due[0][0] if self._due else None

    def _look_at(self, entry: Entry, index: int, at: int, start: int, key: Any) -> None:
        entry[self.ttls[index][2]] = at
        self._number += 1
        heappush(self._due, (at, self._number, start, key, index))
        self._call.soonest = min(self._call.soonest, at)

    # -- checkpoints --------------------------------------------------------------------------------------

    def snapshot(self) -> list[Any]:
        """Return all state as plain data.

        Raises:
            StateError: when a cell holds something that is not plain data.
        """
        return [
            [start, [[to_plain(key, "key"), self._save(entry)] for key, entry in entries.items()]]
            for start, entries in self.windows.items()
        ]

    def _save(self, entry: Entry) -> dict[str, Any]:
        saved: dict[str, Any] = {}
        for index, (name, cell) in enumerate(zip(self.names, self.cells, strict=True)):
            if entry[index] is not EMPTY:
                value = to_plain(cell.save(entry[index]), f"state {name!r}")
                life = self.ttls.get(index)
                saved[name] = [value] if life is None else [value, entry[life[1]]]
        return saved

    def restore(self, saved: list[Any]) -> None:
        """Take back what ``snapshot`` gave; forgets all else."""
        self.windows, self._due = {}, []
        for start, entries in saved:
            found = self.windows[start] = {}
            for plain, cells in entries:
                key = from_plain(plain)
                found[key] = self._load(cells, start, key)

    def _load(self, saved: dict[str, Any], start: int, key: Any) -> Entry:
        entry = self.blank.copy()
        for index, (name, cell) in enumerate(zip(self.names, self.cells, strict=True)):
            if name in saved:
                value, *since = saved[name]
                entry[index] = cell.load(from_plain(value))
                if since:
                    ttl, written, _ = self.ttls[index]
                    entry[written] = since[0]
                    self._look_at(entry, index, since[0] + ttl, start, key)
        return entry
