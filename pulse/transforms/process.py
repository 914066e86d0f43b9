"""Processes: a person's own step with state and timers per key and window."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pulse.engine.process.context import RESERVED
from pulse.errors import PipelineError
from pulse.graph.ops import ERRORS, LATE, MAIN, ProcessOp
from pulse.model.state import Declared, TimerSpec, declared
from pulse.transforms.core import PCollection, Pipeline, Transform, one
from pulse.transforms.options import check_on_error, to_schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pyarrow as pa

    from pulse.engine.process.context import ProcessContext
    from pulse.graph.ops.base import OnError

    Schema = Mapping[str, str] | pa.Schema | None

Records = Any
"""What a call may give: None, a dict, or an iterable of records; ``Tagged`` ones go to named outputs."""


class Process(Transform):
    """A step with memory: subclass it, declare state and timers, and apply it to a keyed collection.

    ``process`` is called with each record of a key, in order of arrival; ``on_timer`` when a timer fires.
    State belongs to a key and window: to the window that was declared before it, else to the key for as long
    as the input lasts. Each replica works on its own copy of the object.

    Attributes:
        schema: fields and types of what comes out; left out: records of any shape.
        outputs: names of further outputs, or their schemas by name.
        preserves: fields that it leaves unchanged; when the key is among them, what comes out is still keyed.
        on_error: what happens to a record that it raises on: ``"fail"``, ``"skip"``, ``"dead_letter"``. With
            the latter two, what the failing call did to state, timers and outputs is taken back.

    Example:
        >>> from pulse import Create, DeterministicRunner, EventTimer, KeyBy, Pipeline, Process, ValueState
        >>> class Silence(Process):
        ...     seen = ValueState("int64", default=0)
        ...     quiet = EventTimer()
        ...
        ...     def process(self, ctx, record):
        ...         ctx.seen.write(ctx.seen.read() + 1)
        ...         ctx.quiet.set_after("10s")
        ...
        ...     def on_timer(self, ctx, name):
        ...         return {"sensor": ctx.key, "records": ctx.seen.read()}
        >>> p = Pipeline()
        >>> readings = p | Create([{"sensor": "a"}, {"sensor": "a"}], times=[0, 1_000_000])
        >>> silent = readings | KeyBy("sensor") | Silence()
        >>> DeterministicRunner().run(p).records(silent)
        [{'sensor': 'a', 'records': 2}]
    """

    schema: Schema = None
    outputs: Sequence[str] | Mapping[str, Schema] = ()
    preserves: Iterable[str] = ()
    on_error: OnError = "fail"

    declared: Declared = Declared()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.declared = declared(cls, RESERVED)

    def setup(self) -> None:
        """Prepare before the first call, on each replica and after each restart."""

    def teardown(self) -> None:
        """Clean up when the input has ended; not called when a run fails."""

    def process(self, ctx: ProcessContext, record: Any) -> Records:
        """Take a record.

        Args:
            ctx: key, time, window, state and timers of the call.
            record: the record; it belongs to others too, and must not be changed.
        """
        raise NotImplementedError

    def on_timer(self, ctx: ProcessContext, name: str) -> Records:
        """Take the firing of a timer.

        Args:
            ctx: key, time, window, state and timers of the call; ``ctx.tag`` is the timer's tag.
            name: the timer's name.
        """
        raise NotImplementedError

    def with_options(
        self,
        *,
        schema: Schema = None,
        outputs: Sequence[str] | Mapping[str, Schema] | None = None,
        preserves: Iterable[str] | None = None,
        on_error: OnError | None = None,
    ) -> Process:
        """Return the same process with other options than its class states.

        Args:
            schema: fields and types of what comes out.
            outputs: names of further outputs, or their schemas by name.
            preserves: fields that it leaves unchanged.
            on_error: what happens to a record that it raises on.
        """
        given = {"schema": schema, "outputs": outputs, "preserves": preserves, "on_error": on_error}
        changed = copy.copy(self)
        vars(changed).update({name: value for name, value in given.items() if value is not None})
        return changed

    def expand(self, pipeline: Pipeline, source: Any) -> PCollection:
        """Add the step."""
        return pipeline.add(self.op(), [one(source, self)], name=self.name)

    def op(self) -> ProcessOp:
        """Return the step.

        Raises:
            PipelineError: when a method is missing, or an option is wrong.
        """
        kind = type(self)
        if kind.process is Process.process:
            raise PipelineError(
                f"{kind.__name__} has no method process", hint="define: def process(self, ctx, record): ..."
            )
        timers = [name for name, spec in self.declared.timers if isinstance(spec, TimerSpec)]
        if timers and kind.on_timer is Process.on_timer:
            raise PipelineError(
                f"{kind.__name__} declares timer {timers[0]!r}, but has no method on_timer",
                hint="define: def on_timer(self, ctx, name): ...",
            )
        if isinstance(self.outputs, str):
            raise PipelineError(
                f"outputs {self.outputs!r} is a text, not several names", hint=f"write ({self.outputs!r},)"
            )
        outputs = self.outputs if isinstance(self.outputs, Mapping) else dict.fromkeys(self.outputs)
        for tag in outputs:
            if tag in {MAIN, LATE, ERRORS}:
                raise PipelineError(f"output name {tag!r} is taken", hint="choose another name for it")
        return ProcessOp(
            self,
            self.declared,
            to_schema(self.schema),
            frozenset(self.preserves),
            tuple((tag, to_schema(schema)) for tag, schema in outputs.items()),
            check_on_error(self.on_error),
            kind.__name__,
        )
