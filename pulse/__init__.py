"""Pulse: streaming pipelines written once, checked, compiled, and run at Arrow speed.

Names are loaded when they are first used, so that ``import pulse`` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "pulse.transforms.core": ("Composite", "PCollection", "Pipeline", "Transform"),
    "pulse.transforms.ends": ("Create", "Read", "Write"),
    "pulse.transforms.elementwise": (
        "Filter",
        "FlatMap",
        "Inspect",
        "Map",
        "MapBatches",
        "ParDo",
        "Select",
        "Tee",
        "WithColumns",
        "WithTimestamps",
    ),
    "pulse.transforms.grouping": (
        "Aggregate",
        "CombinePerKey",
        "Distinct",
        "GroupByKey",
        "KeyBy",
        "Reduce",
        "Window",
    ),
    "pulse.transforms.top": ("TopK",),
    "pulse.transforms.routing": ("Flatten", "Partition"),
    "pulse.model.tagged": ("Tagged",),
    "pulse.model.expressions": ("Expr", "coalesce", "col", "concat", "lit", "max_of", "min_of", "when"),
    "pulse.model.aggregates": (
        "CombineFn",
        "all_of",
        "any_of",
        "approx_count_distinct",
        "approx_median",
        "approx_quantile",
        "avg",
        "bottom_k",
        "collect",
        "combine",
        "count",
        "count_distinct",
        "distinct",
        "first",
        "last",
        "list_of",
        "max",
        "mean",
        "min",
        "stddev",
        "sum",
        "top_k",
        "variance",
    ),
    "pulse.model.windows": ("Calendar", "Global", "Session", "Sliding", "Tumbling"),
    "pulse.model.watermarks": (
        "BoundedOutOfOrderness",
        "EndOnly",
        "FromField",
        "FromFunction",
        "FromSource",
        "monotonic",
    ),
    "pulse.io.memory": ("Memory",),
    "pulse.io.jsonl": ("JsonLines",),
    "pulse.io.csv": ("Csv",),
    "pulse.io.parquet": ("Parquet",),
    "pulse.io.nexmark": ("Nexmark",),
    "pulse.io.sinks": ("Collect", "CsvSink", "JsonLinesSink", "ParquetSink"),
    "pulse.runners.deterministic": ("DeterministicRunner",),
    "pulse.runners.trio_runner": ("TrioRunner",),
    "pulse.runners.result": ("RunResult",),
    "pulse.errors": (
        "ConfigError",
        "ConnectorError",
        "DuplicateStep",
        "MissingDependency",
        "PipelineError",
        "PulseError",
        "PulseInternalError",
        "RecordError",
        "StateError",
        "TypeMismatch",
        "UnknownField",
        "UnsupportedFeature",
        "WindowingError",
    ),
}
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = ["__version__", *sorted(_HOME)]  # noqa: PLE0604 - names of the table above


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'pulse' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
