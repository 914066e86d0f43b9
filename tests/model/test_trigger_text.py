"""Triggers as text: what is wrong in them is named."""

from __future__ import annotations

import pytest

from pulse.errors import WindowingError
from pulse.model.trigger_text import parse_trigger


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        (
            "AfterWatermark(erly=AfterCount(1))",
            "trigger AfterWatermark has no argument 'erly'; arguments: early, late",
            "did you mean 'early'?",
        ),
        ("AfterCount()", "trigger AfterCount: missing a required argument: 'count'; arguments: count", None),
        ("AfterCount(1, 2)", "trigger AfterCount: too many positional arguments; arguments: count", None),
        ("Never(1)", "trigger Never: too many positional arguments; arguments: none", None),
        (
            "AfterWatermark(early=AfterProcessingTime(5s))",
            (
                "'AfterWatermark(early=AfterProcessingTime(5s))' is not a trigger: "
                "the duration 5s has no quotes around it"
            ),
            "write '5s'",
        ),
    ],
)
def test_wrong_arguments(text, message, hint):
    with pytest.raises(WindowingError) as raised:
        parse_trigger(text)
    assert (raised.value.message, raised.value.hint) == (message, hint)
