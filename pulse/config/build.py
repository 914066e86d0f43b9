"""From validated options to a pipeline: the same transforms that a person would write in Python."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pulse.config.functions import resolve
from pulse.config.options.grouping import WindowStep
from pulse.config.options.sinks import ParquetSinkOptions
from pulse.config.options.step import Settings
from pulse.config.references import output_of, split_reference
from pulse.config.short_form import expecting_key, original_payload, steps_of
from pulse.errors import PipelineError, PulseError
from pulse.graph.logical import Port
from pulse.graph.ops import ERRORS
from pulse.io.sinks import JsonLinesSink
from pulse.model.watermarks import BoundedOutOfOrderness
from pulse.transforms.core import PCollection, Pipeline
from pulse.transforms.ends import Read, Write
from pulse.transforms.routing import Flatten

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pulse.config.document import Document
    from pulse.config.locate import KeyPath
    from pulse.config.options.root import Config
    from pulse.config.options.sinks import SinkOptions
    from pulse.config.options.sources import SourceOptions
    from pulse.config.short_form import Placed
    from pulse.errors import ConfigError
    from pulse.transforms.core import Transform

_IDLE = "idle_timeout has no effect without max_out_of_orderness: no watermark moves before the end"
_IDLE_HINT = "set max_out_of_orderness too, or leave idle_timeout out"

logger = logging.getLogger("pulse.config")


def build_pipeline(config: Config, document: Document) -> Pipeline:
    """Return the pipeline that a config describes; each step knows its line.

    Raises:
        ConfigError: when an option, a function or an input is wrong.
        PipelineError: when a step does not fit what it reads; carries the line.
    """
    return _Builder(config, document).build()


class _Builder:
    def __init__(self, config: Config, document: Document) -> None:
        self.config = config
        self.document = document
        self.pipeline = Pipeline(config.name or Path(document.file).stem)
        self.settings = Settings(
            partial(resolve, folder=document.folder), config.time, config.on_error.policy
        )
        self.steps = steps_of(config)
        self.named = {step.options.name: step for step in self.steps if step.options.name}
        self.before = dict(zip(self.steps[1:], self.steps, strict=False))
        """The step above each step but the first: what it reads when it names no input."""
        self.outputs: dict[str, tuple[PCollection, tuple[str, ...]]] = {}
        """The main output of every source and step that has a name, with the names of its outputs."""
        self.built: dict[Placed, PCollection] = {}
        self.building: list[Placed] = []

    def build(self) -> Pipeline:
        for index, source in enumerate(self.config.source):
            self._source(source, self._path("source", index))
        for step in self.steps:
            self._step(step)
        for index, sink in enumerate(self.config.sink):
            self._sink(sink, self._path("sink", index))
        self._dead_letters()
        self._check_idle_timeout()
        return self.pipeline

    def _path(self, table: str, index: int) -> KeyPath:
        return (table, index) if isinstance(self.document.data[table], list) else (table,)

    def _source(self, options: SourceOptions, path: KeyPath) -> None:
        with self._at(path):
            source = expecting_key(options.build(), self.config.ops)
            strategy = options.strategy(self.config.time, source)
            if isinstance(strategy, BoundedOutOfOrderness) and options.delay(self.config.time) is None:
                logger.warning(
                    "%s: %s never ends and max_out_of_orderness is not set: with 0s, a record that is behind "
                    "another is late",
                    self.document.where(path),
                    source.label,
                )
            if options.idle_timeout is not None and not isinstance(strategy, BoundedOutOfOrderness):
                raise PipelineError(_IDLE, hint=_IDLE_HINT)
            read = Read(source, watermarks=strategy, on_error=options.on_error or self.settings.on_error)
            collection = self.pipeline | (options.name >> read if options.name else read)
            self.outputs[options.name or "source"] = (collection, ())

    def _step(self, step: Placed) -> PCollection:
        """Add a step, after the steps that it reads: these may stand below it in the file."""
        if step in self.built:
            return self.built[step]
        options = step.options
        if step in self.building:
            cycle = [each.options.name or "?" for each in self.building[self.building.index(step) :]]
            raise self.document.error(
                (*step.path, "input"),
                f"steps form a cycle: {' <- '.join([*cycle, cycle[0]])}",
                "a pipeline is a DAG: no step may read what comes out of it",
            )
        self.building.append(step)
        inputs = self._inputs(options.input, step.path, self.before.get(step))
        self.building.pop()
        with self._at(step.path):
            self._check_accumulation(step, inputs)
            result = self._apply(
                options.transform(self.settings), options.name, inputs, many=options.reads_many
            )
        main = self.built[step] = result[0] if isinstance(result, tuple) else result
        if options.name:
            self.outputs[options.name] = (main, options.output_names)
        return main

    def _apply(
        self, transform: Transform, name: str | None, inputs: list[PCollection], *, many: bool
    ) -> PCollection | tuple[PCollection, ...]:
        applied = name >> transform if name else transform
        return applied.apply(self.pipeline, inputs if many else inputs[0])  # type: ignore[no-any-return]

    def _inputs(
        self, given: str | list[str] | None, path: KeyPath, before: Placed | None
    ) -> list[PCollection]:
        """Return what an input names; by default the step before, or the only source."""
        if given is not None:
            texts = given if isinstance(given, list) else [given]
            with self._at((*path, "input")):
                return [self._input(text) for text in texts]
        if before is not None:
            return [self._step(before)]
        if len(self.config.source) > 1:
            names = [source.name for source in self.config.source if source.name]
            raise self.document.error(
                path,
                f"input is missing, and there are {len(self.config.source)} sources to choose from",
                f"add: input = '{names[0]}'" if names else "give the sources names",
            )
        return [self.outputs[self.config.source[0].name or "source"][0]]

    def _input(self, text: str) -> PCollection:
        name, output = split_reference(text, dict.fromkeys([*self.outputs, *self.named]))
        if name not in self.outputs:
            self._step(self.named[name])
        collection, outputs = self.outputs[name]
        return output_of(collection, output, outputs)

    def _check_accumulation(self, step: Placed, inputs: list[PCollection]) -> None:
        options = step.options
        if not isinstance(options, WindowStep):
            return
        late_possible = self.pipeline.type_of(inputs[0].port).late_possible
        key = options.unstated_accumulation(self.settings, late_possible=late_possible)
        if key is None:
            return
        of_all = key == "allowed_lateness" and options.allowed_lateness is None
        cause = "with max_out_of_orderness, it" if key == "allowed_lateness" else "it"
        here = step.path[0] == "step" and not of_all
        raise self.document.error(
            ("time", key) if of_all else (*step.path, key),
            f"{cause} lets a window fire more than once, so accumulation must be stated",
            f"add to {'this step' if here else '[time]'}: accumulation = 'accumulating' (each firing repeats "
            "the whole window) or 'discarding' (only what is new)",
        )

    def _check_idle_timeout(self) -> None:
        strategies = [getattr(node.op, "watermarks", None) for node in self.pipeline.graph]
        if self.config.time.idle_timeout and not any(
            isinstance(s, BoundedOutOfOrderness) for s in strategies
        ):
            with self._at(("time",)):
                raise PipelineError(_IDLE, hint=_IDLE_HINT)

    def _sink(self, options: SinkOptions, path: KeyPath) -> None:
        (before,) = self._inputs(options.input, path, self.steps[-1] if self.steps else None)
        with self._at(path):
            ops = self.config.ops
            if ops is not None and isinstance(options, ParquetSinkOptions) and options.layout == "json":
                before = before | original_payload(ops, windowed=self.config.window is not None)
            write = Write(options.build())
            _ = before | (options.name >> write if options.name else write)

    def _dead_letters(self) -> None:
        """Write the failed records that the config itself does not read to the file of [on_error]."""
        graph = self.pipeline.graph
        ports = [Port(node.name, ERRORS) for node in graph if ERRORS in node.op.outputs()]
        unread = [port for port in ports if not graph.readers(port)]
        if not unread:
            return
        path = self.config.on_error.path
        if path is None:
            raise self.document.error(
                ("on_error",),
                f"path is missing: step {unread[0].step!r} has on_error = 'dead_letter', and nothing reads "
                "its errors",
                "add to [on_error]: path = 'errors.jsonl'; or give a sink or step the input '<name>.errors'",
            )
        with self._at(("on_error",)):
            failed = [PCollection(self.pipeline, port) for port in unread]
            merged = failed[0] if len(failed) == 1 else tuple(failed) | Flatten()
            _ = merged | Write(JsonLinesSink(path))

    @contextmanager
    def _at(self, path: KeyPath) -> Iterator[None]:
        """Give steps added inside their line, and errors raised inside the line of the key they are about."""
        with self.pipeline.at(self.document.trace(path)):
            try:
                yield
            except PulseError as error:
                if error.where is not None:
                    raise
                raise self._located(path, error) from error

    def _located(self, path: KeyPath, error: PulseError) -> ConfigError:
        """Return an error at the key that its message begins with, when the table has that key."""
        key, _, rest = error.message.partition(" ")
        place = path if path[-1:] == (key,) else (*path, key)
        if place not in self.document.lines:
            return self.document.error(path, error.message, error.hint)
        message = error.message if rest.startswith("and ") else rest
        return self.document.error(place, message, error.hint)
