import shutil
import sys

import pytest

from pulse import ConnectorError, MissingDependency
from pulse.graph.draw import render, to_dot

DOT = "digraph { a -> b; }"


@pytest.mark.skipif(
    shutil.which("dot") is None, reason="the program dot is not installed: apt-get install graphviz"
)
def test_a_picture_is_written(site, tmp_path):
    path = render(to_dot(site, optimized=True), "svg", tmp_path / "site.svg")
    assert "hot items" in path.read_text()


@pytest.mark.skipif(
    shutil.which("dot") is None, reason="the program dot is not installed: apt-get install graphviz"
)
def test_text_that_is_no_drawing_is_an_error(tmp_path):
    with pytest.raises(ConnectorError, match=r"the program 'dot' failed: Error: .*syntax error"):
        render("digraph {", "svg", tmp_path / "out.svg")


def test_a_missing_program_is_an_error_that_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConnectorError) as caught:
        render(DOT, "svg", tmp_path / "out.svg")
    assert str(caught.value) == (
        "drawing a pipeline as a picture needs the program 'dot', which was not found on the PATH\n"
        "hint: install Graphviz, for instance: apt-get install graphviz, or brew install graphviz"
    )


def test_a_missing_package_is_an_error_that_says_how_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(MissingDependency, match=r"pip install 'pulse-streaming\[graphviz\]'"):
        render(DOT, "svg", tmp_path / "out.svg")


def test_a_format_that_is_not_offered_is_an_error():
    with pytest.raises(
        ConnectorError, match=r"format 'pgn' is not one of svg, png, .*\nhint: did you mean 'png'"
    ):
        render(DOT, "pgn", "out.pgn")


@pytest.mark.skipif(
    shutil.which("dot") is None, reason="the program dot is not installed: apt-get install graphviz"
)
def test_a_path_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(ConnectorError, match="the picture cannot be written: No such file or directory"):
        render(DOT, "svg", tmp_path / "none" / "out.svg")
