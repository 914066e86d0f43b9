"""Both stores against a dict, and against each other."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from pulse.state.kv.memory import MemoryState
from pulse.state.kv.rocksdb import RocksDbState
from pulse.state.kv.rocksdb_memory import RocksDbMemory

keys = st.lists(st.sampled_from([b"\0", b"a", b"b", b"\xff"]), max_size=3).map(b"".join)
values = st.binary(max_size=3)
stops = st.none() | keys


def between(model, start, stop):
    return [e for e in sorted(model.items()) if start <= e[0] and (stop is None or e[0] < stop)]


class Stores(RuleBasedStateMachine):
    snapshots = Bundle("snapshots")

    @initialize()
    def open(self):
        self.folder = tempfile.TemporaryDirectory()
        self.memory = RocksDbMemory(4 << 20, 2 << 20)
        self.checkpoints = []
        self.model = {}
        self.stores = [MemoryState(), RocksDbState(Path(self.folder.name) / "s", memory=self.memory)]
        self.walks = []
        self.open_snapshots = []

    @rule(key=keys, value=values)
    def put(self, key, value):
        self.model[key] = value
        for store in self.stores:
            store.put(key, value)

    @rule(entries=st.lists(st.tuples(keys, values), max_size=300))
    def put_many(self, entries):
        self.model.update(entries)
        for store in self.stores:
            store.put_many(entries)

    @rule(some=st.lists(keys, max_size=20))
    def delete_many(self, some):
        for key in some:
            self.model.pop(key, None)
        for store in self.stores:
            store.delete_many(some)

    @rule(key=keys)
    def delete(self, key):
        self.model.pop(key, None)
        for store in self.stores:
            store.delete(key)

    @rule(start=keys, stop=stops)
    def delete_range(self, start, stop):
        for key, _ in between(self.model, start, stop):
            del self.model[key]
        for store in self.stores:
            store.delete_range(start, stop)

    @rule(start=keys, stop=stops, limit=st.none() | st.integers(0, 5))
    def read(self, start, stop, limit):
        for store in self.stores:
            assert list(store.range(start, stop, limit=limit)) == between(self.model, start, stop)[:limit]
            assert list(store.iter_prefix(start)) == [
                e for e in between(self.model, b"", None) if e[0].startswith(start)
            ]
            assert store.get(start) == self.model.get(start)

    @rule(start=keys, stop=stops)
    def begin_a_walk(self, start, stop):
        expected = between(self.model, start, stop)
        self.walks += [(store.range(start, stop), expected) for store in self.stores]

    @rule()
    def end_the_walks(self):
        for walk, expected in self.walks:
            assert list(walk) == expected
        self.walks = []

    @rule(target=snapshots)
    def snapshot(self):
        taken = [store.snapshot() for store in self.stores]
        self.open_snapshots += taken
        return taken, dict(self.model)

    @rule(snapshot=snapshots, start=keys, stop=stops)
    def read_a_snapshot(self, snapshot, start, stop):
        for view in snapshot[0]:
            assert list(view.range(start, stop)) == between(snapshot[1], start, stop)
            assert view.get(start) == snapshot[1].get(start)

    @rule(snapshot=consumes(snapshots), crossed=st.booleans())
    def restore(self, snapshot, crossed):
        taken, self.model = snapshot[0], dict(snapshot[1])
        for store, view in zip(self.stores, reversed(taken) if crossed else taken, strict=True):
            store.restore(view)
        for view in taken:
            view.close()

    @rule()
    def checkpoint(self):
        directory = Path(self.folder.name) / str(len(self.checkpoints))
        self.stores[1].checkpoint(directory)
        self.checkpoints.append((directory, dict(self.model)))

    @invariant()
    def memory_knows_its_size(self):
        stats = self.stores[0].stats()
        size = sum(len(key) + len(value) for key, value in self.model.items())
        assert (stats.entries, stats.bytes) == (len(self.model), size + 160 * len(self.model))

    def teardown(self):
        for view in self.open_snapshots:
            view.close()
        for directory, model in self.checkpoints:
            self.stores[1].restore_checkpoint(directory)
            assert dict(self.stores[1].range()) == model
        for store in self.stores:
            store.close()
        self.folder.cleanup()


TestStores = Stores.TestCase
TestStores.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
