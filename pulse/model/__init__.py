"""Values of the model: time, bundles, schemas, windows, watermarks, expressions and aggregates.

Everything here is data with pure functions over it. Nothing here holds state over time, opens a file, or
imports any other package of Pulse but ``pulse.errors``.
"""
