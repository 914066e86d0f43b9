from itertools import count

import pytest

from pulse.state.kv.memory import MemoryState
from pulse.state.kv.rocksdb import RocksDbState
from pulse.state.kv.rocksdb_memory import RocksDbMemory
from pulse.testing.state import check_state


@pytest.fixture(params=["memory", "rocksdb", "a part of one in memory", "a part of one in rocksdb"])
def make(request, tmp_path):
    numbers = count()
    memory = RocksDbMemory(8 << 20, 4 << 20)

    def plain():
        if "memory" in request.param:
            return MemoryState()
        return RocksDbState(tmp_path / str(next(numbers)), memory=memory)

    def part():
        whole = plain()
        wholes.append(whole)
        whole.put_many([(b"par", b"1"), (b"paru", b"2"), (b"part", b"3"), (b"\xff", b"4")])
        whole.delete(b"part")
        return whole.scoped(b"part")

    wholes = []
    yield part if "part" in request.param else plain
    for whole in wholes:
        assert set(whole.get_many([b"par", b"paru", b"\xff"])) == {b"1", b"2", b"4"}
        whole.close()


def test_every_store_keeps_the_contract(make):
    check_state(make)
