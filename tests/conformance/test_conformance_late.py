"""Late records, triggers and sessions, as transcripts: lines of what happens, and of the panes that come of it.

Most are read from the suites of Apache Beam. Where Pulse departs from it, what ``docs/semantics.md`` says
stands, and the case says so. The notation is that of ``tests/support/transcripts.py``.
"""

from dataclasses import dataclass, field

import pytest

from pulse import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterProcessingTime,
    AfterWatermark,
    Global,
    Never,
    Repeatedly,
    Session,
    Sliding,
    Tumbling,
)
from tests.support.transcripts import play

DISCARDING = {"accumulation": "discarding"}
ACCUMULATING = {"accumulation": "accumulating"}
UNSAFE = {"allow_unsafe": True, "accumulation": "discarding"}


@dataclass
class Case:
    """A transcript."""

    text: str
    window: object = field(default_factory=lambda: Tumbling("10s"))
    options: dict = field(default_factory=dict)
    late: int = 0
    closed: int = 0
    keyed: bool = True

    def play(self, runner):
        """Assert that the engine does what it says."""
        play(
            runner,
            self.text,
            self.window,
            keyed=self.keyed,
            late=self.late,
            closed=self.closed,
            **self.options,
        )


LATE = {
    "without lateness": Case(
        """
        1@1 2@2 ->
        W10 -> [0,10) 1 2
        3@9 4@10 ->
        W20 -> [10,20) 4
        end ->
        """,
        late=1,
    ),
    "one microsecond decides": Case(
        # A window fires when W >= end; not too late is W < end + lateness.
        """
        1@1 ->
        W9.999999 ->
        2@2 ->
        W10 -> [0,10) 1 2
        3@3 -> [0,10) 3 late
        W14.999999 ->
        4@4 -> [0,10) 4 late
        W15 ->
        5@5 ->
        end ->
        """,
        options=DISCARDING | {"allowed_lateness": "5s"},
        late=1,
    ),
    "accumulating": Case(
        """
        1@1 b:2@2 ->
        W10 -> b[0,10) 2; [0,10) 1
        3@3 4@4 -> [0,10) 1 3 late; [0,10) 1 3 4 late
        end ->
        """,
        options=ACCUMULATING | {"allowed_lateness": "5s"},
    ),
    "a key that is late as a whole": Case(
        """
        W10 ->
        1@1 -> [0,10) 1 late
        end ->
        """,
        options=DISCARDING | {"allowed_lateness": "5s"},
    ),
    "the first record of a window is too late": Case(
        """
        W100 ->
        1@1 ->
        2@101 ->
        end -> [100,110) 2
        """,
        late=1,
        options=DISCARDING | {"allowed_lateness": "5s"},
    ),
    "late for some sliding windows": Case(
        """
        W10 ->
        1@9 ->
        W15 -> [5,15) 1
        2@4 ->
        end ->
        """,
        Sliding("10s", "5s"),
        late=1,
    ),
    "late for one sliding window and on time for the other": Case(
        """
        W10 ->
        1@9 -> [0,10) 1 late
        W15 -> [5,15) 1
        end ->
        """,
        Sliding("10s", "5s"),
        options=DISCARDING | {"allowed_lateness": "2s"},
    ),
    "before the epoch": Case(
        """
        1@-1 2@-11 ->
        W-10 -> [-20,-10) 2
        3@-12 ->
        end -> [-10,0) 1
        """,
        late=1,
    ),
    "no key": Case(
        """
        a:1@1 b:2@2 ->
        W10 -> [0,10) 1 2
        a:3@3 -> [0,10) 1 2 3 late
        end ->
        """,
        options=ACCUMULATING | {"allowed_lateness": "5s"},
        keyed=False,
    ),
}

EARLY_2 = AfterWatermark(early=AfterCount(2), late=AfterCount(2))

