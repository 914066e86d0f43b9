"""CSV as a source."""

from pulse.io.csv.source import Csv

__all__ = ["Csv"]
