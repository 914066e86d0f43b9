"""The public names of Pulse and where they live; ``pulse/__init__.py`` loads each when it is first used."""

from .errors import (
    ConfigError as ConfigError,
    ConnectorError as ConnectorError,
    DuplicateStep as DuplicateStep,
    MissingDependency as MissingDependency,
    PipelineError as PipelineError,
    PulseError as PulseError,
    PulseInternalError as PulseInternalError,
    RecordError as RecordError,
    StateError as StateError,
    TypeMismatch as TypeMismatch,
    UnknownField as UnknownField,
    UnsupportedFeature as UnsupportedFeature,
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
    CsvSink as CsvSink,
    JsonLinesSink as JsonLinesSink,
    ParquetSink as ParquetSink,
)
from .model.aggregates import (
    CombineFn as CombineFn,
    all_of as all_of,
    any_of as any_of,
    approx_count_distinct as approx_count_distinct,
    approx_median as approx_median,
    approx_quantile as approx_quantile,
    avg as avg,
    bottom_k as bottom_k,
    collect as collect,
    combine as combine,
    count as count,
    count_distinct as count_distinct,
    distinct as distinct,
    first as first,
    last as last,
    list_of as list_of,
    max as max,
    mean as mean,
    min as min,
    stddev as stddev,
    sum as sum,
    top_k as top_k,
    variance as variance,
)
from .model.expressions import (
    Expr as Expr,
    coalesce as coalesce,
    col as col,
    concat as concat,
    lit as lit,
    max_of as max_of,
    min_of as min_of,
    when as when,
)
from .model.tagged import (
    Tagged as Tagged,
)
from .model.watermarks import (
    BoundedOutOfOrderness as BoundedOutOfOrderness,
    EndOnly as EndOnly,
    FromField as FromField,
    FromFunction as FromFunction,
    FromSource as FromSource,
    monotonic as monotonic,
)
from .model.windows import (
    Calendar as Calendar,
    Global as Global,
    Session as Session,
    Sliding as Sliding,
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
    PCollection as PCollection,
    Pipeline as Pipeline,
    Transform as Transform,
)
from .transforms.elementwise import (
    Filter as Filter,
    FlatMap as FlatMap,
    Inspect as Inspect,
    Map as Map,
    MapBatches as MapBatches,
    ParDo as ParDo,
    Select as Select,
    Tee as Tee,
    WithColumns as WithColumns,
    WithTimestamps as WithTimestamps,
)
from .transforms.ends import (
    Create as Create,
    Read as Read,
    Write as Write,
)
from .transforms.grouping import (
    Aggregate as Aggregate,
    CombinePerKey as CombinePerKey,
    Distinct as Distinct,
    GroupByKey as GroupByKey,
    KeyBy as KeyBy,
    Reduce as Reduce,
    Window as Window,
)
from .transforms.routing import (
    Flatten as Flatten,
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
