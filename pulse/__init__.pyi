"""The public names of Pulse and where they live; ``pulse/__init__.py`` loads each when it is first used."""

from .errors import (
    ConfigError as ConfigError,
)
from .errors import (
    ConnectorError as ConnectorError,
)
from .errors import (
    DuplicateStep as DuplicateStep,
)
from .errors import (
    MissingDependency as MissingDependency,
)
from .errors import (
    PipelineError as PipelineError,
)
from .errors import (
    PulseError as PulseError,
)
from .errors import (
    PulseInternalError as PulseInternalError,
)
from .errors import (
    RecordError as RecordError,
)
from .errors import (
    StateError as StateError,
)
from .errors import (
    TypeMismatch as TypeMismatch,
)
from .errors import (
    UnknownField as UnknownField,
)
from .errors import (
    UnsupportedFeature as UnsupportedFeature,
)
from .errors import (
    WindowingError as WindowingError,
)
from .io.csv import (
    Csv as Csv,
)
from .io.jsonl import (
    JsonLines as JsonLines,
)
from .io.memory import (
    Memory as Memory,
)
from .io.nexmark import (
    Nexmark as Nexmark,
)
from .io.parquet import (
    Parquet as Parquet,
)
from .io.sinks import (
    Collect as Collect,
)
from .io.sinks import (
    CsvSink as CsvSink,
)
from .io.sinks import (
    JsonLinesSink as JsonLinesSink,
)
from .io.sinks import (
    ParquetSink as ParquetSink,
)
from .model.aggregates import (
    CombineFn as CombineFn,
)
from .model.aggregates import (
    all_of as all_of,
)
from .model.aggregates import (
    any_of as any_of,
)
from .model.aggregates import (
    approx_count_distinct as approx_count_distinct,
)
from .model.aggregates import (
    approx_median as approx_median,
)
from .model.aggregates import (
    approx_quantile as approx_quantile,
)
from .model.aggregates import (
    avg as avg,
)
from .model.aggregates import (
    bottom_k as bottom_k,
)
from .model.aggregates import (
    collect as collect,
)
from .model.aggregates import (
    combine as combine,
)
from .model.aggregates import (
    count as count,
)
from .model.aggregates import (
    count_distinct as count_distinct,
)
from .model.aggregates import (
    distinct as distinct,
)
from .model.aggregates import (
    first as first,
)
from .model.aggregates import (
    last as last,
)
from .model.aggregates import (
    list_of as list_of,
)
from .model.aggregates import (
    max as max,
)
from .model.aggregates import (
    mean as mean,
)
from .model.aggregates import (
    min as min,
)
from .model.aggregates import (
    stddev as stddev,
)
from .model.aggregates import (
    sum as sum,
)
from .model.aggregates import (
    top_k as top_k,
)
from .model.aggregates import (
    variance as variance,
)
from .model.expressions import (
    Expr as Expr,
)
from .model.expressions import (
    coalesce as coalesce,
)
from .model.expressions import (
    col as col,
)
from .model.expressions import (
    concat as concat,
)
from .model.expressions import (
    lit as lit,
)
from .model.expressions import (
    max_of as max_of,
)
from .model.expressions import (
    min_of as min_of,
)
from .model.expressions import (
    when as when,
)
from .model.tagged import (
    Tagged as Tagged,
)
from .model.watermarks import (
    BoundedOutOfOrderness as BoundedOutOfOrderness,
)
from .model.watermarks import (
    EndOnly as EndOnly,
)
from .model.watermarks import (
    FromField as FromField,
)
from .model.watermarks import (
    FromFunction as FromFunction,
)
from .model.watermarks import (
    FromSource as FromSource,
)
from .model.watermarks import (
    monotonic as monotonic,
)
from .model.windows import (
    Calendar as Calendar,
)
from .model.windows import (
    Global as Global,
)
from .model.windows import (
    Session as Session,
)
from .model.windows import (
    Sliding as Sliding,
)
from .model.windows import (
    Tumbling as Tumbling,
)
from .runners.deterministic import (
    DeterministicRunner as DeterministicRunner,
)
from .runners.result import (
    RunResult as RunResult,
)
from .runners.trio_runner import (
    TrioRunner as TrioRunner,
)
from .transforms.core import (
    Composite as Composite,
)
from .transforms.core import (
    PCollection as PCollection,
)
from .transforms.core import (
    Pipeline as Pipeline,
)
from .transforms.core import (
    Transform as Transform,
)
from .transforms.elementwise import (
    Filter as Filter,
)
from .transforms.elementwise import (
    FlatMap as FlatMap,
)
from .transforms.elementwise import (
    Inspect as Inspect,
)
from .transforms.elementwise import (
    Map as Map,
)
from .transforms.elementwise import (
    MapBatches as MapBatches,
)
from .transforms.elementwise import (
    ParDo as ParDo,
)
from .transforms.elementwise import (
    Select as Select,
)
from .transforms.elementwise import (
    Tee as Tee,
)
from .transforms.elementwise import (
    WithColumns as WithColumns,
)
from .transforms.elementwise import (
    WithTimestamps as WithTimestamps,
)
from .transforms.ends import (
    Create as Create,
)
from .transforms.ends import (
    Read as Read,
)
from .transforms.ends import (
    Write as Write,
)
from .transforms.grouping import (
    Aggregate as Aggregate,
)
from .transforms.grouping import (
    CombinePerKey as CombinePerKey,
)
from .transforms.grouping import (
    Distinct as Distinct,
)
from .transforms.grouping import (
    GroupByKey as GroupByKey,
)
from .transforms.grouping import (
    KeyBy as KeyBy,
)
from .transforms.grouping import (
    Reduce as Reduce,
)
from .transforms.grouping import (
    Window as Window,
)
from .transforms.routing import (
    Flatten as Flatten,
)
from .transforms.routing import (
    Partition as Partition,
)
from .transforms.top import (
    TopK as TopK,
)

