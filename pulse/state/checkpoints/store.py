"""The checkpoints of one pipeline in a directory: written whole, checked when they are read."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from pulse.errors import StateError
from pulse.state.checkpoints.files import checksum, state_errors, sync_names, write_synced
from pulse.state.checkpoints.lock import DirectoryLock
from pulse.state.checkpoints.manifest import Manifest, Part
from pulse.state.checkpoints.tree import pack, unpack

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

KEPT = 3
"""How many checkpoints are kept, unless told otherwise."""

MANIFEST = "manifest.json"
_FOLDER = re.compile(r"\d{8,}")

logger = logging.getLogger("pulse.state")


class Key(NamedTuple):
    """Whose state: the kind of machine, the name of its stage, and the replica."""

    kind: str
    name: str
    replica: int = 0

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r}" + (f" (replica {self.replica})" if self.replica else "")


@dataclass(frozen=True, slots=True)
class Found:
    """A checkpoint that was looked at.

    Args:
        number: its number.
        path: its folder.
        manifest: what it says of itself; None when that cannot be read.
        problem: what is wrong with it; None when nothing is.
    """

    number: int
    path: Path
    manifest: Manifest | None
    problem: str | None = None


class CheckpointStore:
    """Reads and writes the checkpoints in a directory.

    A checkpoint is a folder of its number. It is written under a hidden name, every file and the folder are
    synced, and then it is renamed: so it is there as a whole, or not at all. ``commits`` beside the folders
    keeps, for each checkpoint, what its sinks were asked to make visible, so that a run that goes back to an
    older one can take that back even when the newer one cannot be read any more.

    Args:
        directory: made when it is absent.
        keep: how many checkpoints are kept.
        locked: whether to keep other runs out until ``close``; looking alone needs no lock.

    Raises:
        StateError: when another run uses the directory, or it cannot be made or written.
    """

    def __init__(self, directory: str | os.PathLike[str], *, keep: int = KEPT, locked: bool = True) -> None:
        if keep < 1:
            raise StateError(f"keep {keep} is not at least 1")
        self.directory = Path(directory)
        self.keep = keep
        self._lock: DirectoryLock | None = None
        self._commits = self.directory / "commits"
        if locked:
            with state_errors("make", self.directory):
                self._commits.mkdir(parents=True, exist_ok=True)
            self._lock = DirectoryLock(self.directory)
            self._clean()
        elif not self.directory.is_dir():
            raise StateError(f"there is no state directory {str(self.directory)!r}")

    def close(self) -> None:
        """Let other runs have the directory."""
        if self._lock is not None:
            self._lock.release()

    # -- looking -------------------------------------------------------------------------------------------

    def numbers(self) -> list[int]:
        """Return the numbers of the checkpoints there are, oldest first."""
        with state_errors("read", self.directory):
            names = [each.name for each in self.directory.iterdir()]
        return sorted(int(name) for name in names if _FOLDER.fullmatch(name))

    def manifest(self, number: int) -> Manifest:
        """Return what a checkpoint says of itself.

        Raises:
            StateError: when there is no such checkpoint, or its manifest is damaged.
        """
        path = self._folder(number) / MANIFEST
        if not self._folder(number).is_dir():
            known = ", ".join(map(str, self.numbers())) or "none"
            raise StateError(
                f"there is no checkpoint {number} in {str(self.directory)!r}; checkpoints: {known}"
            )
        with state_errors("read", path):
            text = path.read_bytes()
        found = Manifest.from_json(text)
        if found.number != number:
            raise StateError(f"its manifest is that of checkpoint {found.number}")
        return found

    def check(self, number: int) -> Found:
        """Look at a checkpoint, its files included."""
        path, manifest = self._folder(number), None
        try:
            manifest = self.manifest(number)
            for part in manifest.parts:
                self._read(number, part)
        except StateError as error:
            return Found(number, path, manifest, error.message)
        return Found(number, path, manifest)

    def latest(self) -> Manifest | None:
        """Return the newest checkpoint that is whole; None when there are none.

        Says so, as a warning, when a newer one is damaged.

        Raises:
            StateError: when there are checkpoints, and all are damaged.
        """
        damaged: list[str] = []
        for number in reversed(self.numbers()):
            found = self.check(number)
            if found.problem is None:
                return found.manifest
            damaged.append(f"checkpoint {number} ({found.problem})")
            logger.warning(
                "checkpoint %d in %s is damaged: %s; looking for the one before it",
                number,
                self.directory,
                found.problem,
            )
        if damaged:
            raise StateError(
                f"no checkpoint in {str(self.directory)!r} can be used: {', '.join(damaged)}",
                hint="put the files back from a copy, or start over with --fresh",
            )
        return None

    def load(self, manifest: Manifest) -> dict[Key, Any]:
        """Return the state that a checkpoint holds, by machine.

        Raises:
            StateError: when a file is gone or was changed since it was written.
        """
        found = {}
        for part in manifest.parts:
            key = Key(part.kind, part.name, part.replica)
            try:
                found[key] = unpack(self._read(manifest.number, part))
            except StateError as error:
                raise StateError(
                    f"checkpoint {manifest.number}, {key}: {error.message}", hint=error.hint
                ) from error
        return found

    # -- writing -------------------------------------------------------------------------------------------

    def write(self, manifest: Manifest, state: Mapping[Key, Any]) -> Manifest:
        """Write a checkpoint and return its manifest with the parts; oldest ones beyond ``keep`` go.

        Raises:
            StateError: when a state holds what is not data, or the directory cannot be written.
        """
        final = self._folder(manifest.number)
        staged = self.directory / f".{final.name}.tmp"
        with state_errors("write", final):
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            parts = []
            for index, (key, value) in enumerate(state.items()):
                file = f"{index:04d}.state"
                size, digest = write_synced(staged / file, pack(value, str(key)))
                parts.append(Part(file, key.kind, key.name, key.replica, size, digest))
            whole = replace(manifest, parts=tuple(parts))
            write_synced(staged / MANIFEST, [whole.to_json()])
            self._note_commit(manifest)
            sync_names(staged)
            staged.rename(final)
            sync_names(self.directory)
        self._prune()
        return whole

    def discard_after(self, number: int) -> list[Mapping[str, Any]]:
        """Remove the checkpoints after one, and return what their sinks may have made visible, newest first.

        Raises:
            StateError: when what a sink was asked to make visible cannot be read any more.
        """
        with state_errors("change", self.directory):
            notes = sorted(self._commits.glob("*.json"), reverse=True)
            found = [_sinks_of(path) for path in notes if int(path.stem) > number]
            for newer in self.numbers():
                if newer > number:
                    shutil.rmtree(self._folder(newer))
        return found

    def forget_commits_after(self, number: int) -> None:
        """Forget what sinks made visible after a checkpoint, once they have taken it back."""
        with state_errors("change", self.directory):
            for path in self._commits.glob("*.json"):
                if int(path.stem) > number:
                    path.unlink()

    def clear(self) -> None:
        """Remove every checkpoint."""
        with state_errors("clear", self.directory):
            for number in self.numbers():
                shutil.rmtree(self._folder(number))
            for path in self._commits.glob("*.json"):
                path.unlink()
            sync_names(self.directory)

    # -- details -------------------------------------------------------------------------------------------

    def _folder(self, number: int) -> Path:
        return self.directory / f"{number:08d}"

    def _read(self, number: int, part: Part) -> memoryview:
        path = self._folder(number) / part.file
        with state_errors("read", path):
            data = path.read_bytes()
        if len(data) != part.bytes:
            raise StateError(f"{part.file} has {len(data)} bytes in place of {part.bytes}")
        if checksum(data) != part.sha256:
            raise StateError(f"{part.file} does not have the checksum that it had when it was written")
        return memoryview(data)

    def _note_commit(self, manifest: Manifest) -> None:
        """Keep what the sinks will make visible, before anything can."""
        content = orjson.dumps(manifest.sinks)
        sealed = [checksum(content).encode(), b"\n", content, b"\n"]
        write_synced(self._commits / f"{manifest.number:08d}.json", sealed)
        sync_names(self._commits)

    def _prune(self) -> None:
        gone = self.numbers()[: -self.keep]
        with state_errors("prune", self.directory):
            for number in gone:
                shutil.rmtree(self._folder(number))
                (self._commits / f"{number:08d}.json").unlink(missing_ok=True)

    def _clean(self) -> None:
        """Remove what a crashed run had not finished writing."""
        with state_errors("clean", self.directory):
            for each in self.directory.glob(".*.tmp"):
                shutil.rmtree(each)


def _sinks_of(path: Path) -> Mapping[str, Any]:
    digest, _, content = path.read_bytes().partition(b"\n")
    content = content.rstrip(b"\n")
    if checksum(content).encode() != digest:
        raise StateError(
            f"{path.name} in {str(path.parent)!r} is damaged, so what sinks made visible after the "
            "checkpoint to go back to is not known",
            hint="start over with --fresh, into an empty output",
        )
    found: Mapping[str, Any] = orjson.loads(content)
    return found
