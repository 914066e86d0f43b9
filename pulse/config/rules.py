"""What tables demand of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulse.config.document import Document
    from pulse.config.locate import KeyPath
    from pulse.config.options.root import Config


def check_rules(config: Config, document: Document) -> None:
    """Raise a ``ConfigError`` for tables that do not go together."""
    _short_form(config, document)
    _names(config, document)


def _short_form(config: Config, document: Document) -> None:
    if config.ops is not None and config.step:
        raise document.error(
            ("ops",), "cannot stand beside [[step]]", "say it all in steps: key_by, window and aggregate"
        )
    if config.window is not None and config.ops is None:
        if config.step:
            raise document.error(
                ("window",),
                "is the window of [ops], and cannot stand beside [[step]]",
                "write a step of type 'window'",
            )
        raise document.error(
            ("window",),
            "has nothing to aggregate: ops.count_by must be present",
            "add [ops] with count_by = '<field>'",
        )
    if config.ops is not None and len(config.source) > 1:
        raise document.error(
            ("ops",), f"works on one source, there are {len(config.source)}", "say it in [[step]] tables"
        )


def _names(config: Config, document: Document) -> None:
    taken: dict[str, KeyPath] = {}
    for table in ("source", "step", "sink"):
        several = isinstance(document.data.get(table), list)
        for index, options in enumerate(getattr(config, table)):
            path: KeyPath = (table, index, "name") if several else (table, "name")
            if options.name is None:
                continue
            if options.name in taken:
                line = document.where(taken[options.name])
                raise document.error(
                    path, f"name {options.name!r} is taken, at {line}", "choose another name"
                )
            taken[options.name] = path
