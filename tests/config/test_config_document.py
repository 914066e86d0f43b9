"""Reading a file: lines of keys, variables, overrides."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from pulse.config.document import read
from pulse.config.locate import locate
from pulse.config.overrides import override
from pulse.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = '''\
# a comment with [brackets] and "quotes"
name = "x" # = [
"odd name".'other.name' = 1

[source]  # the source
kind = "file"
path = """
several
lines = [ "
"""
list = [
  "a", # one
  'b]', [1,
   2],
  { deep = "x", more.deep = 1 },
]
when = 1979-05-27 07:32:00

[[step]]
type = "map"
[[step]]
  type = "filter"
  [step.client]
  a = {}
[[step.inner]]
x = 1
[[step.inner]]
x = -1.5e3
[ a . "b" ]
c = true
'''


def test_every_key_has_its_line() -> None:
    assert locate(TEXT) == {
        ("name",): 2,
        ("odd name",): 3,
        ("odd name", "other.name"): 3,
        ("source",): 5,
        ("source", "kind"): 6,
        ("source", "path"): 7,
        ("source", "list"): 11,
        ("source", "list", 0): 12,
        ("source", "list", 1): 13,
        ("source", "list", 2): 13,
        ("source", "list", 2, 0): 13,
        ("source", "list", 2, 1): 14,
        ("source", "list", 3): 15,
        ("source", "list", 3, "deep"): 15,
        ("source", "list", 3, "more"): 15,
        ("source", "list", 3, "more", "deep"): 15,
        ("source", "when"): 17,
        ("step", 0): 19,
        ("step", 0, "type"): 20,
        ("step", 1): 21,
        ("step", 1, "type"): 22,
        ("step", 1, "client"): 23,
        ("step", 1, "client", "a"): 24,
        ("step", 1, "inner", 0): 25,
        ("step", 1, "inner", 0, "x"): 26,
        ("step", 1, "inner", 1): 27,
        ("step", 1, "inner", 1, "x"): 28,
        ("a", "b"): 29,
        ("a", "b", "c"): 30,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        TEXT,
        TEXT.replace("\n", "\r\n"),
        "a='''x'''''\nb=1",
        'a = "\\""\nb = 1',
        "a = ['''\n]''',\n]\nb=2",
    ],
)
def test_the_scanner_finds_every_key_that_the_parser_finds(text: str) -> None:
    def paths(value: Any, path: tuple[Any, ...] = ()) -> set[tuple[Any, ...]]:
        parts = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        return {path} | {found for key, part in parts for found in paths(part, (*path, key))}

    found = set(locate(text))
    headers = {path[:n] for path in found for n in range(len(path))}
    assert found | headers | {()} == paths(tomllib.loads(text))


def document(tmp_path: Path, text: str, **environment: str) -> Any:
    path = tmp_path / "p.toml"
    path.write_text(text)
    return read(path, environment=environment)


def test_variables(tmp_path: Path) -> None:
    text = 'a = "${A}/x"\nb = ["${B:-b}", "$${A} $A"]\n[c]\nd = "${EMPTY:-full}${EMPTY}"'
    found = document(tmp_path, text, A="1", EMPTY="")
    assert found.data == {"a": "1/x", "b": ["b", "${A} $A"], "c": {"d": "full"}}
    assert found.raw["a"] == "${A}/x"


def test_a_variable_that_is_not_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        document(tmp_path, '[a]\nb = ["x",\n"${NOT_SET}"]')
    assert str(caught.value) == (
        f"{tmp_path}/p.toml:3: a.b.1: environment variable 'NOT_SET' is not set\n"
        "hint: set it, or give a default: ${NOT_SET:-value}"
    )


def test_a_malformed_variable(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        document(tmp_path, 'a = "${not a name}"')
    assert str(caught.value) == (
        f"{tmp_path}/p.toml:1: a: '${{not a name}}' has a '${{' that no variable name and '}}' follow\n"
        "hint: write ${NAME}, ${NAME:-default}, or $${ for a plain ${"
    )


def test_overrides(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text('[a]\nb = 1\n[[step]]\nname = "s"\n[[step]]\n')
    overrides = {
        "a.b": "2",
        "a.c": "10s",
        "step.s.x": "[1]",
        "step.1.x": "true",
        "new.key": "${E}",
        "q": "1 # x",
    }
    found = read(path, overrides, {"E": "e"})
    assert found.data == {
        "a": {"b": 2, "c": "10s"},
        "step": [{"name": "s", "x": [1]}, {"x": True}],
        "new": {"key": "e"},
        "q": 1,
    }
    assert found.where(("a", "c")) == "--set a.c"
    assert found.where(("step", 0, "x", 0)) == "--set step.s.x"
    assert found.where(("step", 0)) == f"{path}:3"


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("a..b", "--set 'a..b' is not a key\nhint: write --set table.key=value"),
        ("a.b.c", "--set 'a.b.c': 'c' would be inside a value that is not a table"),
        (
            "step.count.x",
            "--set 'step.count.x': there is no 'count'; there are: counts, 1\nhint: did you mean 'counts'?",
        ),
    ],
)
def test_overrides_that_lead_nowhere(key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        override({"a": {"b": 1}, "step": [{"name": "counts"}, {}]}, {key: "1"})
    assert str(caught.value) == message


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "none.toml")
    assert str(caught.value) == (
        f"config '{tmp_path}/none.toml' does not exist\n"
        "hint: start with a project of your own: pulse new my-pipeline"
    )
    with pytest.raises(ConfigError, match=r"cannot be read: is a directory$"):
        read(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'a = "\xe4"')
    with pytest.raises(ConfigError, match=r"latin.toml' is not UTF-8 text$"):
        read(tmp_path / "latin.toml")


def test_what_is_not_toml_points_at_the_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        document(tmp_path, "[source]\npath = events.jsonl\n")
    assert str(caught.value) == (
        f'{tmp_path}/p.toml:2: not valid TOML: invalid value\nhint: texts need quotes: path = "events.jsonl"'
    )
    with pytest.raises(ConfigError, match=r"p.toml:1: not valid TOML: "):
        document(tmp_path, "[source")
