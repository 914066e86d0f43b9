"""The JSON Schema of config files, for completion and checks in editors."""

from __future__ import annotations

from typing import Any

from pulse.config.options.root import Config


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a config file.

    Example:
        >>> schema = json_schema()
        >>> schema["title"], schema["required"], schema["$defs"]["OpsOptions"]["required"]
        ('Pulse pipeline', ['source', 'sink'], ['count_by'])
    """
    schema = _for_toml(Config.model_json_schema(by_alias=True))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "Pulse pipeline",
    }


def _for_toml(value: Any) -> Any:
    """Say it as TOML has it: there is no null, a key is left out instead.

    ``oneOf`` becomes ``anyOf``: ``kind = "file"`` alone fits several kinds, which the path tells apart.
    """
    if isinstance(value, list):
        return [_for_toml(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {key: _for_toml(item) for key, item in value.items() if not (key == "default" and item is None)}
    options = found.pop("oneOf", None) or found.pop("anyOf", None)
    if isinstance(options, list):
        options = [option for option in options if option != {"type": "null"}]
        found |= options[0] if len(options) == 1 else {"anyOf": options}
    return found
