"""Write what tests gave into their file as what is expected, leaving everything else in it as it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pulse.errors import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Mapping


def accept(path: str, results: Mapping[int, Mapping[str, Any]]) -> None:
    """Rewrite keys of the [[test]] tables of a file.

    Args:
        path: the file; replaced in one step.
        results: by the place of a test among the others, the new values of its keys.

    Raises:
        MissingDependency: when ``tomlkit`` is not installed.
    """
    try:
        import tomlkit  # noqa: PLC0415 - an extra
    except ImportError:
        raise MissingDependency.of("tomlkit", "testing", purpose="pulse test --update") from None
    target = Path(path)
    document: Any = tomlkit.parse(target.read_bytes().decode("utf-8"))
    for index, keys in results.items():
        for key, value in keys.items():
            document["test"][index][key] = _written(value)
    staged = target.with_name(f".{target.name}.tmp")
    staged.write_bytes(tomlkit.dumps(document).encode("utf-8"))
    staged.replace(target)


def _written(value: Any) -> Any:
    """Return records as TOML, each on a line of its own."""
    import tomlkit  # noqa: PLC0415 - as above

    if isinstance(value, dict):
        by_sink = tomlkit.table()
        for name, records in value.items():
            by_sink[name] = _written(records)
        return by_sink
    array = tomlkit.array()
    for record in value:
        array.append(_inline(record))
    return array.multiline(bool(value))


def _inline(value: Any) -> Any:
    import tomlkit  # noqa: PLC0415 - as above

    if isinstance(value, dict):
        inline = tomlkit.inline_table()
        for name, each in value.items():
            inline[name] = _inline(each)
        return inline
    return [_inline(each) for each in value] if isinstance(value, list) else value
