"""The trigger transcripts that ship with Apache Beam, under the rules of the harness beside the scenarios."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from pulse.testing.panes import adapter

SHARED = os.environ.get("PULSE_SHARED")
TRANSCRIPTS = "testing/data/trigger_transcripts.yaml"


def transcripts():
    """Return the path of the transcripts, of an installed wheel or as the environment says."""
    given = os.environ.get("BEAM_TRIGGER_TRANSCRIPTS")
    if given:
        return Path(given)
    spec = importlib.util.find_spec("apache_beam")
    found = Path(spec.origin).parent / TRANSCRIPTS if spec and spec.origin else None
    return found if found and found.exists() else None


@pytest.mark.skipif(SHARED is None, reason="PULSE_SHARED is not set: the harness is not here")
@pytest.mark.skipif(
    transcripts() is None, reason="apache-beam, whose wheel has the transcripts, is not installed"
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("one_by_one", [False, True])
@pytest.mark.parametrize("runner", ["deterministic", "trio"])
def test_transcripts(runner, one_by_one, capsys):
    pytest.importorskip("yaml")
    spec = importlib.util.spec_from_file_location("harness", Path(SHARED, "conformance", "harness.py"))
    harness = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(harness)
    tally = harness.run(adapter.with_options(runner=runner), str(transcripts()), one_by_one=one_by_one)
    assert tally == {"pass": 18, "FAIL": 0, "skip": 0}, capsys.readouterr().out
