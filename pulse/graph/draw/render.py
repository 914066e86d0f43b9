"""Pictures of drawings, by way of Graphviz."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pulse.errors import ConnectorError, MissingDependency, did_you_mean

if TYPE_CHECKING:
    import os

FORMATS = ("svg", "png", "pdf", "jpg", "webp", "eps", "ps", "gif")
"""The formats that are offered; Graphviz knows more, but not all of them in every build."""


def render(dot: str, format: str, path: str | os.PathLike[str]) -> Path:  # noqa: A002 - the word people expect
    """Draw Graphviz source into a file.

    Args:
        dot: what ``to_dot`` returned.
        format: such as ``"svg"`` or ``"png"``.
        path: the file to write; replaced when it exists.

    Returns:
        The path.

    Raises:
        MissingDependency: when the package ``graphviz`` is not installed.
        ConnectorError: when the program ``dot`` is not, when it fails, or when the format is not offered.
    """
    if format not in FORMATS:
        raise ConnectorError(
            f"format {format!r} is not one of {', '.join(FORMATS)}", hint=did_you_mean(format, FORMATS)
        )
    try:
        import graphviz  # noqa: PLC0415 - an optional package
    except ImportError:
        raise MissingDependency.of(
            "graphviz", "graphviz", purpose="drawing a pipeline as a picture"
        ) from None
    try:
        picture: bytes = graphviz.Source(dot).pipe(format=format)
    except graphviz.ExecutableNotFound:
        raise ConnectorError(
            "drawing a pipeline as a picture needs the program 'dot', which was not found on the PATH",
            hint="install Graphviz, for instance: apt-get install graphviz, or brew install graphviz",
        ) from None
    except subprocess.CalledProcessError as error:
        said = (error.stderr or b"").decode(errors="replace").strip() or "it gave no reason"
        raise ConnectorError(f"the program 'dot' failed: {said.splitlines()[0]}") from None
    target = Path(path)
    try:
        target.write_bytes(picture)
    except OSError as error:
        raise ConnectorError(
            f"the picture cannot be written: {error.strerror or error}", where=str(target)
        ) from error
    return target
