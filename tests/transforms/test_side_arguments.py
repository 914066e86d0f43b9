"""What is said of side inputs and contexts that cannot be."""

import pytest

from pulse import (
    AsList,
    AsMap,
    AsSingleton,
    Create,
    DoFn,
    Filter,
    FlatMap,
    JsonLines,
    Map,
    ParDo,
    Pipeline,
    Read,
    Session,
    Sliding,
    Timestamped,
    Tumbling,
    Window,
    WithMetadata,
)
from pulse.errors import PipelineError, RecordError, UnknownField, WindowingError
from pulse.runners.deterministic import DeterministicRunner


@pytest.fixture
def main():
    return Pipeline() | Create([{"n": 1}], times=[0])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda c: Map(lambda r, s: r, sides={"s": c}), "side input 's' of Map is PCollection"),
        (lambda c: Map(lambda r, s: r, sides=[c]), "Map takes side inputs by name, not list"),
        (lambda c: Map(lambda r: r, sides={"s": AsList(c)}), r"cannot call <lambda>\(r\): got an unexpected"),
        (lambda c: Map(lambda r: r, context=True), "too many positional arguments"),
        (
            lambda c: Map(lambda r: r, inputs=["n"], output="m", context=True),
            "sides and context have no meaning",
        ),
        (lambda c: Filter("n > 1", sides={"s": AsList(c)}), "an expression takes neither sides nor context"),
        (lambda c: FlatMap(DoFn), "DoFn is a class, not an object of it"),
        (lambda c: AsList([1]), "AsList takes a collection, not list"),
        (lambda c: WithMetadata("widnow_start"), "WithMetadata knows no 'widnow_start'"),
        (lambda c: WithMetadata("time", timing="time"), "makes field 'time' twice"),
        (lambda c: WithMetadata(time=1), "name of a field as time, not 1"),
    ],
)
def test_wrong_arguments(main, build, message):
    with pytest.raises(PipelineError, match=message):
        build(main)


def test_fields_that_a_side_does_not_have(main):
    with pytest.raises(UnknownField, match="'m'"):
        _ = main | Map(lambda r, s: r, sides={"s": AsMap(main, "m")})


def test_a_field_that_is_there_already(main):
    with pytest.raises(PipelineError, match="field 'n' is there already"):
        _ = main | WithMetadata(index="n")


def test_a_global_side_that_never_ends(main, tmp_path):
    path = tmp_path / "live.jsonl"
    path.write_text('{"n": 1}\n')
    live = main.pipeline | Read(JsonLines(path, follow=True, schema={"n": "int64"}))
    with pytest.raises(WindowingError, match="side input 's' never ends and has the global window") as caught:
        _ = main | Map(lambda r, s: r, sides={"s": AsList(live)})
    assert "Window(Tumbling('60s'))" in caught.value.hint


def test_windows_that_do_not_go_together(main):
    side = main | Window(Tumbling("5s"))
    with pytest.raises(WindowingError, match=r"side input 's' has windows \(tumbling\(5s\)\), but the main"):
        _ = main | Map(lambda r, s: r, sides={"s": AsList(side)})
    side = main | "sessions" >> Window(Session("5s"))
    with pytest.raises(WindowingError, match="side input 's' has session windows"):
        _ = main | Map(lambda r, s: r, sides={"s": AsSingleton(side)})


class Late(DoFn):
    def process(self, record):
        yield record

    def finish_bundle(self):
        yield Timestamped({"n": 2}, 0)


def test_finish_bundle_does_not_know_a_sliding_window(main):
    windowed = main | Window(Sliding("6s", "2s")) | Map(lambda r, ctx: r, context=True)
    with pytest.raises(WindowingError, match="finish_bundle of Late would emit records whose window is not"):
        _ = windowed | ParDo(Late())


class Breaks(DoFn):
    def __init__(self, where, log):
        self.where, self.log = where, log

    def __deepcopy__(self, memo):
        return Breaks(self.where, self.log)

    def _at(self, method):
        self.log.append(method)
        if method == self.where:
            raise ValueError("broken")

    def setup(self):
        self._at("setup")

    def start_bundle(self):
        self._at("start_bundle")

    def process(self, record):
        self._at("process")
        return [record]

    def finish_bundle(self):
        self._at("finish_bundle")
        return [5] if self.where == "plain" else None

    def teardown(self):
        self.log.append("teardown")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("setup", "Breaks.setup: ValueError: broken"),
        ("start_bundle", "Breaks.start_bundle: ValueError: broken"),
        ("process", "ValueError: broken"),
        ("finish_bundle", "Breaks.finish_bundle: ValueError: broken"),
        ("plain", "Breaks.finish_bundle: TypeError: int without an event time"),
    ],
)
def test_what_was_set_up_is_taken_down_when_a_method_raises(main, where, message):
    log = []
    _ = main | "do" >> ParDo(Breaks(where, log))
    with pytest.raises(RecordError, match=message) as caught:
        DeterministicRunner().run(main.pipeline)
    assert caught.value.step == "do"
    assert log[-1] == "teardown"


class Uncopied(DoFn):
    def __deepcopy__(self, memo):
        raise TypeError("a lock")

    def process(self, record):
        return [record]


def test_a_function_that_cannot_be_copied(main):
    _ = main | "do" >> ParDo(Uncopied())
    with pytest.raises(PipelineError, match="step 'do': Uncopied cannot be copied for a replica: a lock"):
        DeterministicRunner().run(main.pipeline)


class Stamp(DoFn):
    def __init__(self, time):
        self.time = time

    def process(self, record):
        yield Timestamped(record, self.time)


@pytest.mark.parametrize("time", ["soon", True, 1 << 62])
def test_a_time_that_is_none(main, time):
    _ = main | ParDo(Stamp(time))
    with pytest.raises(RecordError, match="an event time is a datetime or whole microseconds"):
        DeterministicRunner().run(main.pipeline)


def test_a_time_does_not_name_a_sliding_window(main):
    windowed = main | Window(Sliding("6s", "2s")) | Map(lambda r, ctx: r, context=True)
    _ = windowed | ParDo(Stamp(5))
    with pytest.raises(RecordError, match="a time does not name one of the windows sliding"):
        DeterministicRunner().run(main.pipeline)
