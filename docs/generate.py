# ruff: noqa: INP001 - a script
"""Write the reference pages of the config file and of the command line, from the code that reads them.

Run:    python docs/generate.py
Expect: docs/reference/config.md and docs/reference/cli.md, which a test compares with what this gives.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pulse.cli.group import EPILOG
from pulse.cli.main import cli
from pulse.config import json_schema
from pulse.config.options.root import Config, OnErrorOptions, OpsOptions, RuntimeTable
from pulse.config.options.routing import STEPS
from pulse.config.options.sinks import SINKS
from pulse.config.options.sources import SOURCES
from pulse.config.options.testing import EventOptions, TestOptions
from pulse.config.options.time import TimeOptions
from pulse.config.options.windows import WindowOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pulse.config.options.base import Options

REFERENCE = Path(__file__).parent / "reference"

CONFIG_INTRO = """\
# The config file

<!-- Written by docs/generate.py: change the models in pulse/config/options, then run it. -->

A pipeline as TOML: where records come from, what happens to them, where they go. `pulse check` reads it
without running anything; `pulse schema` prints its JSON Schema for editors. Unknown keys are errors with a
suggestion.

```toml
[[source]]
name = "events"
kind = "file"
path = "${DATA:-examples/data}/wordcount.jsonl"
time_field = "event_time"

[[step]]
name = "long"
type = "filter"
condition = "text.str.length() > 20"

[[step]]
type = "window"
window = "tumbling"
size = "60s"

[[step]]
name = "counts"
type = "aggregate"
aggregates = { texts = "count()" }

[[sink]]
input = "counts"
kind = "file"
path = "-"
```

- **Steps** stand in the order in which records pass them. Each reads the step above it; the first reads the
  only source; a sink reads the last step. `input` says otherwise: the `name` of a source or step,
  `name.late`, `name.errors`, or `name.<output>` of a step with several outputs. A step may read one that
  stands below it.
- **Durations** are texts with units: `"10s"`, `"1h30m"`, `"250ms"`. The units are `us`, `ms`, `s`, `m` or
  `min` (both are minutes), `h`, `d` (24 hours) and `w` (7 days), in small or capital letters. One text may
  have several, with spaces or without, and fractions (`"1.5h"`). Where a length may be negative, a minus
  stands first (`"-5m"`). A bare number is refused, and so are other words, such as `sec`.
- **Expressions** and **aggregates** are texts: see [expressions](expressions.md) and
  [aggregates](aggregates.md).
- **Functions** are named `module:function`. The module is looked for beside the config file first, then among
  installed packages. Naming one runs its code: a config file is trusted as much as the Python it names.
- **Variables**: `${NAME}` and `${NAME:-default}` in texts are replaced from the environment; `$${` is a plain
  `${`. Errors show the text as written, never the value, which may be a secret.
- **Overrides**: `--set window.size=30s`, `--set step.NAME.size=30s`, `--set source.0.path=in.jsonl` replace
  values; the value is TOML where it reads as such, else text.
- **Paths** of data are relative to the working directory.
- The **short form**, `[window]` and `[ops]` in place of steps, stands for window, key_by and aggregate. A
  result has the key under its own name, `window_start`, `window_end`, and `count`, `sum`, `avg` or
  `distinct_count`:

```toml
[source]
kind = "file"
path = "examples/data/sensors.jsonl"
time_field = "event_time"

[time]
max_out_of_orderness = "5s"

[window]
type = "sliding"
size = "60s"
slide = "15s"

[ops]
count_by = "device"
agg = "avg"
agg_field = "value"

[sink]
kind = "parquet"
out_dir = "outputs"
```

Fields marked **needed** must be given. A default of `-` means that leaving the key out has the meaning told
beside it.
"""

CLI_INTRO = """\
# The command line

<!-- Written by docs/generate.py: change the commands in pulse/cli, then run it. -->

`pulse COMMAND [CONFIG|MODULE:PIPELINE] [OPTIONS]`. What a command works on is a [config file](config.md), or
a Python object by its name: `package.module:pipeline`, a `Pipeline` or a function without arguments that
returns one.