TRIGGERS = {
    "discarding, late never": Case(
        # A finishing pane at cleanup has what no trigger gave.
        """
        1@1 2@2 -> [0,10) 1 2 early
        3@3 ->
        W10 -> [0,10) 3
        4@4 5@5 ->
        W20 -> [0,10) 4 5 late
        end ->
        """,
        options=DISCARDING
        | {"trigger": AfterWatermark(early=AfterCount(2), late=Never()), "allowed_lateness": "10s"},
    ),
    "early and late": Case(
        # Beam looks at bundles, after three records of two bundles: abcd, efgh. Pulse looks at each record.
        """
        a@1 b@2 ->
        c@3 d@4 -> [0,100) a b c early
        e@5 f@6 -> [0,100) d e f early
        g@7 h@8 ->
        i@9 -> [0,100) g h i early
        W100 -> [0,100) -
        v@10 w@11 -> [0,100) v w late
        x@12 y@13 -> [0,100) x y late
        z@14 ->
        end -> [0,100) z late
        """,
        Tumbling("100s"),
        DISCARDING
        | {"trigger": AfterWatermark(early=AfterCount(3), late=AfterCount(2)), "allowed_lateness": "9s"},
    ),
    "accumulating": Case(
        """
        1@1 2@2 -> [0,10) 1 2 early
        3@3 ->
        W10 -> [0,10) 1 2 3
        4@4 ->
        5@5 -> [0,10) 1 2 3 4 5 late
        6@6 ->
        end -> [0,10) 1 2 3 4 5 6 late
        """,
        options=ACCUMULATING | {"trigger": EARLY_2, "allowed_lateness": "5s"},
    ),
    "an empty on-time pane": Case(
        """
        1@1 2@2 -> [0,10) 1 2 early
        W10 -> [0,10) -
        end ->
        """,
        options=DISCARDING | {"trigger": AfterWatermark(early=AfterCount(2))},
    ),
    "an on-time pane that repeats": Case(
        """
        1@1 2@2 -> [0,10) 1 2 early
        W10 -> [0,10) 1 2
        end ->
        """,
        options=ACCUMULATING | {"trigger": AfterWatermark(early=AfterCount(2))},
    ),
    "three in one bundle": Case(
        "1@1 2@2 3@3 4@4 5@5 -> [0,10) 1 2 early; [0,10) 3 4 early\nend -> [0,10) 5",
        options=DISCARDING | {"trigger": AfterWatermark(early=AfterCount(2))},
    ),
    "a count": Case(
        """
        1@1 2@2 b:3@3 -> [0,10) 1 2 early
        4@4 5@5 ->
        end -> b[0,10) 3
        """,
        # Beam emits nothing for a key that does not reach the count; Pulse flushes it.
        options=UNSAFE | {"trigger": AfterCount(2)},
        closed=2,
    ),
    "repeatedly a count": Case(
        """
        1@1 2@2 3@3 -> [0,10) 1 2 early
        4@4 -> [0,10) 3 4 early
        W10 ->
        5@5 6@6 -> [0,10) 5 6 late
        7@7 ->
        end -> [0,10) 7 late
        """,
        options=DISCARDING | {"trigger": Repeatedly(AfterCount(2)), "allowed_lateness": "5s"},
    ),
    "never": Case(
        "1@1 2@2 ->\nW10 -> [0,10) 1 2\nend ->",
        options={"trigger": Never()},
    ),
    "never, with lateness": Case(
        "1@1 ->\nW10 ->\n2@2 ->\nW15 -> [0,10) 1 2 late\n3@3 ->\nend ->",
        options={"trigger": Never(), "allowed_lateness": "5s"},
        late=1,
    ),
    "final only": Case(
        "1@1 ->\nW10 ->\n2@2 ->\nW15 -> [0,10) 1 2 late\n3@3 ->\nend ->",
        options={"final_only": True, "allowed_lateness": "5s"},
        late=1,
    ),
    "final only without lateness": Case(
        "1@1 ->\nW10 -> [0,10) 1\n2@2 ->\nend ->", options={"final_only": True}, late=1
    ),
    "all of a count and the watermark": Case(
        """
        a@1 b@2 c@3 ->
        W10 ->
        x@4 ->
        y@5 -> [0,10) a b c x y late
        end ->
        """,
        options=UNSAFE | {"trigger": AfterAll(AfterCount(5), AfterWatermark()), "allowed_lateness": "5s"},
    ),
    "all of a count and the watermark, on time": Case(
        "a@1 b@2 c@3 ->\nW10 -> [0,10) a b c\nx@4 ->\nend ->",
        options=UNSAFE | {"trigger": AfterAll(AfterCount(3), AfterWatermark()), "allowed_lateness": "5s"},
        closed=1,
    ),
    "repeatedly any of a count and the watermark": Case(
        """
        a@1 b@2 c@3 -> [0,10) a b c early
        d@4 e@5 f@6 -> [0,10) a b c d e f early
        g@7 ->
        W10 -> [0,10) a b c d e f g
        x@1 -> [0,10) a b c d e f g x late
        y@2 z@3 -> [0,10) a b c d e f g x y late; [0,10) a b c d e f g x y z late
        end ->
        """,
        options=ACCUMULATING
        | {"trigger": Repeatedly(AfterAny(AfterCount(3), AfterWatermark())), "allowed_lateness": "5s"},
    ),
    "any, once": Case(
        "1@1 2@2 3@3 -> [0,10) 1 2 early\nW10 ->\nend ->",
        options=UNSAFE | {"trigger": AfterAny(AfterCount(2), AfterWatermark())},
        closed=1,
    ),
    "each": Case(
        "1@1 2@2 3@3 -> [0,10) 1 early; [0,10) 2 3 early\n4@4 ->\nend ->",
        options=UNSAFE | {"trigger": AfterEach(AfterCount(1), AfterCount(2))},
        closed=1,
    ),
    "each, the last for ever": Case(
        "1@1 2@2 3@3 4@4 5@5 -> [0,10) 1 early; [0,10) 2 3 early; [0,10) 4 5 early\n6@6 ->\nend -> [0,10) 6",
        options=DISCARDING | {"trigger": AfterEach(AfterCount(1), Repeatedly(AfterCount(2)))},
    ),
    "repeatedly until the watermark": Case(
        """
        1@1 2@2 -> [0,10) 1 2 early
        3@3 ->
        W10 -> [0,10) 3
        4@4 ->
        end ->
        """,
        options=UNSAFE
        | {
            "trigger": Repeatedly(AfterCount(2)).or_finally(AfterWatermark()),
            "allowed_lateness": "5s",
        },
        closed=1,
    ),
    "repeatedly until a count": Case(
        "1@1 2@2 3@3 -> [0,10) 1 2 early; [0,10) 3 early\n4@4 ->\nend ->",
        options=UNSAFE | {"trigger": Repeatedly(AfterCount(2)).or_finally(AfterCount(3))},
        closed=1,
    ),
    "early, each": Case(
        "1@1 2@2 3@3 4@4 -> [0,10) 1 early; [0,10) 2 3 early; [0,10) 4 early\nend -> [0,10) -",
        options=DISCARDING | {"trigger": AfterWatermark(early=AfterEach(AfterCount(1), AfterCount(2)))},
    ),
    "the global window": Case(
        "1@1 2@2 b:3@3 -> [all) 1 2 early\nW1000 ->\n4@4 5@5 -> [all) 1 2 4 5 early\nend -> b[all) 3",
        Global(),
        ACCUMULATING | {"trigger": Repeatedly(AfterCount(2))},
    ),
    "sliding windows count on their own": Case(
        "1@4 2@6 3@7 -> [0,10) 1 2 early; [5,15) 2 3 early\nend -> [-5,5) 1; [0,10) 3",
        Sliding("10s", "5s"),
        DISCARDING | {"trigger": Repeatedly(AfterCount(2))},
    ),
    "no key": Case(
        "a:1@1 b:2@2 -> [0,10) 1 2 early\na:3@3 ->\nW10 -> [0,10) 3\nend ->",
        options=DISCARDING | {"trigger": AfterWatermark(early=AfterCount(2))},
        keyed=False,
    ),
    "no key, closed": Case(
        "a:1@1 b:2@2 c:3@3 -> [0,10) 1 2 early\nend ->",
        options=UNSAFE | {"trigger": AfterCount(2)},
        keyed=False,
        closed=1,
    ),
    "sliding windows, one of them closed": Case(
        # The record is dropped from the closed window alone, so it is not counted as dropped.
        "1@1 2@2 -> [-5,5) 1 2 early; [0,10) 1 2 early\n3@6 ->\nend -> [5,15) 3",
        Sliding("10s", "5s"),
        UNSAFE | {"trigger": AfterCount(2)},
    ),
}

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


@pytest.mark.parametrize("name", LATE)
def test_late(runner, name):
    LATE[name].play(runner)


@pytest.mark.parametrize("name", TRIGGERS)
def test_triggers(runner, name):
    TRIGGERS[name].play(runner)


@pytest.mark.parametrize("name", SESSIONS)
def test_sessions(runner, name):
    SESSIONS[name].play(runner)
