"""State as a running process sees it: one object per declared cell, over the entry of the current key.

The objects here are made once per machine; what moves from key to key is the entry they work on.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from pulse.engine.process.call import EMPTY, Call
from pulse.model.state import CombiningState, ListState, MapState, SetState, ValueState
from pulse.model.state.kinds import misfit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.engine.process.call import Undo
    from pulse.model.state import CellSpec


class Cell:
    """One declared cell.

    Args:
        name: its name.
        spec: its declaration.
        index: its place in an entry.
        call: the call at hand.
    """

    __slots__ = ("_call", "_index", "_name")

    def __init__(self, name: str, spec: CellSpec, index: int, call: Call) -> None:
        del spec
        self._name, self._index, self._call = name, index, call

    def clear(self) -> None:
        """Forget what it holds."""
        call = self._call
        if call.watched:
            call.changes(self._index)
        call.entry[self._index] = EMPTY
        call.attention = True

    def save(self, value: Any) -> Any:
        """Return what a cell holds as plain data."""
        return value

    def load(self, saved: Any) -> Any:
        """Return what ``save`` turned into plain data."""
        return saved


class Value(Cell):
    """``ValueState`` while it runs."""

    __slots__ = ("_default", "_kinds", "_type")

    def __init__(self, name: str, spec: ValueState, index: int, call: Call) -> None:
        super().__init__(name, spec, index, call)
        self._default, self._kinds, self._type = spec.default, spec.kinds, spec.type

    def read(self) -> Any:
        """Return the value; the default when there is none."""
        value = self._call.entry[self._index]
        return self._default if value is EMPTY else value

    def write(self, value: Any) -> None:
        """Keep a value in place of the one before.

        Raises:
            StateError: when it is not of the declared type.
        """
        if value.__class__ not in self._kinds:
            raise misfit(self._name, self._type, value)
        call = self._call
        if call.watched:
            call.changes(self._index)
        call.entry[self._index] = value


class Items(Cell):
    """``ListState`` while it runs."""

    __slots__ = ("_kinds", "_type")

    def __init__(self, name: str, spec: ListState, index: int, call: Call) -> None:
        super().__init__(name, spec, index, call)
        self._kinds, self._type = spec.kinds, spec.type

    def _held(self) -> Any:
        held = self._call.entry[self._index]
        return () if held is EMPTY else held

    def add(self, value: Any) -> None:
        """Add a value at the end.

        Raises:
            StateError: when it is not of the declared type.
        """
        if value.__class__ not in self._kinds:
            raise misfit(self._name, self._type, value)
        call, index = self._call, self._index
        held = call.entry[index]
        if call.watched:
            call.changes(index, None if held is EMPTY else held.pop)
        if held is EMPTY:
            call.entry[index] = [value]
        else:
            held.append(value)

    def read(self) -> list[Any]:
        """Return the values as a list of one's own."""
        return list(self._held())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.read())

    def __len__(self) -> int:
        return len(self._held())

    def __contains__(self, value: Any) -> bool:
        return value in self._held()


class _Keyed(Cell):
    """What cells have that hold a dict, which keeps the order of insertion."""

    __slots__ = ("_key_kinds", "_key_type")

    _key_kinds: frozenset[type]
    _key_type: str

    def _held(self) -> dict[Any, Any]:
        held = self._call.entry[self._index]
        return {} if held is EMPTY else held

    def _put(self, key: Any, value: Any) -> None:
        if key.__class__ not in self._key_kinds:
            raise misfit(self._name, self._key_type, key)
        call, index = self._call, self._index
        held = call.entry[index]
        if call.watched:
            undo: Undo | None = None
            if held is not EMPTY:
                undo = partial(held.__setitem__, key, held[key]) if key in held else partial(held.pop, key)
            call.changes(index, undo)
        if held is EMPTY:
            call.entry[index] = {key: value}
        else:
            held[key] = value

    def _remove(self, key: Any) -> None:
        call, index = self._call, self._index
        if call.watched:
            call.changes(index)
            if call.journal is not None:
                # The one before is kept as it is, so that its order comes back with it.
                call.entry[index] = dict(call.entry[index])
        held = call.entry[index]
        del held[key]
        if not held:
            call.entry[index] = EMPTY
            call.attention = True

    def __iter__(self) -> Iterator[Any]:
        return iter(list(self._held()))

    def __len__(self) -> int:
        return len(self._held())

    def __contains__(self, key: Any) -> bool:
        return key in self._held()