```sh
pulse new words
cd words
pulse check pipeline.toml
pulse run pipeline.toml --set step.views.aggregates='{ views = "count()" }' --json | head -2
```
```output
wrote words/pipeline.toml
...
now: cd words && pulse run pipeline.toml
Read(jsonl(views.jsonl)): sniffed
...
pipeline.toml is right: ... steps
running pipeline.toml (... steps)
{
  "interrupted": false,
```
"""


def config_page() -> str:
    """Return the page of the config file."""
    schema = json_schema()
    parts = [CONFIG_INTRO, "## Top level\n", _table(Config, schema)]
    sections: list[tuple[str, str, Mapping[str, type[Options]]]] = [
        ("## [source], [[source]]", "kind", SOURCES),
        ("## [[step]]", "type", STEPS),
        ("## [sink], [[sink]]", "kind", SINKS),
    ]
    single: list[tuple[str, type[Options]]] = [
        ("## [time]", TimeOptions),
        ("## [window]", WindowOptions),
        ("## [ops]", OpsOptions),
        ("## [on_error]", OnErrorOptions),
        ("## [runtime]", RuntimeTable),
        ("## [[test]]", TestOptions),
        ("### An event of a test", EventOptions),
    ]
    for title, key, models in sections:
        parts.append(f"{title}\n")
        if key == "kind":
            parts.append(
                '`kind = "file"` takes the kind from `format` or from the ending of the path; another ending '
                "is an error.\n"
            )
        for name, model in models.items():
            parts += [f'### {key} = "{name}"\n', f"{_summary(model)}\n", _table(model, schema, skip=(key,))]
    for title, model in single:
        parts += [f"{title}\n", f"{_summary(model)}\n", _table(model, schema)]
    return "\n".join(parts)


def _summary(model: type[Options]) -> str:
    return inspect.cleandoc(model.__doc__ or "").split("\n\n", 1)[0].replace("\n", " ")


def _table(model: type[Options], schema: Mapping[str, Any], skip: Iterable[str] = ()) -> str:
    found = schema if model is Config else schema["$defs"][model.__name__]
    needed = found.get("required", ())
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    fields = [(field.alias or name, field) for name, field in model.model_fields.items()]
    for key, field in sorted(fields, key=lambda pair: pair[0] not in needed):
        if key in skip:
            continue
        value = found["properties"][key]
        default = "**needed**" if key in needed else _shown(value["default"]) if "default" in value else "-"
        about = field.description or _described(value, schema)
        rows.append(f"| `{key}` | {_kind(value)} | {default} | {about} |".replace("\n", " "))
    return "\n".join(rows) + "\n"


def _described(value: Mapping[str, Any], schema: Mapping[str, Any]) -> str:
    """Return the description of what a value refers to."""
    name = value.get("$ref", "").rpartition("/")[2]
    return schema["$defs"][name]["description"].replace("\n", " ") if name else ""


def _kind(value: Mapping[str, Any]) -> str:  # noqa: PLR0911 - one case per shape of a value
    """Return what a value may be, in words."""
    if "$ref" in value or any("$ref" in str(each) for each in value.get("anyOf", ())):
        return "table"
    if "anyOf" in value:
        return " or ".join(dict.fromkeys(_kind(each) for each in value["anyOf"]))
    if "enum" in value:
        return ", ".join(f"`{each}`" for each in value["enum"])
    if "const" in value:
        return f"`{value['const']}`"
    kind = value.get("type")
    if kind == "array":
        return "tables" if "$ref" in str(value["items"]) else f"list of {_kind(value['items'])}"
    if kind == "object":
        return "table of texts" if "string" in str(value.get("additionalProperties")) else "table"
    if "Units: us" in value.get("description", "") or "250ms" in value.get("examples", ()):
        return "duration"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "truth value"}[
        str(kind)
    ]


def _shown(value: Any) -> str:
    if value in ({}, []):
        return "-"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def cli_page() -> str:
    """Return the page of the command line."""
    parts = [CLI_INTRO]
    context = click.Context(cli, info_name="pulse", **cli.context_settings)
    for name in cli.list_commands(context):
        command = cli.commands[name]
        own = click.Context(command, info_name=f"pulse {name}", parent=context)
        usage = " ".join([own.info_name or "", *command.collect_usage_pieces(own)])
        parts += [
            f"## pulse {name}\n",
            f"```text\n{usage}\n```\n",
            f"{inspect.cleandoc(command.help or '')}\n",
        ]
        parts += ["| option | variable | |", "|---|---|---|"]
        for parameter in command.get_params(own):
            if isinstance(parameter, click.Option) and parameter.name != "help":
                parts.append(_option(parameter))
        parts.append("")
    return "\n".join([*parts, "## Exit codes and variables\n", EPILOG])


def _option(option: click.Option) -> str:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    if isinstance(option.type, click.Choice):
        names += " " + "\\|".join(f"`{choice}`" for choice in option.type.choices)
    elif option.metavar:
        names += f" `{option.metavar}`"
    variables = [option.envvar] if isinstance(option.envvar, str) else option.envvar or ()
    default = f" Default: `{option.default}`." if option.show_default else ""
    return f"| {names} | {', '.join(f'`{name}`' for name in variables)} | {option.help}{default} |"


PAGES = {"config.md": config_page, "cli.md": cli_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (REFERENCE / name).write_text(page(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
