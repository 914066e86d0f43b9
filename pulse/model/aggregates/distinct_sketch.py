"""Estimating how many different values there are, with HyperLogLog sketches.

The estimate is a function of the set of values alone, whatever the order and the cut: the registers are, and
the estimator that HyperLogLog uses for a single stream, which does depend on the order, is avoided.

Source: Flajolet et al., "HyperLogLog", 2007, in the form of the Apache DataSketches library.
"""

from __future__ import annotations

import importlib
import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from pulse.errors import MissingDependency
from pulse.model.aggregates.combine_fn import CombineFn
from pulse.model.time import from_datetime

_LG_REGISTERS = 12
"""4096 registers of one byte: a standard error of 1.04 / sqrt(4096) = 1.6 %."""


def datasketches() -> Any:
    """Return the library.

    Raises:
        MissingDependency: when it is not installed.
    """
    try:
        return importlib.import_module("datasketches")
    except ImportError as error:
        purpose = "approx_count_distinct"
        raise MissingDependency.of("datasketches", "sketches", purpose=purpose) from error


def hashable(value: Any) -> int | float | str:  # noqa: C901, PLR0911 - one case per type
    """Return what is hashed for a value; equal values give equal results, such as ``1`` and ``1.0``.

    Example:
        >>> hashable(1), hashable(1.0), hashable(Decimal("0.5")), hashable("")
        (1, 1, 0.5, 's')
    """
    match value:
        case bool() | int():
            number = int(value)
            return number if -(2**63) <= number < 2**63 else str(number)
        case float():
            return hashable(int(value)) if math.isfinite(value) and value.is_integer() else value
        case Decimal():
            if value == value.to_integral_value():
                return hashable(int(value))
            return float(value) if Decimal(float(value)) == value else str(value.normalize())
        case str():
            return "s" + value  # the library passes over empty text
        case bytes():
            return "b" + value.hex()
        case datetime():
            return from_datetime(value)
        case date():
            return value.toordinal()
        case time():
            return "t" + value.isoformat()
        case timedelta():
            return value // timedelta(microseconds=1)
    raise TypeError(f"cannot hash {type(value).__name__}")


def sketch_of(values: Any) -> bytes:
    """Return the serialised sketch of an iterable of values, none of which is None."""
    library = datasketches()
    sketch = library.hll_sketch(_LG_REGISTERS, library.tgt_hll_type.HLL_8)
    for value in values:
        sketch.update(hashable(value))
    return bytes(sketch.serialize_compact())


def united(sketches: Any) -> bytes:
    """Return the serialised union of an iterable of serialised sketches."""
    return bytes(_union(sketches).serialize_compact())


def estimate(sketch: bytes) -> int:
    """Return the estimated number of different values in a serialised sketch, rounded.

    Example:
        >>> estimate(united([sketch_of("abc"), sketch_of("bcd")]))
        4
    """
    # A sketch united with itself is the same sketch, but its estimate no longer depends on the order.
    estimated: float = _union([sketch, sketch]).get_estimate()
    return round(estimated)


def _union(sketches: Any) -> Any:
    library = datasketches()
    union = library.hll_union(_LG_REGISTERS)
    for sketch in sketches:
        union.update(library.hll_sketch.deserialize(sketch))
    return union.get_result(library.tgt_hll_type.HLL_8)


class DistinctSketchFn(CombineFn):
    """Estimate the number of different values; an accumulator is a serialised sketch."""

    def create(self) -> bytes:
        """Return the sketch of no values."""
        return sketch_of([])

    def add(self, accumulator: bytes, value: Any) -> bytes:
        """Take one value in, unless it is None."""
        return accumulator if value is None else united([accumulator, sketch_of([value])])

    def merge(self, a: bytes, b: bytes) -> bytes:
        """Unite two sketches."""
        return united([a, b])

    def extract(self, accumulator: bytes) -> int:
        """Return the estimate."""
        return estimate(accumulator)
