"""Pipelines as TOML files: read, checked against pydantic models, and built with the public transforms."""

from __future__ import annotations

from pulse.config.freeze import freeze_schemas
from pulse.config.load import LoadedPipeline, RuntimeOptions, load, load_object
from pulse.config.schema import json_schema
from pulse.config.verify import Checked, verify

__all__ = [
    "Checked",
    "LoadedPipeline",
    "RuntimeOptions",
    "freeze_schemas",
    "json_schema",
    "load",
    "load_object",
    "verify",
]
