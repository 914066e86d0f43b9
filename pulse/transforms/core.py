"""Pipelines, collections and transforms: how a person builds the logical graph. Building executes nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, overload

from pulse.errors import PipelineError, cut
from pulse.graph.logical import Graph, Node, Port, infer
from pulse.graph.ops import ERRORS, LATE, MAIN
from pulse.io.base import Sink, Source
from pulse.model.arguments import located, placed
from pulse.model.trace import Trace, caller

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from pulse.graph.collection import CollectionType
    from pulse.graph.ops import Op
    from pulse.transforms.ends import Write
    from pulse.transforms.routing import Partition

Outputs: TypeAlias = "PCollection | tuple[PCollection, ...] | None"
"""What applying a transform gives: a collection, several, or nothing (a sink)."""


@placed
class Pipeline:
    """A graph under construction.

    Args:
        name: names the pipeline in metrics, checkpoints and drawings.

    Example:
        >>> from pulse import Aggregate, Create, DeterministicRunner, KeyBy, Pipeline, count
        >>> p = Pipeline("words")
        >>> counts = p | Create([{"w": "a"}, {"w": "b"}, {"w": "a"}]) | KeyBy("w") | Aggregate(n=count())
        >>> DeterministicRunner().run(p).records(counts)
        [{'w': 'a', 'n': 2}, {'w': 'b', 'n': 1}]
    """

    def __init__(self, name: str = "pipeline") -> None:
        self.name = name
        self._graph = Graph()
        self._types: dict[Port, CollectionType] = {}
        self._scope: tuple[str, ...] = ()
        self._trace: Trace | None = None

    @property
    def graph(self) -> Graph:
        """The logical graph as it stands."""
        return self._graph

    if TYPE_CHECKING:

        def __or__(self, transform: Transform) -> PCollection: ...

    else:

        @located
        def __or__(self, transform: Transform) -> Any:
            return checked(transform).apply(self, None)

    def __repr__(self) -> str:
        return f"Pipeline({self.name!r}, {len(self._graph)} steps)"

    def add(
        self,
        op: Op,
        inputs: Sequence[PCollection] = (),
        *,
        name: str | None = None,
        label: str | None = None,
    ) -> PCollection:
        """Add a step and return its main output. Transforms call this; people use ``|``.

        Args:
            op: what the step does.
            inputs: the collections that it reads.
            name: its name, as a person gave it.
            label: what its name derives from otherwise; left out: what the step is.

        Raises:
            PipelineError: when the step does not fit its inputs, as far as they are known by now.
        """
        for collection in inputs:
            if collection.pipeline is not self:
                raise PipelineError(
                    f"collection {collection.port} belongs to pipeline {collection.pipeline.name!r}, "
                    f"not to {self.name!r}",
                    hint="build the whole graph on one Pipeline",
                )
        label = "/".join([*self._scope, name or label or op.label()])
        node = Node(
            label if name else self._free_name(label),
            op,
            tuple(collection.port for collection in inputs),
            self._trace or caller(),
        )
        graph = self._graph.add(node)
        types = [self._types[port] for port in node.inputs]
        found = {Port(node.name, tag): infer(node, tag, types) for tag in op.outputs()}
        self._graph = graph
        self._types.update(found)
        return PCollection(self, Port(node.name))

    def _free_name(self, label: str) -> str:
        """Return the label, numbered when other steps are the very same thing."""
        if label not in self._graph:
            return label
        number = 2
        while f"{label}#{number}" in self._graph:
            number += 1
        return f"{label}#{number}"

    @contextmanager
    def scope(self, name: str | None) -> Iterator[None]:
        """Name the steps added inside after the composite they belong to."""
        before, trace = self._scope, self._trace
        self._scope = (*before, name) if name else before
        self._trace = trace or caller()
        try:
            yield
        finally:
            self._scope, self._trace = before, trace

    @contextmanager
    def at(self, trace: Trace) -> Iterator[None]:
        """Say where the steps added inside were written, when that is not Python code."""
        before, self._trace = self._trace, trace
        try:
            yield
        finally:
            self._trace = before

    def type_of(self, port: Port) -> CollectionType:
        """Return what is known of a collection."""
        return self._types[port]


class PCollection:
    """A collection of timestamped records: one output of one step.

    Never made by hand: it is what ``pipeline | transform`` returns.
    """

    def __init__(self, pipeline: Pipeline, port: Port) -> None:
        self.pipeline = pipeline
        self.port = port

    if TYPE_CHECKING:
        # What a composite of a person's own gives is taken to be one collection; say otherwise with a cast.

        @overload
        def __or__(self, transform: Write) -> None: ...  # type: ignore[overload-overlap]
        @overload
        def __or__(self, transform: Partition) -> tuple[PCollection, ...]: ...  # type: ignore[overload-overlap]
        @overload
        def __or__(self, transform: Transform) -> PCollection: ...
        def __or__(self, transform: Transform) -> Any: ...

    else:

        @located
        def __or__(self, transform: Transform) -> Any:
            return checked(transform).apply(self.pipeline, self)

    @located
    def __getitem__(self, tag: str) -> PCollection:
        return self._output(tag)

    def __repr__(self) -> str:
        return f"PCollection({self.port})"

    @property
    @located
    def late(self) -> PCollection:
        """The records that came too late for this step's windows, with the window and how late each was."""
        return self._output(LATE)

    @property
    @located
    def errors(self) -> PCollection:
        """The records that this step could not process; needs ``on_error="dead_letter"`` on it."""
        return self._output(ERRORS)

    @property
    def schema(self) -> pa.Schema | None:
        """The fields, when they are known by now."""
        return self.pipeline.type_of(self.port).schema

    @property
    def keys(self) -> tuple[str, ...] | None:
        """The key fields, after ``KeyBy``."""
        return self.pipeline.type_of(self.port).keys

    def _output(self, tag: str) -> PCollection:
        op = self.pipeline.graph[self.port.step].op
        if tag in op.outputs():
            return PCollection(self.pipeline, Port(self.port.step, tag))
        hint = None
        if tag == ERRORS:
            hint = f"set on_error='dead_letter' on step {self.port.step!r}"
        elif tag == LATE:
            hint = "only windowed steps such as Aggregate have .late"
        raise PipelineError(
            f"step {self.port.step!r} has no output {tag!r}; outputs: {', '.join(op.outputs())}", hint=hint
        )


