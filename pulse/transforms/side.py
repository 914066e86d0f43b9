"""Side inputs: whole collections that a function sees beside each record."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulse.errors import PipelineError
from pulse.graph.ops.side import MISSING, View
from pulse.model.arguments import placed
from pulse.model.do_fn import DoFn
from pulse.transforms.core import PCollection
from pulse.transforms.options import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pulse.graph.ops.side import Getter


class Side(ABC):
    """How a function sees a collection; goes into ``sides={"name": ...}`` of a transform.

    In windows, a record sees the window of the side that holds the last moment of its own, once the watermark
    of the side has passed its end. The function must leave what it is given as it is: records share it.
    """

    def __init__(self, collection: PCollection) -> None:
        if not isinstance(collection, PCollection):
            raise PipelineError(
                f"{type(self).__name__} takes a collection, not {shown(collection)}",
                hint="a constant needs no side input: the function can use it as it is",
            )
        self.collection = collection

    @abstractmethod
    def view(self, name: str) -> View:
        """Return the view under the name of the function's argument."""


@placed
class AsSingleton(Side):
    """A collection of exactly one record, as that record.

    Args:
        collection: the side input; one record in each window that is asked for.
        value: the field that is wanted, or a function of the record; left out: the whole record.
        default: what stands for no record; left out, that is an error, as more than one always is.

    Example:
        >>> from pulse import Aggregate, Create, DeterministicRunner, Map, Pipeline, sum
        >>> p = Pipeline()
        >>> words = p | Create([{"n": 1}, {"n": 3}])
        >>> total = words | Aggregate(n=sum("n"))
        >>> share = Map(lambda r, total: r["n"] / total, sides={"total": AsSingleton(total, value="n")})
        >>> out = words | share
        >>> DeterministicRunner().run(p).records(out)
        [0.25, 0.75]
    """

    def __init__(
        self,
        collection: PCollection,
        *,
        value: str | Callable[[Any], Any] | None = None,
        default: Any = MISSING,
    ) -> None:
        super().__init__(collection)
        self.value = _getter(value)
        self.default = default

    def view(self, name: str) -> View:
        return View(name, "singleton", None, self.value, self.default)


@placed
class AsList(Side):
    """A collection as a list, in the order of arrival.

    Args:
        collection: the side input.
        value: the field that is wanted, or a function of the record; left out: the whole record.
    """

    def __init__(self, collection: PCollection, *, value: str | Callable[[Any], Any] | None = None) -> None:
        super().__init__(collection)
        self.value = _getter(value)

    def view(self, name: str) -> View:
        return View(name, "list", None, self.value)


@placed
class AsMap(Side):
    """A collection as a dict; of several records with one key, the last that came counts.

    Args:
        collection: the side input.
        key: the field that is the key, several (the key is then a tuple), or a function of the record; left
            out: the records are pairs of key and value.
        value: the field that is wanted, or a function; left out: the whole record.

    Example:
        >>> from pulse import Create, DeterministicRunner, Map, Pipeline
        >>> p = Pipeline()
        >>> rates = p | "rates" >> Create([{"currency": "eur", "rate": 2}])
        >>> sales = p | Create([{"currency": "eur", "price": 5}])
        >>> price = lambda sale, *, rates: sale["price"] * rates[sale["currency"]]
        >>> out = sales | Map(price, sides={"rates": AsMap(rates, "currency", value="rate")})
        >>> DeterministicRunner().run(p).records(out)
        [10]
    """

    def __init__(
        self,
        collection: PCollection,
        key: str | Sequence[str] | Callable[[Any], Any] | None = None,
        *,
        value: str | Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(collection)
        self.key = _getter(key)
        self.value = _getter(value)

    def view(self, name: str) -> View:
        return View(name, "map", self.key, self.value)


@placed
class AsMultiMap(AsMap):
    """A collection as a dict of lists, each in the order of arrival.

    Args:
        collection: the side input.
        key: as for ``AsMap``.
        value: as for ``AsMap``.
    """

    def __init__(
        self,
        collection: PCollection,
        key: str | Sequence[str] | Callable[[Any], Any] | None = None,
        *,
        value: str | Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(collection, key, value=value)

    def view(self, name: str) -> View:
        return View(name, "multimap", self.key, self.value)


def views_of(
    sides: Mapping[str, Side] | None, transform: str
) -> tuple[tuple[View, ...], tuple[PCollection, ...]]:
    """Return the views and the collections of side inputs, or say what stands in their place."""
    if sides is not None and not isinstance(sides, Mapping):
        raise PipelineError(
            f"{transform} takes side inputs by name, not {shown(sides)}",
            hint="sides={'rates': AsMap(rates, 'currency')}",
        )
    found = dict(sides or {})
    for name, side in found.items():
        if not isinstance(side, Side):
            raise PipelineError(
                f"side input {name!r} of {transform} is {shown(side)}, which does not say how the "
                "function sees it",
                hint=f"wrap the collection: sides={{{name!r}: AsList(collection)}}; "
                "or AsSingleton, AsMap, AsMultiMap",
            )
    views = tuple(side.view(name) for name, side in found.items())
    return views, tuple(side.collection for side in found.values())


def check_called(
    function: Callable[..., Any] | DoFn, transform: str, names: Sequence[str], *, context: bool
) -> None:
    """Check that a function can be called as it will be, where its signature is known.

    Args:
        function: the function, or the object whose ``process`` is called.
        transform: what it was given to.
        names: the side inputs.
        context: whether it takes a context as well.

    Raises:
        PipelineError: when it does not take these arguments.
    """
    called = function.process if isinstance(function, DoFn) else function
    try:
        signature = inspect.signature(called)
    except (TypeError, ValueError):
        return
    try:
        signature.bind(None, *([None] if context else []), **dict.fromkeys(names))
    except TypeError as error:
        wanted = ", ".join(["record", *(["ctx"] if context else []), *(["*", *names] if names else [])])
        raise PipelineError(
            f"{transform} cannot call {getattr(called, '__name__', repr(called))}{signature}: {error}",
            hint=f"it is called as ({wanted})",
        ) from None


def _getter(value: str | Sequence[str] | Callable[[Any], Any] | None) -> Getter:
    if value is None or callable(value):
        return value
    return (value,) if isinstance(value, str) else tuple(value)
