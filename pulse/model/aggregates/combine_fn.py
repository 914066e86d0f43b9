"""The shape of every aggregate: create, add, merge, extract."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from typing import Any


class CombineFn(ABC):
    """A person's own aggregate, in the shape that Beam calls ``CombineFn``.

    An accumulator starts empty, takes values one by one, is merged with accumulators of other parts of the
    same group, and gives the result. Pulse may cut the values of a group into any parts, so the result must
    not depend on the cut; parts are always merged in the order of arrival.

    ``add`` and the *first* argument of ``merge`` may be changed in place and returned. The second argument of
    ``merge`` and the argument of ``extract`` must be left as they are.

    Example:
        >>> class Longest(CombineFn):
        ...     def create(self):
        ...         return ""
        ...
        ...     def add(self, accumulator, value):
        ...         return max(accumulator, value, key=len)
        ...
        ...     def merge(self, a, b):
        ...         return max(a, b, key=len)
        ...
        ...     def extract(self, accumulator):
        ...         return accumulator
        >>> Longest().over(["to", "be", "or", "not"])
        'not'

    Source: Apache Beam, ``CombineFn`` (Akidau et al., "The Dataflow Model", VLDB 2015).
    """

    @abstractmethod
    def create(self) -> Any:
        """Return an accumulator of no values."""

    @abstractmethod
    def add(self, accumulator: Any, value: Any) -> Any:
        """Return the accumulator with one more value."""

    @abstractmethod
    def merge(self, a: Any, b: Any) -> Any:
        """Return the accumulator of the values of ``a`` followed by those of ``b``."""

    @abstractmethod
    def extract(self, accumulator: Any) -> Any:
        """Return the result; None stands for null."""

    def copy(self, accumulator: Any) -> Any:
        """Return an accumulator that can be changed without changing this one.

        The default is a deep copy; give a faster one when accumulators are large.
        """
        return copy.deepcopy(accumulator)

    def save(self, accumulator: Any) -> Any:
        """Return the accumulator as plain data for a checkpoint; the default is the accumulator itself.

        Plain data are None, bool, int, float, str, bytes, Decimal, date, time, datetime, timedelta and UUID,
        and tuples, lists, sets, frozensets and dicts of these.
        """
        return accumulator

    def load(self, saved: Any) -> Any:
        """Return the accumulator that ``save`` turned into plain data."""
        return saved

    def over(self, values: Any) -> Any:
        """Return the result over all values, which is what any cut of them must give.

        Args:
            values: an iterable of values.
        """
        accumulator = self.create()
        for value in values:
            accumulator = self.add(accumulator, value)
        return self.extract(accumulator)
