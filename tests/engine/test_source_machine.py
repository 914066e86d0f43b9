"""A running source: positions, watermarks of splits, bad records."""

import pytest

from pulse.engine.messages import EndOfInput, IdleInput, Watermark
from pulse.engine.source import SourceMachine
from pulse.errors import RecordError
from pulse.graph.compile import compile_graph
from pulse.io.sinks import Collect
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME, MIN_TIME
from pulse.model.watermarks import BoundedOutOfOrderness, FromSource
from pulse.transforms.core import Pipeline
from pulse.transforms.ends import Read, Write
from tests.support.events import Bad, Events


def source(events, *, watermarks=None, on_error="fail"):
    p = Pipeline()
    read = p | "read" >> Read(
        events, watermarks=watermarks or BoundedOutOfOrderness("2us"), on_error=on_error
    )
    read | "out" >> Write(Collect())
    if on_error == "dead_letter":
        read.errors | "bad" >> Write(Collect())
    plan = compile_graph("test", p.graph)
    machine = SourceMachine(plan, plan.by_name["read"])
    readers = [events.open(split.name, machine.request) for split in machine.splits]
    return machine, readers


def next_block(machine, readers, split=0):
    block = readers[split].poll()
    return machine.accept(split, block, readers[split].decode(block))


def bundles(emissions):
    return [message for _, message in emissions if isinstance(message, Bundle)]


def marks(emissions):
    return [message.time for _, message in emissions if isinstance(message, Watermark)]


def test_each_record_has_the_watermark_before_it():
    machine, readers = source(Events([{"v": i} for i in range(4)], [10, 20, 15, 40], block=2))
    first = next_block(machine, readers)
    assert bundles(first)[0].watermarks.tolist() == [MIN_TIME, 8]
    assert marks(first) == [8, 18]
    second = next_block(machine, readers)
    assert bundles(second)[0].watermarks == 18
    assert marks(second) == [38]


def test_the_lowest_split_counts():
    machine, readers = source(Events([{"v": i} for i in range(4)], [10, 100, 20, 200], splits_of=2, block=1))
    assert marks(next_block(machine, readers, 1)) == []
    assert marks(next_block(machine, readers, 0)) == [8]
    assert machine.watermark == 8
    assert [type(m).__name__ for _, m in machine.end(0)] == ["Watermark"]
    assert machine.watermark == 98
    assert not machine.ended
    assert [m for _, m in machine.end(1)] == [Watermark(MAX_TIME), EndOfInput()]
    assert machine.ended


def test_an_idle_split_holds_nothing_back():
    machine, readers = source(Events([{"v": i} for i in range(4)], [10, 100, 20, 200], splits_of=2, block=1))
    next_block(machine, readers, 0)
    next_block(machine, readers, 1)
    assert marks(machine.idle(0)) == [98]
    assert [m for _, m in machine.idle(1)] == [IdleInput()]


def test_a_record_knows_where_it_was_read():
    machine, readers = source(Events([{"v": i} for i in range(4)], [1, 2, 3, 4], block=3))
    next_block(machine, readers)
    (bundle,) = bundles(next_block(machine, readers))
    assert bundle.origin.locate(0) == "events:4"


def test_a_bad_record_stops_the_run_with_its_position():
    machine, readers = source(Events([{"v": 1}, {"v": 2}, Bad("{v")], [1, 2, 3], block=2))
    next_block(machine, readers)
    with pytest.raises(RecordError) as error:
        next_block(machine, readers)
    assert str(error.value) == (
        "step 'read': not a record\n  at: events:3\n  record: {v\n"
        "hint: choose on_error='skip' or 'dead_letter' on Read to go on without such records"
    )


@pytest.mark.parametrize("policy", ["skip", "dead_letter"])
def test_bad_records_can_be_left_out(policy):
    machine, readers = source(Events([Bad("x"), {"v": 1}, Bad("y")], [1, 2, 3]), on_error=policy)
    emitted = next_block(machine, readers)
    good = [m for port, m in emitted if isinstance(m, Bundle) and port.tag == "main"]
    bad = [m for port, m in emitted if isinstance(m, Bundle) and port.tag == "errors"]
    assert [bundle.rows for bundle in good] == [[{"v": 1}]]
    ledger = machine.context.ledger
    assert (ledger.received, ledger.passed, ledger.errored) == (3, 1, 2)
    if policy == "dead_letter":
        assert bad[0].batch.to_pylist() == [
            {"record": "x", "error": "not a record", "step": "read", "position": "events:1"},
            {"record": "y", "error": "not a record", "step": "read", "position": "events:3"},
        ]
    else:
        assert bad == []


def test_the_promise_of_the_source():
    events = Events([{"v": 1}, {"v": 2}], [10, 20], block=1, promises=[15, 18])
    machine, readers = source(events, watermarks=FromSource())
    assert marks(next_block(machine, readers)) == [15]
    second = next_block(machine, readers)
    assert bundles(second)[0].watermarks == 15
    assert marks(second) == [18]


def test_a_restored_source_goes_on_at_its_position():
    events = Events([{"v": i} for i in range(4)], [10, 20, 15, 40], block=2)
    machine, readers = source(events)
    next_block(machine, readers)
    restored, _ = source(events)
    restored.restore(machine.snapshot())
    again = [events.open("0", restored.request, restored.splits[0].position)]
    assert marks(next_block(restored, again)) == [38]
    assert restored.context.ledger.received == 4
