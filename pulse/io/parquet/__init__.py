"""Parquet files as a source."""

from pulse.io.parquet.source import Parquet

__all__ = ["Parquet"]
