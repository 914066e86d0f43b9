"""The short form, [window] and [ops]: rewritten into the steps it stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pulse.config.options.grouping import AggregateStep, KeyByStep, WindowStep
from pulse.io.jsonl import JsonLines
from pulse.model.expressions import col
from pulse.transforms.elementwise import Select

if TYPE_CHECKING:
    from pulse.config.locate import KeyPath
    from pulse.config.options.root import Config, OpsOptions
    from pulse.config.options.step import StepOptions
    from pulse.io.base import Source

RESULTS = {"count": "count", "sum": "sum", "avg": "avg", "distinct": "distinct_count"}
"""The field that holds the result, by what was computed."""


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The options of a step, and where they stand in the file; several may stand in one place."""

    options: StepOptions
    path: KeyPath


def steps_of(config: Config) -> list[Placed]:
    """Return the steps of a config: its own, or those that [window] and [ops] stand for.

    A result has the key under its own name, ``window_start``, ``window_end``, and ``count``, ``sum``, ``avg``
    or ``distinct_count``.
    """
    ops = config.ops
    if ops is None:
        return [Placed(options, ("step", index)) for index, options in enumerate(config.step)]
    steps: list[Placed] = []
    if config.window is not None:
        shape = config.window.model_dump(exclude={"type"})
        steps.append(Placed(WindowStep(type="window", window=config.window.type, **shape), ("window",)))
    aggregate = f"{ops.agg}({ops.agg_field!r})" if ops.agg != "count" else "count()"
    key = KeyByStep(type="key_by", fields=[ops.count_by], columns={})
    result = AggregateStep(type="aggregate", aggregates={RESULTS[ops.agg]: aggregate})
    return [*steps, Placed(key, ("ops",)), Placed(result, ("ops",))]


def expecting_key(source: Source, ops: OpsOptions | None) -> Source:
    """Return a source whose records have the key in any case: null where a JSON record lacks it."""
    if ops is None or not isinstance(source, JsonLines) or source.schema is not None:
        return source
    return replace(source, expect=(ops.count_by,))


def original_payload(ops: OpsOptions, *, windowed: bool) -> Select:
    """Return the projection to the field names that the JSON payload of the first Pulse had."""
    columns: dict[str, Any] = {"key": col(ops.count_by)}
    if windowed:
        columns["window_start_ms"] = col("window_start").dt.epoch_ms()
        columns["window_end_ms"] = col("window_end").dt.epoch_ms()
    columns[RESULTS[ops.agg]] = col(RESULTS[ops.agg])
    return Select(**columns)
