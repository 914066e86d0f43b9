"""The public names of Pulse and where they live; ``pulse/__init__.py`` loads each when it is first used."""

from .engine.process.context import (
    ProcessContext as ProcessContext,
)
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
from .model.context import (
    RecordContext as RecordContext,
)
from .model.context import (
    Span as Span,
)
from .model.do_fn import (
    DoFn as DoFn,
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
from .model.panes import (
    Pane as Pane,
)
from .model.state import (
    CombiningState as CombiningState,
)
from .model.state import (
    EventTimer as EventTimer,
)
from .model.state import (
    ListState as ListState,
)
from .model.state import (
    MapState as MapState,
)
from .model.state import (
    ProcessingTimer as ProcessingTimer,
)
from .model.state import (
    SetState as SetState,
)
from .model.state import (
    ValueState as ValueState,
)
from .model.tagged import (
    Tagged as Tagged,
)
from .model.timestamped import (
    Timestamped as Timestamped,
)
from .model.triggers import (
    AfterAll as AfterAll,
)
from .model.triggers import (
    AfterAny as AfterAny,
)
from .model.triggers import (
    AfterCount as AfterCount,
)
from .model.triggers import (
    AfterEach as AfterEach,
)
from .model.triggers import (
    AfterProcessingTime as AfterProcessingTime,
)
from .model.triggers import (
    AfterWatermark as AfterWatermark,
)
from .model.triggers import (
    Never as Never,
)
from .model.triggers import (
    OrFinally as OrFinally,
)
from .model.triggers import (
    Repeatedly as Repeatedly,
)
from .model.triggers import (
    Trigger as Trigger,
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
from .runners.recovery import (
    Checkpointing as Checkpointing,
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
from .transforms.joins import (
    AsOfJoin as AsOfJoin,
)
from .transforms.joins import (
    CoGroup as CoGroup,
)
from .transforms.joins import (
    IntervalJoin as IntervalJoin,
)
from .transforms.joins import (
    Join as Join,
)
from .transforms.joins import (
    JoinTable as JoinTable,
)
from .transforms.joins import (
    Lookup as Lookup,
)
from .transforms.keyed import (
    Deduplicate as Deduplicate,
)
from .transforms.keyed import (
    DetectGap as DetectGap,
)
from .transforms.keyed import (
    RateLimit as RateLimit,
)
from .transforms.keyed import (
    SessionizeBy as SessionizeBy,
)
from .transforms.metadata import (
    WithMetadata as WithMetadata,
)
from .transforms.process import (
    Process as Process,
)
from .transforms.routing import (
    Flatten as Flatten,
)
from .transforms.routing import (
    Partition as Partition,
)
from .transforms.side import (
    AsList as AsList,
)
from .transforms.side import (
    AsMap as AsMap,
)
from .transforms.side import (
    AsMultiMap as AsMultiMap,
)
from .transforms.side import (
    AsSingleton as AsSingleton,
)
from .transforms.top import (
    TopK as TopK,
)

__version__: str

__all__ = [
    "AfterAll",
    "AfterAny",
    "AfterCount",
    "AfterEach",
    "AfterProcessingTime",
    "AfterWatermark",
    "Aggregate",
    "AsList",
    "AsMap",
    "AsMultiMap",
    "AsOfJoin",
    "AsSingleton",
    "BoundedOutOfOrderness",
    "Calendar",
    "Checkpointing",
    "CoGroup",
    "Collect",
    "CombineFn",
    "CombinePerKey",
    "CombiningState",
    "Composite",
    "ConfigError",
    "ConnectorError",
    "Create",
    "Csv",
    "CsvSink",
    "Deduplicate",
    "DetectGap",
    "DeterministicRunner",
    "Distinct",
    "DoFn",
    "DuplicateStep",
    "EndOnly",
    "EventTimer",
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
    "IntervalJoin",
    "Join",
    "JoinTable",
    "JsonLines",
    "JsonLinesSink",
    "KeyBy",
    "ListState",
    "Lookup",
    "Map",
    "MapBatches",
    "MapState",
    "Memory",
    "MissingDependency",
    "Never",
    "Nexmark",
    "OrFinally",
    "PCollection",
    "Pane",
    "ParDo",
    "Parquet",
    "ParquetSink",
    "Partition",
    "Pipeline",
    "PipelineError",
    "Process",
    "ProcessContext",
    "ProcessingTimer",
    "PulseError",
    "PulseInternalError",
    "RateLimit",
    "Read",
    "RecordContext",
    "RecordError",
    "Reduce",
    "Repeatedly",
    "RunResult",
    "Select",
    "Session",
    "SessionizeBy",
    "SetState",
    "Sliding",
    "Span",
    "StateError",
    "Tagged",
    "Tee",
    "Timestamped",
    "TopK",
    "Transform",
    "Trigger",
    "TrioRunner",
    "Tumbling",
    "TypeMismatch",
    "UnknownField",
    "UnsupportedFeature",
    "ValueState",
    "Window",
    "WindowingError",
    "WithColumns",
    "WithMetadata",
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
