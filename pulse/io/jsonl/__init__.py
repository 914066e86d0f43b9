"""JSON lines as a source."""

from pulse.io.jsonl.source import JsonLines

__all__ = ["JsonLines"]
