"""What a function sees of a side input: the records of one window, in the shape it asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pulse.engine.convert import lacks
from pulse.errors import RecordError
from pulse.graph.ops.side import MISSING, View
from pulse.model.time import MAX_TIME, format_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pulse.graph.ops.side import Getter


class ViewBuilder:
    """Takes what a view needs out of each record, and builds the view of a window of that.

    Args:
        view: the declaration.

    Example:
        >>> rates = ViewBuilder(View("rates", "map", ("currency",), ("rate",)))
        >>> rates.build([rates.entry({"currency": "eur", "rate": 2})], 0, 10)
        {'eur': 2}
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self.keyed = view.kind in {"map", "multimap"}

    def entry(self, record: Any) -> Any:
        """Return what is kept of a record: its value, with its key where the view has keys.

        Raises:
            TypeError: for a record that lacks a field, is no pair, or has a key that cannot be one.
        """
        view = self.view
        if not self.keyed:
            return _get(record, view.value)
        if view.key is None:
            if not isinstance(record, tuple | list) or len(record) != 2:  # noqa: PLR2004 - a pair is two
                raise TypeError(
                    f"side input {view.name!r} has a record that is no pair of key and value; "
                    "say what is the key: key='field'"
                )
            key, value = record[0], _get(record[1], view.value)
        else:
            key, value = _get(record, view.key), _get(record, view.value)
        try:
            hash(key)
        except TypeError:
            raise TypeError(f"side input {view.name!r} has a key that cannot be one: {key!r}") from None
        return key, value

    def build(self, entries: Sequence[Any], start: int, end: int) -> Any:
        """Return the view of a window.

        Raises:
            RecordError: when a singleton is not one record, naming how many there are.
        """
        view = self.view
        match view.kind:
            case "list":
                return list(entries)
            case "map":
                return dict(entries)
            case "multimap":
                found: dict[Any, list[Any]] = {}
                for key, value in entries:
                    found.setdefault(key, []).append(value)
                return found
            case _:
                return self._single(entries, start, end)

    def _single(self, entries: Sequence[Any], start: int, end: int) -> Any:
        if len(entries) == 1:
            return entries[0]
        if not entries and self.view.default is not MISSING:
            return self.view.default
        where = "" if end == MAX_TIME else f" in the window [{format_time(start)}, {format_time(end)})"
        raise RecordError(
            f"side input {self.view.name!r} has {len(entries)} records{where}, "
            f"but AsSingleton takes exactly one{'' if entries else ', or a default'}"
        )


def _get(record: Any, getter: Getter) -> Any:
    if getter is None:
        return record
    if callable(getter):
        return getter(record)
    try:
        values = tuple([record[name] for name in getter])
    except (KeyError, TypeError, IndexError):
        missing = next((n for n in getter if not (isinstance(record, dict) and n in record)), getter[0])
        raise TypeError(lacks(record, missing)) from None
    return values[0] if len(values) == 1 else values
