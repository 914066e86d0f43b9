"""The contract test of sinks finds sinks that break the contract."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pulse.io.base import Sink, Writer
from pulse.io.sinks import Collect
from pulse.testing.sinks import check_sink


@dataclass(frozen=True, eq=False)
class Listing(Sink):
    """A sink over a list whose writer a test spoils in one way."""

    writer: type[Writer]
    records: list = field(default_factory=list)

    @property
    def label(self):
        return "listing"

    def open(self, context):
        return self.writer(self)


class AtOnce(Writer):
    """Shows records at once, whatever the context says."""

    def __init__(self, sink):
        self.sink = sink
        self.fresh = True

    def write(self, bundle):
        self.start()
        self.sink.records.extend(bundle.rows if bundle.is_rows else bundle.batch.to_pylist())
        return 1

    def prepare(self, checkpoint):
        self.start()

    def commit(self, prepared):
        self.fresh = False

    def abort(self):
        pass

    def start(self):
        if self.fresh:
            self.sink.records.clear()
            self.fresh = False


class CountsNothing(AtOnce):
    def write(self, bundle):
        return super().write(bundle) * 0


class LosesNulls(AtOnce):
    def write(self, bundle):
        self.start()
        rows = bundle.rows if bundle.is_rows else bundle.batch.to_pylist()
        self.sink.records.extend(
            {name: value for name, value in row.items() if value is not None} if bundle.is_rows else row
            for row in rows
        )
        return 1


class LosesRecords(AtOnce):
    def write(self, bundle):
        return super().write(bundle.slice(0, max(1, len(bundle) - 1)))


class PreparesAnObject(AtOnce):
    def prepare(self, checkpoint):
        super().prepare(checkpoint)
        return (1, 2)


class CommitsTwice(AtOnce):
    """Holds records back in what it prepares, and publishes them at every commit."""

    def write(self, bundle):
        self.start()
        self.held = [
            *getattr(self, "held", []),
            *(bundle.rows if bundle.is_rows else bundle.batch.to_pylist()),
        ]
        return 1

    def prepare(self, checkpoint):
        super().prepare(checkpoint)
        return [{**row, "at": str(row["at"])} for row in getattr(self, "held", [])]

    def commit(self, prepared):
        super().commit(prepared)
        self.sink.records.extend(prepared)
        self.held = []


@pytest.mark.parametrize(
    ("writer", "rule"),
    [
        (AtOnce, "nothing shows before prepare"),
        (CountsNothing, "write returns how many bytes the records took; found 0"),
        (LosesNulls, "both layouts give the same content; expected"),
        (LosesRecords, "every record is written; of 12 found 11"),
        (PreparesAnObject, r"prepared data is plain JSON data; found \(1, 2\)"),
        (CommitsTwice, "committing again changes nothing; expected"),
    ],
)
def test_a_broken_sink_is_found(writer, rule):
    with pytest.raises(AssertionError, match=rule):
        check_sink(lambda: Listing(writer), lambda sink: sink.records)


def test_a_sink_that_holds_nothing_back_may_say_so():
    check_sink(lambda: Listing(AtOnce), lambda sink: sink.records, holds_back=False)


def test_a_declaration_that_already_holds_records():
    with pytest.raises(AssertionError, match="declaring a sink makes nothing; found"):
        check_sink(lambda: Collect(["left"]), lambda sink: sink.records)
