"""Stages: fused steps, watermarks between them, idle inputs, snapshots."""

import pytest

from pulse.engine.messages import EndOfInput, IdleInput, Watermark
from pulse.engine.stage import StageMachine, pieces
from pulse.errors import PulseInternalError, RecordError
from pulse.graph.compile import compile_graph
from pulse.io.sinks import Collect
from pulse.model.aggregates import count
from pulse.model.bundle import Bundle
from pulse.model.time import MAX_TIME
from pulse.model.windows import Tumbling
from pulse.transforms.core import Pipeline
from pulse.transforms.elementwise import Filter, Map
from pulse.transforms.ends import Read, Write
from pulse.transforms.grouping import Aggregate, KeyBy, Window
from pulse.transforms.routing import Flatten
from tests.support.events import Events
from tests.support.operators import columns, rows


def stage(build, *, inputs=1):
    """Return the machine of the stage that a flatten begins."""
    p = Pipeline()
    sources = [
        p | f"read {i}" >> Read(Events([], [], schema={"v": "int64"}), watermarks=None) for i in range(2)
    ]
    (sources | "first" >> Flatten()) | build | "out" >> Write(Collect())
    plan = compile_graph("test", p.graph)
    return StageMachine(plan, plan.by_name["first"], range(inputs))


def said(emissions):
    """Return watermarks, idle and end as they are, and bundles as records."""
    found = []
    for _, message in emissions:
        if isinstance(message, Bundle):
            found.append(message.rows if message.is_rows else message.batch.to_pylist())
        else:
            found.append(message)
    return found


def test_results_come_before_the_watermark_that_caused_them():
    machine = stage(Window(Tumbling("10us")) | Aggregate(n=count()))
    machine.take(0, columns({"v": [1, 2]}, [1, 2]))
    (result, mark) = said(machine.take(0, Watermark(10)))
    assert result[0]["n"] == 2
    assert mark == Watermark(10)


def test_the_watermark_of_a_bundle_moves_the_stage_on():
    machine = stage(Filter("v > 5"))
    assert said(machine.take(0, columns({"v": [1, 7]}, [1, 2], [0, 4]))) == [[{"v": 7}], Watermark(4)]
    assert said(machine.take(0, columns({"v": [8]}, [1], 4))) == [[{"v": 8}]]


def test_the_end_of_all_inputs_is_the_end():
    machine = stage(Filter("v > 5"), inputs=2)
    assert said(machine.take(0, EndOfInput())) == []
    assert said(machine.take(1, EndOfInput())) == [Watermark(MAX_TIME), EndOfInput()]


def test_a_stage_is_idle_when_all_its_inputs_are():
    machine = stage(Filter("v > 5"), inputs=2)
    machine.take(0, Watermark(10))
    machine.take(1, Watermark(5))
    assert said(machine.take(0, IdleInput())) == []
    assert said(machine.take(1, IdleInput())) == [Watermark(10), IdleInput()]
    assert said(machine.take(1, IdleInput())) == []
    assert said(machine.take(0, Watermark(12))) == [Watermark(12)]


def test_the_end_of_one_input_while_the_other_is_idle_is_not_the_end():
    machine = stage(Filter("v > 5"), inputs=2)
    machine.take(0, Watermark(10))
    machine.take(1, Watermark(5))
    machine.take(1, IdleInput())
    assert said(machine.take(0, EndOfInput())) == [IdleInput()]


def test_an_error_that_knows_no_step_gets_the_name_of_its_step():
    machine = stage("agg" >> Aggregate(n=count()))
    machine.operators[-1].advance = lambda mark: (_ for _ in ()).throw(RecordError("too much"))
    with pytest.raises(RecordError, match="step 'agg': too much"):
        machine.take(0, EndOfInput())


def test_a_watermark_that_goes_back_is_a_defect():
    machine = stage(Filter("v > 5"))
    machine.take(0, Watermark(10))
    machine.inputs.current = 0
    with pytest.raises(PulseInternalError, match=r"the watermark of step 'first' went back from 10 to 5"):
        list(machine._advance(0, 5))


def test_a_snapshot_brings_everything_back():
    machine, restored = (
        stage(KeyBy("v") | Window(Tumbling("10us")) | Aggregate(n=count()), inputs=2) for _ in range(2)
    )
    machine.take(0, columns({"v": [1, 2]}, [1, 2], [0, 1]))
    machine.take(1, Watermark(5))
    machine.take(1, IdleInput())
    restored.restore(machine.snapshot())
    assert restored.ledger == machine.ledger
    for message in (columns({"v": [1]}, [3], 4), Watermark(30), EndOfInput()):
        assert said(restored.take(0, message)) == said(machine.take(0, message))
    assert restored.snapshot()["marks"] == machine.snapshot()["marks"]


def test_functions_see_every_record_of_a_large_bundle():
    seen = []
    machine = stage(Map(lambda row: seen.append(row["v"])))
    machine.take(0, columns({"v": list(range(200_000))}))
    assert seen == list(range(200_000))


def test_small_bundles_are_not_cut():
    bundle = rows([1, 2])
    assert next(pieces(bundle)) is bundle
