"""Sinks: files of JSON lines, CSV and Parquet, standard output, and a list in memory."""

from pulse.io.sinks.csv import CsvSink
from pulse.io.sinks.jsonl import JsonLinesSink
from pulse.io.sinks.memory import Collect
from pulse.io.sinks.parquet import ParquetSink

__all__ = ["Collect", "CsvSink", "JsonLinesSink", "ParquetSink"]
