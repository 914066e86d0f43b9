"""Where state backends live: key-value state in memory or on disk, and checkpoints.

Steps hold their state in memory, as Arrow tables and plain data that ``snapshot`` hands out and ``restore``
takes back (``pulse.engine.operator``). ``pulse.state.checkpoints`` writes such snapshots to disk and reads
them back; the deterministic runner sends every snapshot through the same form.
"""
