import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pulse.errors import MissingDependency, StateError
from pulse.state.kv.memory import MemoryState
from pulse.state.kv.rocksdb import RocksDbState
from pulse.state.kv.rocksdb_memory import RocksDbMemory

SOME = [(number.to_bytes(4), bytes(100)) for number in range(1000)]


def small() -> RocksDbMemory:
    return RocksDbMemory(8 << 20, 4 << 20)


def tables(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_ino for path in directory.glob("*.sst")}


def filled(path: Path) -> RocksDbState:
    state = RocksDbState(path, memory=small())
    state.put_many(SOME)
    return state


def test_a_closed_store_opens_again_as_it_was(tmp_path):
    with filled(tmp_path / "in" / "here") as state:
        state.delete_range(SOME[10][0])
    with RocksDbState(str(tmp_path / "in" / "here"), memory=small(), must_exist=True) as again:
        assert list(again.range()) == SOME[:10]


def test_bytes_are_stored_as_they_are_and_nothing_is_unpickled(tmp_path):
    hostile = b"\x06cos\nsystem\n(S'false'\ntR."
    with RocksDbState(tmp_path / "s", memory=small()) as state:
        state.put(b"\x02text", hostile)
        assert list(state.range()) == [(b"\x02text", hostile)]
        with state.snapshot() as snapshot:
            assert snapshot.get(b"\x02text") == hostile


def test_checkpoints_share_the_files_that_did_not_change(tmp_path):
    first, second = tmp_path / "checkpoints" / "1", tmp_path / "checkpoints" / "2"
    with filled(tmp_path / "s") as state:
        state.checkpoint(first)
        state.put(b"\xff", b"late")
        state.checkpoint(second)
        assert len(tables(first)) == 1
        assert tables(first).items() < tables(second).items() <= tables(tmp_path / "s").items()
        state.delete_range()
    with RocksDbState(first, memory=small(), must_exist=True) as then:
        assert list(then.range()) == SOME


def test_a_restored_checkpoint_stays_as_it_is(tmp_path):
    with filled(tmp_path / "s") as state:
        state.checkpoint(tmp_path / "c")
        held = {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()}
        for _ in range(2):
            state.delete_range(b"", SOME[500][0])
            state.put(b"later", b"")
            state.restore_checkpoint(tmp_path / "c")
            assert list(state.range()) == SOME
            assert tables(tmp_path / "c").items() <= tables(tmp_path / "s").items()
        assert {path.name: path.read_bytes() for path in (tmp_path / "c").iterdir()} == held
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c", "s"]


def test_a_restore_that_was_cut_off_can_be_done_again(tmp_path):
    with filled(tmp_path / "s") as state:
        state.checkpoint(tmp_path / "c")
    for left_over in ("s.restoring", "s.replaced"):
        (tmp_path / left_over).mkdir()
        (tmp_path / left_over / "000009.sst").write_bytes(b"half")
    (tmp_path / "s").rename(tmp_path / "s.gone")
    with RocksDbState(tmp_path / "s", memory=small()) as state:
        state.restore_checkpoint(tmp_path / "c")
        assert list(state.range()) == SOME


def test_a_checkpoint_on_another_file_system_is_copied(tmp_path, monkeypatch):
    def refuse(*_paths):
        raise OSError(18, "Invalid cross-device link")

    with filled(tmp_path / "s") as state:
        state.checkpoint(tmp_path / "c")
        monkeypatch.setattr(os, "link", refuse)
        state.restore_checkpoint(tmp_path / "c")
        assert list(state.range()) == SOME
        assert not tables(tmp_path / "s").items() & tables(tmp_path / "c").items()


def test_another_thread_checkpoints_and_reads_a_snapshot(tmp_path):
    found = []

    def work(state, snapshot):
        state.checkpoint(tmp_path / "c")
        found.extend(snapshot.range())

    with filled(tmp_path / "s") as state, state.snapshot() as snapshot:
        state.delete_range()
        thread = threading.Thread(target=work, args=(state, snapshot))
        thread.start()
        thread.join()
    assert found == SOME


def test_stores_share_memory(tmp_path):
    memory = small()
    with (
        RocksDbState(tmp_path / "a", memory=memory) as one,
        RocksDbState(tmp_path / "b", memory=memory) as two,
    ):
        for state in (one, two):
            state.put_many((number.to_bytes(4), bytes(1000)) for number in range(20_000))
        assert one.stats().entries >= 20_000
        assert memory._buffers.get_usage() < 2 * memory.write_buffers


def test_state_moves_between_backends(tmp_path):
    with filled(tmp_path / "s") as state, MemoryState() as other:
        other.restore(state)
        state.delete_range()
        with other.snapshot() as snapshot:
            state.restore(snapshot)
        assert list(state.range()) == SOME


