"""NEXMark, the standard benchmark of streaming systems: an auction site as a source."""

from pulse.io.nexmark.source import Nexmark, NexmarkReader

__all__ = ["Nexmark", "NexmarkReader"]