class Distinct(_Keyed):
    """``SetState`` while it runs."""

    __slots__ = ()

    def __init__(self, name: str, spec: SetState, index: int, call: Call) -> None:
        super().__init__(name, spec, index, call)
        self._key_kinds, self._key_type = spec.kinds, spec.type

    def add(self, value: Any) -> None:
        """Add a value, unless it is there.

        Raises:
            StateError: when it is not of the declared type.
        """
        self._put(value, None)

    def discard(self, value: Any) -> None:
        """Remove a value, if it is there."""
        if value in self:
            self._remove(value)

    def read(self) -> list[Any]:
        """Return the values by the order in which they were first added."""
        return list(self._held())

    def save(self, value: dict[Any, None]) -> list[Any]:
        """Return the values as a list."""
        return list(value)

    def load(self, saved: list[Any]) -> dict[Any, None]:
        """Return the values as they are held."""
        return dict.fromkeys(saved)


class Mapping(_Keyed):
    """``MapState`` while it runs."""

    __slots__ = ("_kinds", "_type")

    def __init__(self, name: str, spec: MapState, index: int, call: Call) -> None:
        super().__init__(name, spec, index, call)
        self._key_kinds, self._key_type = spec.key_kinds, spec.key
        self._kinds, self._type = spec.kinds, spec.value

    def __getitem__(self, key: Any) -> Any:
        return self._held()[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        if value.__class__ not in self._kinds:
            raise misfit(self._name, self._type, value)
        self._put(key, value)

    def __delitem__(self, key: Any) -> None:
        if key not in self:
            raise KeyError(key)
        self._remove(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """Return the value of a key; the default when there is none."""
        return self._held().get(key, default)

    def keys(self) -> list[Any]:
        """Return the keys by the order in which they were first set."""
        return list(self._held())

    def values(self) -> list[Any]:
        """Return the values, in the order of the keys."""
        return list(self._held().values())

    def items(self) -> list[tuple[Any, Any]]:
        """Return keys with their values."""
        return list(self._held().items())


class Combining(Cell):
    """``CombiningState`` while it runs."""

    __slots__ = ("_add", "_function")

    def __init__(self, name: str, spec: CombiningState, index: int, call: Call) -> None:
        super().__init__(name, spec, index, call)
        self._function = spec.function
        self._add = spec.function.add

    def save(self, value: Any) -> Any:
        """Return the accumulator as plain data."""
        return self._function.save(value)

    def load(self, saved: Any) -> Any:
        """Return the accumulator that ``save`` turned into plain data."""
        return self._function.load(saved)

    def add(self, value: Any) -> None:
        """Fold a value in."""
        call, index = self._call, self._index
        held = call.entry[index]
        if call.watched:
            # The function may change its accumulator in place.
            kept = held if held is EMPTY or call.journal is None else self._function.copy(held)
            call.changes(index, partial(call.entry.__setitem__, index, kept))
        call.entry[index] = self._add(self._function.create() if held is EMPTY else held, value)

    def read(self) -> Any:
        """Return the result of all values added so far."""
        held = self._call.entry[self._index]
        return self._function.extract(self._function.create() if held is EMPTY else held)


_CELLS: tuple[tuple[type[CellSpec], Any], ...] = (
    (ValueState, Value),
    (SetState, Distinct),
    (ListState, Items),
    (MapState, Mapping),
    (CombiningState, Combining),
)


def cell_of(name: str, spec: CellSpec, index: int, call: Call) -> Cell:
    """Return the running cell of a declaration.

    Example:
        >>> call = Call(journaling=False)
        >>> call.entry = [EMPTY]
        >>> seen = cell_of("seen", ValueState("int64", default=0), 0, call)
        >>> seen.write(seen.read() + 1)
        >>> call.entry
        [1]
    """
    return next(made for kind, made in _CELLS if isinstance(spec, kind))(name, spec, index, call)  # type: ignore[no-any-return]
