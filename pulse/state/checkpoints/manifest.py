"""What a checkpoint says of itself: one JSON file that lists the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from pulse.errors import StateError
from pulse.state.checkpoints.files import checksum

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = "pulse-checkpoint"
VERSION = 1


@dataclass(frozen=True, slots=True)
class Part:
    """The state of one replica of a stage, or of a source.

    Args:
        file: name of its file in the checkpoint.
        kind: ``"source"`` or ``"stage"``.
        name: name of the stage.
        replica: which copy of it.
        bytes: size of the file.
        sha256: its checksum.
    """

    file: str
    kind: str
    name: str
    replica: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a checkpoint holds.

    Args:
        number: its number; they count up.
        pipeline: name of the pipeline.
        plan: what must be the same for the state to fit, as plain data.
        created: when it was taken, RFC 3339.
        watermark: the lowest watermark of the sources, microseconds.
        finished: whether the run was over; then there is no state, and nothing to resume.
        seconds: how long the pipeline had run, over all its processes.
        bytes_in: bytes read, over all its processes.
        positions: where each split of each source continues.
        sinks: what each sink has prepared, and what it has taken.
        ledger: where the records of every step were.
        parts: the files that hold the state.
    """

    number: int
    pipeline: str
    plan: Mapping[str, Any]
    created: str
    watermark: int
    finished: bool = False
    seconds: float = 0.0
    bytes_in: int = 0
    positions: Mapping[str, Any] = field(default_factory=dict)
    sinks: Mapping[str, Any] = field(default_factory=dict)
    ledger: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    @property
    def size(self) -> int:
        """Size of the state, in bytes."""
        return sum(part.bytes for part in self.parts)

    def to_json(self) -> bytes:
        """Return it as the text of ``manifest.json``.

        Raises:
            StateError: when a position or what a sink has prepared is no plain data.

        Example:
            >>> Manifest.from_json(Manifest(1, "p", {}, "2024-01-01T00:00:00Z", 0).to_json()).number
            1
        """
        content = asdict(self)
        sealed = {
            "format": FORMAT,
            "version": VERSION,
            "sha256": checksum(_canonical(content)),
            "checkpoint": content,
        }
        return orjson.dumps(sealed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read it back.

        Raises:
            StateError: when it is no manifest, of another version, or was changed since it was written.
        """
        try:
            sealed = orjson.loads(text)
            form, version, content = sealed["format"], sealed["version"], sealed["checkpoint"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise StateError("manifest.json is not that of a checkpoint") from None
        if form != FORMAT:
            raise StateError(f"manifest.json is of format {form!r}, not {FORMAT!r}")
        if version != VERSION:
            raise StateError(
                f"it is of version {version}, and this pulse reads version {VERSION}",
                hint="run it with the pulse that wrote it, or start over with --fresh",
            )
        if checksum(_canonical(content)) != sealed.get("sha256"):
            raise StateError("manifest.json does not have the checksum that it had when it was written")
        parts = tuple(Part(**each) for each in content.pop("parts"))
        return cls(**content, parts=parts)


def _canonical(content: Any) -> bytes:
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        reason = str(error)
        raise StateError(
            f"a position or what a sink has prepared is no plain data: {reason[:1].lower()}{reason[1:]}",
            hint="positions and prepared transactions are numbers, text, lists and dicts with text as keys",
        ) from None
