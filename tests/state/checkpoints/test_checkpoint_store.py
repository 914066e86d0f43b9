"""Checkpoints in a directory: whole or absent, checked, and never shared."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from pulse.errors import StateError
from pulse.state.checkpoints import CheckpointStore, Manifest
from pulse.state.checkpoints.store import Key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STATE = {
    Key("source", "Read"): {"splits": [{"position": {"offset": 5}}]},
    Key("stage", "Aggregate", 1): {"runs": [pa.table({"a": list(range(100))})]},
}


def manifest(number: int, **values: Any) -> Manifest:
    return Manifest(number, "p", {"parallelism": 1}, "2024-01-01T00:00:00Z", 5, **values)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CheckpointStore]:
    found = CheckpointStore(tmp_path / "state")
    yield found
    found.close()


def flip(path: Path, at: int = -1) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_what_is_written_can_be_read(store: CheckpointStore) -> None:
    written = store.write(manifest(1, sinks={"out": {"prepared": [1]}}), STATE)
    assert store.latest() == written
    assert written.size == sum(part.bytes for part in written.parts) > 0
    assert store.load(written) == STATE
    assert [str(key) for key in store.load(written)] == ["source 'Read'", "stage 'Aggregate' (replica 1)"]


def test_the_newest_ones_are_kept(store: CheckpointStore) -> None:
    for number in range(1, 7):
        store.write(manifest(number), {})
    assert store.numbers() == [4, 5, 6]
    assert sorted(path.stem for path in (store.directory / "commits").iterdir()) == [
        "00000004",
        "00000005",
        "00000006",
    ]
    store.clear()
    assert store.numbers() == []
    assert store.latest() is None


@pytest.mark.parametrize("file", ["0000.state", "0001.state", "manifest.json"])
@pytest.mark.parametrize("damage", ["flipped", "cut", "gone"])
def test_a_damaged_checkpoint_is_passed_over_loudly(
    store: CheckpointStore, caplog: pytest.LogCaptureFixture, file: str, damage: str
) -> None:
    before = store.write(manifest(1), STATE)
    store.write(manifest(2), STATE)
    path = store.directory / "00000002" / file
    if damage == "flipped":
        flip(path, -40)
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-7])
    else:
        path.unlink()
    with caplog.at_level(logging.WARNING):
        assert store.latest() == before
    assert f"checkpoint 2 in {store.directory} is damaged: " in caplog.text
    assert store.check(1).problem is None
    assert store.check(2).problem is not None


def test_every_bit_of_a_manifest_counts(store: CheckpointStore) -> None:
    text = store.write(manifest(1), STATE).to_json()
    for at in range(0, len(text), 7):
        changed = bytearray(text)
        changed[at] ^= 1
        try:
            found = Manifest.from_json(bytes(changed))
        except StateError:
            continue
        assert found == Manifest.from_json(text), at  # white space


def test_without_a_whole_checkpoint_nothing_is_guessed(store: CheckpointStore) -> None:
    store.write(manifest(1), STATE)
    flip(store.directory / "00000001" / "0000.state")
    with pytest.raises(StateError, match=r"no checkpoint in .* can be used: checkpoint 1 \(0000.state does"):
        store.latest()


def test_a_file_changed_after_the_check_is_noticed(store: CheckpointStore) -> None:
    written = store.write(manifest(1), STATE)
    flip(store.directory / "00000001" / "0001.state")
    with pytest.raises(
        StateError, match=r"checkpoint 1, stage 'Aggregate' \(replica 1\): 0001.state does not"
    ):
        store.load(written)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 2}, "it is of version 2, and this pulse reads version 1"),
        ({"format": "other"}, "is of format 'other', not 'pulse-checkpoint'"),
        ({"sha256": ""}, "does not have the checksum that it had"),
        ({"checkpoint": None}, "does not have the checksum that it had"),
    ],
)
def test_other_manifests_are_refused(change: dict[str, Any], message: str) -> None:
    sealed = json.loads(manifest(1).to_json())
    with pytest.raises(StateError, match=message):
        Manifest.from_json(json.dumps(sealed | change).encode())
    with pytest.raises(StateError, match=r"manifest.json is not that of a checkpoint"):
        Manifest.from_json(b"[]")


def test_a_checkpoint_that_was_renamed_is_refused(store: CheckpointStore) -> None:
    store.write(manifest(1), {})
    (store.directory / "00000001").rename(store.directory / "00000002")
    assert store.check(2).problem == "its manifest is that of checkpoint 1"
    with pytest.raises(StateError, match=r"there is no checkpoint 1 in .*; checkpoints: 2"):
        store.manifest(1)


def test_what_a_crash_left_half_written_is_removed(tmp_path: Path) -> None:
    half = tmp_path / ".00000003.tmp"
    half.mkdir()
    (half / "0000.state").write_bytes(b"half")
    store = CheckpointStore(tmp_path)
    assert store.numbers() == []
    assert not half.exists()
    store.close()


def test_going_back_says_what_sinks_made_visible(store: CheckpointStore) -> None:
    for number in (1, 2, 3):
        store.write(manifest(number, sinks={"out": number}), {})
    assert store.discard_after(1) == [{"out": 3}, {"out": 2}]
    assert store.numbers() == [1]
    assert store.discard_after(1) == [{"out": 3}, {"out": 2}], "asked again after a crash"
    store.forget_commits_after(1)
    assert store.discard_after(1) == []


def test_going_back_without_knowing_what_is_visible_is_refused(store: CheckpointStore) -> None:
    store.write(manifest(1), {})
    store.write(manifest(2), {})
    flip(store.directory / "commits" / "00000002.json", 3)
    with pytest.raises(StateError, match=r"00000002.json in .* is damaged, so what sinks made visible"):
        store.discard_after(1)


def test_a_directory_serves_one_run_at_a_time(store: CheckpointStore) -> None:
    code = f"from pulse.state.checkpoints import CheckpointStore; CheckpointStore({str(store.directory)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "StateError: state directory" in done.stderr
    assert "is in use by process" in done.stderr
    with pytest.raises(StateError, match="is in use by process"):
        CheckpointStore(store.directory)
    CheckpointStore(store.directory, locked=False)
    store.close()
    CheckpointStore(store.directory).close()


def test_directories_and_numbers_are_checked(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"cannot make .*file.*: (not a directory|file exists)"):
        CheckpointStore(tmp_path / "file")
    with pytest.raises(StateError, match="there is no state directory"):
        CheckpointStore(tmp_path / "none", locked=False)
    with pytest.raises(StateError, match="keep 0 is not at least 1"):
        CheckpointStore(tmp_path, keep=0)


def test_state_that_is_no_data_leaves_nothing_behind(store: CheckpointStore) -> None:
    with pytest.raises(StateError, match=r"stage 'Map' at \['steps'\] holds a builtins.object"):
        store.write(manifest(1), {Key("stage", "Map"): {"steps": object()}})
    assert store.numbers() == []


def test_positions_that_are_no_data_are_refused(store: CheckpointStore) -> None:
    for odd in (object(), {1: 2}):
        with pytest.raises(StateError, match="a position or what a sink has prepared is no plain data: "):
            store.write(manifest(1, positions={"Read": odd}), {})
    assert store.numbers() == []
