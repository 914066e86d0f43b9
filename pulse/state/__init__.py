"""Where state backends live: key-value state in memory or on disk, and checkpoints.

Steps hold their state in memory today, as Arrow tables that ``snapshot`` hands out and ``restore`` takes back
(``pulse.engine.operator``); the deterministic runner recovers from such snapshots.
"""