def test_closing_ends_iterators_and_snapshots_and_unlocks(tmp_path):
    state = filled(tmp_path / "s")
    walk, snapshot = state.range(), state.snapshot()
    pages = snapshot.range()
    next(walk), next(pages)
    state.close()
    RocksDbState(tmp_path / "s", memory=small()).close()
    with pytest.raises(StateError, match=r"^the state in .*/s was closed while it was read$"):
        next(walk)
    with pytest.raises(StateError, match=r"^the snapshot of the state in .*/s was closed$"):
        snapshot.get(b"a")
    for use in (
        lambda: state.get(b"a"),
        lambda: state.get_many([b"a"]),
        lambda: state.put(b"a", b""),
        lambda: state.put_many([(b"a", b"")]),
        lambda: state.delete(b"a"),
        lambda: state.delete_many([b"a"]),
        state.delete_range,
        state.range,
        state.snapshot,
        state.stats,
        lambda: state.checkpoint(tmp_path / "c"),
    ):
        with pytest.raises(StateError, match=r"^cannot \w+ the state in .*: it was closed \("):
            use()


def test_one_store_at_a_time_has_the_directory(tmp_path):
    with filled(tmp_path / "s"):
        with pytest.raises(StateError, match="this process has it open already") as caught:
            RocksDbState(tmp_path / "s")
        assert caught.value.hint == "close the other store, or give this one its own directory"
        code = f"from pulse.state.kv.rocksdb import RocksDbState; RocksDbState({str(tmp_path / 's')!r})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "another process has it open" in done.stderr
    assert "hint: stop that process, or give this one its own directory" in done.stderr


def test_places_that_are_no_store_are_refused(tmp_path):
    with pytest.raises(
        StateError, match=r"^there is no state in .*/absent\nhint: check the path, or restore a"
    ):
        RocksDbState(tmp_path / "absent", must_exist=True)
    assert not (tmp_path / "absent").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"^the state directory .*/file is a file\nhint: name a directory$"):
        RocksDbState(tmp_path / "file")
    with pytest.raises(
        StateError, match=r"is not a store of RocksDB: no file CURRENT in it, but 'file'\nhint: name"
    ):
        RocksDbState(tmp_path)
    with pytest.raises(StateError, match=r"^cannot open the state in .*/file/s: "):
        RocksDbState(tmp_path / "file" / "s")
    with filled(tmp_path / "s") as state:
        with pytest.raises(StateError, match=r"a checkpoint needs a new directory"):
            state.checkpoint(tmp_path)
        with pytest.raises(StateError, match=r"^cannot write the state in .*/file/c: "):
            state.checkpoint(tmp_path / "file" / "c")
        with pytest.raises(StateError, match=r"^there is no state in .*/absent"):
            state.restore_checkpoint(tmp_path / "absent")
        assert list(state.range()) == SOME


def damage_current(directory):
    (directory / "CURRENT").write_text("nonsense")


def damage_missing_table(directory):
    next(directory.glob("*.sst")).unlink()


def damage_cut_table(directory):
    table = next(directory.glob("*.sst"))
    table.write_bytes(table.read_bytes()[:-100])


@pytest.mark.parametrize("damage", [damage_current, damage_missing_table, damage_cut_table])
def test_a_damaged_store_is_an_error_that_says_what_to_do(tmp_path, damage):
    filled(tmp_path / "s").close()
    damage(tmp_path / "s")
    with pytest.raises(StateError, match="its files are damaged") as caught:
        list(RocksDbState(tmp_path / "s", memory=small()).range())
    assert caught.value.hint.startswith("restore the newest intact checkpoint")


def test_a_flipped_bit_is_found_when_its_block_is_read(tmp_path):
    filled(tmp_path / "s").close()
    table = next((tmp_path / "s").glob("*.sst"))
    content = bytearray(table.read_bytes())
    content[200] ^= 1
    table.write_bytes(content)
    with RocksDbState(tmp_path / "s", memory=small()) as state:
        with pytest.raises(StateError, match=r"cannot read the state in .* its files are damaged"):
            list(state.range())
        with pytest.raises(StateError, match=r"cannot read the state in .* its files are damaged"):
            state.get(SOME[0][0])
        with state.snapshot() as snapshot, pytest.raises(StateError, match="its files are damaged"):
            snapshot.get(SOME[0][0])


def test_without_rocksdict_the_error_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "rocksdict", None)
    with pytest.raises(
        MissingDependency,
        match=r"needs the package 'rocksdict'.*\nhint: pip install 'pulse-streaming\[rocksdb\]'",
    ):
        RocksDbState(tmp_path / "s")
    assert not (tmp_path / "s").exists()


def test_a_full_disk_says_so(tmp_path):
    code = (
        "import resource, signal, sys; from pulse.state.kv.rocksdb import RocksDbState\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"state = RocksDbState({str(tmp_path / 's')!r})\n"
        "state.put_many((n.to_bytes(4), n.to_bytes(4) * 100) for n in range(10_000))\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        f"state.checkpoint({str(tmp_path / 'c')!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "StateError: cannot write the state in" in done.stderr
    assert "File too large" in done.stderr