class Transform(ABC):
    """A step, or several, that a person can apply with ``|`` and name with ``"name" >> transform``."""

    name: str | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__ and cls.__module__.startswith("pulse."):
            placed(cls)

    @abstractmethod
    def expand(self, pipeline: Pipeline, source: Any) -> Any:
        """Add the steps to the pipeline and return what comes out.

        Args:
            pipeline: the pipeline under construction.
            source: the collection it is applied to; None when applied to the pipeline itself; a tuple or
                mapping of collections for transforms that merge.
        """

    def apply(self, pipeline: Pipeline, source: Any) -> Any:
        """Add the transform to a pipeline under its name."""
        return self.expand(pipeline, source)

    @located
    def __rrshift__(self, name: str) -> Transform:
        if not isinstance(name, str) or not name:
            raise PipelineError(f"step name {name!r} is not a non-empty string")
        return _Named(name, self)

    def __or__(self, after: Transform) -> Transform:
        return _Chain(self, checked(after))

    @located
    def __ror__(self, source: Any) -> PCollection:
        """Apply to several collections at once: ``(a, b) | Flatten()``."""
        several = source.values() if isinstance(source, Mapping) else source
        collections = list(several) if isinstance(several, Iterable) else []
        if not collections or not all(isinstance(c, PCollection) for c in collections):
            raise PipelineError(
                f"{type(self).__name__} was applied to {type(source).__name__} {cut(repr(source))}, not to "
                "collections",
                hint="apply it to a collection, or to a tuple of collections; for records in memory: "
                "pipeline | Create([...])",
            )
        return self.apply(collections[0].pipeline, source)  # type: ignore[no-any-return]


class Composite(Transform):
    """A transform made of transforms: override ``expand`` and name it; its steps are named after it.

    Example:
        >>> from pulse import Aggregate, Composite, KeyBy, count
        >>> class CountBy(Composite):
        ...     def __init__(self, field):
        ...         self.field = field
        ...     def expand(self, pipeline, source):
        ...         return source | KeyBy(self.field) | Aggregate(n=count())
    """

    def apply(self, pipeline: Pipeline, source: Any) -> Any:
        """Add the inner steps inside a scope of this composite's name."""
        with pipeline.scope(self.name or type(self).__name__):
            return self.expand(pipeline, source)


class _Named(Transform):
    def __init__(self, name: str, inner: Transform) -> None:
        self.name = name
        self.inner = inner

    def expand(self, pipeline: Pipeline, source: Any) -> Any:
        before = self.inner.name
        self.inner.name = self.name
        try:
            return self.inner.apply(pipeline, source)
        finally:
            self.inner.name = before


class _Chain(Transform):
    def __init__(self, first: Transform, second: Transform) -> None:
        self.first = first
        self.second = second

    def expand(self, pipeline: Pipeline, source: Any) -> Any:
        with pipeline.scope(self.name):
            return self.second.apply(pipeline, self.first.apply(pipeline, source))


class Step(Transform):
    """A transform that adds exactly one step to one input.

    Args:
        op: what the step does.
        label: what its name derives from; left out: what the step is.
    """

    def __init__(self, op: Op, label: str | None = None) -> None:
        self.op = op
        self.label = label

    def expand(self, pipeline: Pipeline, source: Any) -> Any:
        """Add the step."""
        return pipeline.add(self.op, [one(source, self)], name=self.name, label=self.label)


def checked(transform: Any) -> Transform:
    """Return a transform, or say what stands in its place.

    Raises:
        PipelineError: for a source, a sink, a function, a class, or anything else that is no transform.
    """
    if isinstance(transform, Transform):
        return transform
    name = getattr(transform, "__name__", None) or f"{type(transform).__name__} {cut(repr(transform))}"
    if isinstance(transform, type) and issubclass(transform, Transform):
        hint = f"{name} is a class: write {name}(...)"
    elif isinstance(transform, Source):
        name = type(transform).__name__
        hint = f"wrap it: Read({name}(...))"
    elif isinstance(transform, Sink):
        name = type(transform).__name__
        hint = f"wrap it: Write({name}(...))"
    elif callable(transform):
        hint = "wrap it: Map(function)"
    else:
        hint = "put a transform after |, such as Read(...), Map(...) or Write(...)"
    where = caller()
    raise PipelineError(f"{name} is not a transform", hint=hint, where=str(where) if where else None)


def one(source: Any, transform: Transform) -> PCollection:
    """Return the single input of a transform, or say that it needs one."""
    if isinstance(source, PCollection):
        return source
    kind = "a pipeline" if source is None else type(source).__name__
    raise PipelineError(
        f"{type(transform).__name__} needs a collection, but was applied to {kind}",
        hint="start with Read(...) or Create(...)" if source is None else "apply it to one collection",
    )


__all__ = ["MAIN", "Composite", "Outputs", "PCollection", "Pipeline", "Step", "Transform", "one"]
