"""Load a pipeline from a config file, or from Python by its name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import ValidationError

from pulse.config.build import build_pipeline
from pulse.config.document import read
from pulse.config.functions import resolve
from pulse.config.options.root import Config
from pulse.config.problems import problems
from pulse.config.rules import check_rules
from pulse.errors import ConfigError
from pulse.transforms.core import Pipeline

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from pulse.config.document import Document


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """How a pipeline is run; None leaves it to the runner.

    Args:
        runner: ``"trio"``, or ``"deterministic"`` for one thread and the same order every time.
        parallelism: replicas of keyed steps.
        processes: worker processes for Python functions.
        overflow: what happens when channels are full.
        channel_rows: bound of each channel, in records.
        state_dir: where checkpoints are kept; None: there are none.
        checkpoint_interval: time between two checkpoints.
    """

    runner: Literal["trio", "deterministic"] = "trio"
    parallelism: int = 1
    processes: int = 0
    overflow: Literal["block", "drop"] | None = None
    channel_rows: int | None = None
    state_dir: str | None = None
    checkpoint_interval: str | None = None


@dataclass(frozen=True, slots=True)
class LoadedPipeline:
    """A pipeline ready to run.

    Args:
        pipeline: its graph.
        runtime: how to run it.
        origin: the file, or the name of the Python object, it came from.
    """

    pipeline: Pipeline
    runtime: RuntimeOptions
    origin: str


def load(
    path: str | os.PathLike[str],
    overrides: Mapping[str, str] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
) -> LoadedPipeline:
    """Load a pipeline from a TOML file. Nothing is opened; its sources are looked at when it runs.

    Paths of data are relative to the working directory; Python modules are looked for beside the file first.

    Args:
        path: the file.
        overrides: texts of values by dotted key, such as ``{"window.size": "30s"}``.
        environment: the variables for ``${NAME}``; None takes those of the process.

    Raises:
        ConfigError: when the file is wrong; carries ``file:line``.
        PipelineError: when a step does not fit what it reads; carries ``file:line``.

    Example:
        >>> import pathlib, tempfile
        >>> from pulse import DeterministicRunner
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "in.jsonl").write_text('{"ts": 0, "word": "a"}')
        >>> config = folder / "words.toml"
        >>> _ = config.write_text('''
        ... [source]
        ... kind = "file"
        ... path = "${FOLDER}/in.jsonl"
        ... time_field = "ts"
        ... [window]
        ... type = "tumbling"
        ... size = "60s"
        ... [ops]
        ... count_by = "word"
        ... [sink]
        ... kind = "file"
        ... path = "${FOLDER}/out.jsonl"
        ... ''')
        >>> loaded = load(config, {"window.size": "10s"}, environment={"FOLDER": str(folder)})
        >>> _ = DeterministicRunner().run(loaded.pipeline)
        >>> print((folder / "out.jsonl").read_text(), end="")
        {"word":"a","window_start":"1970-01-01T00:00:00Z","window_end":"1970-01-01T00:00:10Z","count":1}
    """
    document = read(path, overrides, environment)
    config = parse(document)
    check_rules(config, document)
    runtime = RuntimeOptions(**config.runtime.model_dump())
    return LoadedPipeline(build_pipeline(config, document), runtime, document.file)


def parse(document: Document) -> Config:
    """Return the options of a document; raises ``ConfigError`` for all that is wrong with them."""
    try:
        return Config.model_validate(document.data)
    except ValidationError as error:
        raise problems(error, document) from None


def load_object(name: str, *, folder: Path | None = None) -> LoadedPipeline:
    """Load a pipeline from Python: ``package.module:pipeline``, a ``Pipeline`` or a function that makes one.

    Args:
        name: module and attribute.
        folder: where modules are looked for first; None is the working directory.

    Raises:
        ConfigError: when there is no such object, or it is no pipeline.
    """
    found = resolve(name, folder or Path.cwd())
    if callable(found) and not isinstance(found, Pipeline):
        found = found()
    if not isinstance(found, Pipeline):
        raise ConfigError(
            f"{name!r} is {type(found).__name__}, not a Pipeline",
            hint="name a Pipeline, or a function without arguments that returns one",
        )
    return LoadedPipeline(found, RuntimeOptions(), name)
