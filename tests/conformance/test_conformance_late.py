"""Late records and triggers, as transcripts: lines of what happens, and of the panes that come of it.

Most are read from the suites of Apache Beam. Where Pulse departs from it, what ``docs/semantics.md`` says
stands, and the case says so. The notation is that of ``tests/support/transcripts.py``.
"""

import pytest

from pulse import (
    AfterAll,
    AfterAny,
    AfterCount,
    AfterEach,
    AfterWatermark,
    Global,
    Never,
    Repeatedly,
    Sliding,
    Tumbling,
)
from tests.support.transcripts import Case

DISCARDING = {"accumulation": "discarding"}
ACCUMULATING = {"accumulation": "accumulating"}
UNSAFE = {"allow_unsafe": True, "accumulation": "discarding"}


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


@pytest.mark.parametrize("name", LATE)
def test_late(runner, name):
    LATE[name].play(runner)


@pytest.mark.parametrize("name", TRIGGERS)
def test_triggers(runner, name):
    TRIGGERS[name].play(runner)
