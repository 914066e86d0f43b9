"""Connectors: sources and sinks. See ``pulse.io.base`` for the contract they all keep."""
