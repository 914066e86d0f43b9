"""Windowed aggregation: slices, runs of partial aggregates, firing by the watermark."""
