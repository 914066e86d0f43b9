"""How event numbers are dealt out to splits that are read in parallel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulse.io.nexmark.model import EPOCH

if TYPE_CHECKING:
    from pulse.model.bundle import Int64s


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several disjoint shares of all event numbers: every ``count``-th epoch of 50 events.

    Shares advance together and hold the kinds in the same proportions. Places count the events of a share
    from 0.

    Example:
        >>> import numpy as np
        >>> shard = Shard(1, 2)
        >>> shard.numbers(np.array([0, 49, 50])).tolist(), shard.before(151), shard.before(60)
        ([50, 99, 150], 51, 10)
    """

    index: int
    count: int

    def numbers(self, places: Int64s) -> Int64s:
        """Return the event number at each place."""
        return places + (places // EPOCH * (self.count - 1) + self.index) * EPOCH

    def number(self, place: int) -> int:
        """Return the event number at one place."""
        return place + (place // EPOCH * (self.count - 1) + self.index) * EPOCH

    def before(self, number: int) -> int:
        """Return how many events of the share have a lower number, which is the place of the next."""
        rounds, rest = divmod(number, EPOCH * self.count)
        return rounds * EPOCH + min(max(rest - self.index * EPOCH, 0), EPOCH)