__version__: str

__all__ = [
    "Aggregate",
    "BoundedOutOfOrderness",
    "Calendar",
    "Collect",
    "CombineFn",
    "CombinePerKey",
    "Composite",
    "ConfigError",
    "ConnectorError",
    "Create",
    "Csv",
    "CsvSink",
    "DeterministicRunner",
    "Distinct",
    "DuplicateStep",
    "EndOnly",
    "Expr",
    "Filter",
    "FlatMap",
    "Flatten",
    "FromField",
    "FromFunction",
    "FromSource",
    "Global",
    "GroupByKey",
    "Inspect",
    "JsonLines",
    "JsonLinesSink",
    "KeyBy",
    "Map",
    "MapBatches",
    "Memory",
    "MissingDependency",
    "Nexmark",
    "PCollection",
    "ParDo",
    "Parquet",
    "ParquetSink",
    "Partition",
    "Pipeline",
    "PipelineError",
    "PulseError",
    "PulseInternalError",
    "Read",
    "RecordError",
    "Reduce",
    "RunResult",
    "Select",
    "Session",
    "Sliding",
    "StateError",
    "Tagged",
    "Tee",
    "TopK",
    "Transform",
    "TrioRunner",
    "Tumbling",
    "TypeMismatch",
    "UnknownField",
    "UnsupportedFeature",
    "Window",
    "WindowingError",
    "WithColumns",
    "WithTimestamps",
    "Write",
    "all_of",
    "any_of",
    "approx_count_distinct",
    "approx_median",
    "approx_quantile",
    "avg",
    "bottom_k",
    "coalesce",
    "col",
    "collect",
    "combine",
    "concat",
    "count",
    "count_distinct",
    "distinct",
    "first",
    "last",
    "list_of",
    "lit",
    "max",
    "max_of",
    "mean",
    "min",
    "min_of",
    "monotonic",
    "stddev",
    "sum",
    "top_k",
    "variance",
    "when",
]
