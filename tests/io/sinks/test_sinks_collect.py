"""Collecting records in memory."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from pulse.io.base import SinkContext
from pulse.io.sinks import Collect
from pulse.model.bundle import Bundle


def bundle(*values):
    return Bundle([{"a": each} for each in values], np.array(values, np.int64), 0)


def test_records_show_at_once_and_a_new_run_replaces_them():
    sink = Collect()
    for values in ((1, 2), (3,)):
        writer = sink.open(SinkContext("out"))
        for each in values:
            writer.write(bundle(each))
            assert sink.records[-1] == {"a": each}
        writer.commit(writer.prepare(1))
        writer.abort()
    assert (sink.records, sink.times) == ([{"a": 3}], [3])


def test_records_written_between_prepare_and_commit_stay():
    sink = Collect()
    writer = sink.open(SinkContext("out"))
    writer.write(bundle(1))
    prepared = writer.prepare(1)
    writer.write(bundle(2))
    writer.commit(prepared)
    assert sink.times == [1, 2]


def test_a_restored_run_goes_on_after_the_checkpoint():
    sink = Collect()
    writer = sink.open(SinkContext("out"))
    writer.write(bundle(1))
    prepared = writer.prepare(1)
    writer.commit(prepared)
    writer.write(bundle(2))
    restored = sink.open(SinkContext("out"))
    restored.commit(prepared)
    restored.write(bundle(2, 3))
    assert sink.times == [1, 2, 3]


def test_columns_become_rows():
    sink = Collect()
    columns = Bundle(pa.record_batch({"a": [1, None], "b": ["x", "y"]}), np.array([5, 6]), 0)
    sink.open(SinkContext("out")).write(columns)
    assert sink.records == [{"a": 1, "b": "x"}, {"a": None, "b": "y"}]


def test_every_declaration_is_its_own():
    assert Collect() != Collect()
    assert Collect().records is not Collect().records
