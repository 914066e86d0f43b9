"""Sessions under every trigger, as transcripts; see ``test_conformance_late.py``."""

import pytest

from pulse import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Never,
    Repeatedly,
    Session,
)
from tests.support.transcripts import Case

DISCARDING = {"accumulation": "discarding"}
ACCUMULATING = {"accumulation": "accumulating"}
UNSAFE = {"allow_unsafe": True, "accumulation": "discarding"}

GAP = Session("10s")

SESSIONS = {
    "by default": Case(
        "1@1 2@5 ->\nW15 -> [1,15) 1 2\n3@30 ->\nend -> [30,40) 3",
        GAP,
    ),
    "a late record of its own": Case(
        # The record's own window is judged, [1, 11), though a session that is open now reaches to it.
        "1@8 ->\nW12 ->\n2@1 ->\nend -> [8,18) 1",
        GAP,
        late=1,
    ),
    "extended after it fired": Case(
        # Beam has this as an open defect: a session that has been forgotten, and one that overlaps it.
        "1@0 ->\nW6 -> [0,5) 1\n2@3 ->\nW8 -> [3,8) 2\nend ->",
        Session("5s"),
    ),
    "extended while it was kept": Case(
        "1@0 ->\nW6 -> [0,5) 1\n2@3 ->\nW8 -> [0,8) 1 2\nend ->",
        Session("5s"),
        ACCUMULATING | {"allowed_lateness": "9s"},
    ),
    "a late record joins": Case(
        "1@0 ->\nW12 -> [0,10) 1\n2@1 -> [0,11) 1 2 late\nend ->",
        GAP,
        ACCUMULATING | {"allowed_lateness": "9s"},
    ),
    "a late record joins, discarding": Case(
        "1@0 ->\nW12 -> [0,10) 1\n2@1 -> [0,11) 2 late\nend ->",
        GAP,
        DISCARDING | {"allowed_lateness": "9s"},
    ),
    "a count": Case(
        """
        a@1 b@15 c@6 -> [1,25) a b c early
        s@30 t@31 -> [30,41) s t early
        y@50 z@50 -> [50,60) y z early
        end ->
        """,
        GAP,
        UNSAFE | {"trigger": AfterCount(3).or_finally(AfterAll(AfterCount(2), AfterProcessingTime("0s")))},
    ),
    "repeatedly a count, accumulating": Case(
        # Beam counts per bundle here too: abc, abcde. A count of three gives the same of single records.
        "a@1 b@15 c@6 -> [1,25) a b c early\nd@7 e@8 ->\nf@9 -> [1,25) a b c d e f early\nend ->",
        GAP,
        ACCUMULATING | {"trigger": Repeatedly(AfterCount(3))},
    ),
    "repeatedly a count, discarding": Case(
        "a@1 b@15 c@6 -> [1,25) a b c early\nd@7 e@8 ->\nf@9 -> [1,25) d e f early\nend ->",
        GAP,
        DISCARDING | {"trigger": Repeatedly(AfterCount(3))},
    ),
    "each": Case(
        "0@0 1@1 -> [0,11) 0 1 early\n2@2 3@3 4@4 -> [0,14) 0 1 2 3 4 early\n5@5 6@6 ->\nend ->",
        GAP,
        {"allow_unsafe": True, "accumulation": "accumulating"}
        | {"trigger": AfterEach(AfterCount(2), AfterCount(3))},
        closed=2,
    ),
    "repeatedly each": Case(
        """
        0@0 1@1 -> [0,11) 0 1 early
        2@2 3@3 4@4 -> [0,14) 0 1 2 3 4 early
        5@5 6@6 -> [0,16) 0 1 2 3 4 5 6 early
        end ->
        """,
        GAP,
        ACCUMULATING | {"trigger": Repeatedly(AfterEach(AfterCount(2), AfterCount(3)))},
    ),
    "all of a count and the watermark": Case(
        "a@1 b@2 c@3 ->\nW13 ->\nx@4 ->\ny@5 ->\nW15 -> [1,15) a b c x y\nend ->",
        GAP,
        UNSAFE | {"trigger": AfterAll(AfterCount(5), AfterWatermark()), "allowed_lateness": "10s"},
    ),
    "any": Case(
        "a@1 b@2 -> [1,12) a b early\nc@3 ->\nW13 -> [1,13) c\nend ->",
        GAP,
        DISCARDING | {"trigger": Repeatedly(AfterAny(AfterCount(2), AfterWatermark()))},
    ),
    "until the watermark": Case(
        "a@1 b@2 -> [1,12) a b early\nc@3 ->\nW13 -> [1,13) c\nend ->",
        GAP,
        DISCARDING | {"trigger": Repeatedly(AfterCount(2)).or_finally(AfterWatermark())},
    ),
    "early and late": Case(
        # The trigger was at the end of the window, and stays late when the window then grows, as in Beam; the
        # timing tells where the watermark is.
        """
        a@1 b@2 -> [1,12) a b early
        c@3 ->
        W13 -> [1,13) c
        d@4 -> [1,14) d early
        e@5 -> [1,15) e early
        W15 ->
        f@5 -> [1,15) f late
        end ->
        """,
        GAP,
        DISCARDING
        | {"trigger": AfterWatermark(early=AfterCount(2), late=AfterCount(1)), "allowed_lateness": "9s"},
    ),
    "never": Case("a@1 b@5 c@30 ->\nW15 -> [1,15) a b\nend -> [30,40) c", GAP, {"trigger": Never()}),
    "counts of two that merge add up": Case(
        "a@0 b@15 ->\nc@8 -> [0,25) a b c early\nend ->",
        GAP,
        DISCARDING | {"trigger": Repeatedly(AfterCount(3))},
    ),
    "two that have fired merge": Case(
        "a@0 b@15 -> [0,10) a early; [15,25) b early\nc@8 -> [0,25) a b c early\nend ->",
        GAP,
        ACCUMULATING | {"trigger": Repeatedly(AfterCount(1))},
    ),
    "no key": Case(
        "x:a@1 y:b@2 -> [1,12) a b early\nz:c@5 ->\nend -> [1,15) c",
        GAP,
        DISCARDING | {"trigger": AfterWatermark(early=AfterCount(2))},
        keyed=False,
    ),
}


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(runner, name):
    SESSIONS[name].play(runner)
