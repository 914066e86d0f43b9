"""Checkpoints on disk: what they hold, how they are written, and how a damaged one is found out."""

from pulse.state.checkpoints.manifest import Manifest
from pulse.state.checkpoints.store import CheckpointStore, Found
from pulse.state.checkpoints.tree import pack, unpack

__all__ = ["CheckpointStore", "Found", "Manifest", "pack", "unpack"]
