"""``pulse graph``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pulse.cli.options import chatter, option, parallelism, target
from pulse.cli.target import load_target, name_of

if TYPE_CHECKING:
    from pulse.config import LoadedPipeline

TEXTS = {".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json"}
"""The form of a text by its file's ending; any other ending is that of a picture."""


@click.command()
@target
@option("--dot", "form", flag_value="dot", envvar="PULSE_GRAPH_DOT", help="Graphviz source (the default).")
@option("--mermaid", "form", flag_value="mermaid", envvar="PULSE_GRAPH_MERMAID", help="A Mermaid flowchart.")
@option("--json", "form", flag_value="json", envvar="PULSE_GRAPH_JSON", help="JSON.")
@option("--svg", "form", flag_value="svg", envvar="PULSE_GRAPH_SVG", help="A picture, drawn by Graphviz.")
@option("--png", "form", flag_value="png", envvar="PULSE_GRAPH_PNG", help="A picture, drawn by Graphviz.")
@option("-o", "--output", metavar="FILE", help="The file to write; its ending chooses the form.")
@option("--optimized", is_flag=True, help="Draw the compiled plan with its stages.")
@parallelism
@chatter
def graph(
    *,
    target: str | None,
    config: str | None,
    overrides: tuple[str, ...],
    form: str | None,
    output: str | None,
    optimized: bool,
    parallelism: int | None,
) -> None:
    """Draw the graph of a pipeline."""
    name = name_of(target, config)
    form = form or _form_of(output)
    loaded = load_target(name, overrides, parallelism=parallelism)
    if form in {"dot", "mermaid", "json"}:
        text = _text(loaded, form, optimized=optimized)
        if output is None or output == "-":
            click.echo(text, nl=False)
        else:
            Path(output).write_text(text, encoding="utf-8")
        return
    from pulse.graph.draw import render  # noqa: PLC0415 - imports pyarrow

    dot = _text(loaded, "dot", optimized=optimized)
    if output is not None and output != "-":
        render(dot, form, output)
        return
    if sys.stdout.isatty():
        raise click.UsageError(f"a picture does not show on a terminal; write it with -o graph.{form}.")
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.buffer.write(render(dot, form, Path(folder, f"graph.{form}")).read_bytes())


def _form_of(output: str | None) -> str:
    """Return the form that a file's ending asks for.

    Example:
        >>> _form_of(None), _form_of("graph.mmd"), _form_of("graph.svg"), _form_of("graph")
        ('dot', 'mermaid', 'svg', 'dot')
    """
    ending = Path(output or "").suffix.lower()
    return TEXTS.get(ending) or ending[1:] or "dot"


def _text(loaded: LoadedPipeline, form: str, *, optimized: bool) -> str:
    from pulse.graph.compile import CompileOptions  # noqa: PLC0415 - imports pyarrow
    from pulse.graph.draw import to_dot, to_json, to_mermaid  # noqa: PLC0415
    from pulse.runners.prepare import prepare  # noqa: PLC0415

    what = loaded.pipeline
    if optimized:
        what, _ = prepare(loaded.pipeline, CompileOptions(loaded.runtime.parallelism))  # type: ignore[assignment]
    text = {"dot": to_dot, "mermaid": to_mermaid, "json": to_json}[form](what)
    return text if text.endswith("\n") else f"{text}\n"
