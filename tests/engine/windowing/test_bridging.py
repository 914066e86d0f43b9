"""Which records meet a session that has fired."""

from random import Random

import numpy as np
import pytest

from pulse.engine.windowing.bridging import meetings
from pulse.model.time import MIN_TIME

NOTHING = (np.empty(0, np.int64),) * 3


def us(*values):
    return np.array(values, np.int64)


def asked(starts, marks, *, gap=10, codes=None, held=NOTHING, lateness=0):
    starts = us(*starts)
    codes = us(*(codes or [0] * len(starts)))
    passed, late = meetings(codes, starts, starts + gap, us(*marks), held=held, lateness=lateness)
    return passed.tolist(), late.tolist()


def test_records_that_are_not_behind_meet_nothing():
    assert asked([0, 5, 30], [0, 0, 5]) == ([MIN_TIME] * 3, [False] * 3)


def test_a_record_behind_whose_session_goes_on_meets_nothing():
    assert asked([0, 8, 6], [0, 0, 8])[0] == [MIN_TIME] * 3


def test_a_record_that_would_prolong_a_fired_session_waits_for_it_to_fire():
    passed, late = asked([0, 30, 5], [0, 0, 12])
    assert passed == [MIN_TIME, MIN_TIME, 10]
    assert late == [False] * 3


def test_a_session_that_fired_is_not_forgotten_when_others_come_in_between():
    # [0, 10) fires at 12, when the third record comes; the fourth would join it.
    passed, _ = asked([0, 30, 14, 5], [0, 0, 12, 12])
    assert passed[3] == 10


def test_the_record_of_another_key_meets_nothing():
    assert asked([0, 30, 5], [0, 0, 12], codes=[0, 0, 1])[0][2] == MIN_TIME


def test_sessions_in_state_count():
    held = us(0), us(3), us(13)
    assert asked([9], [15], held=held)[0] == [13]
    assert asked([9], [12], held=held)[0] == [MIN_TIME]


def test_pieces_in_state_that_overlap_are_one_session():
    held = us(0, 0), us(0, 8), us(10, 25)
    assert asked([12], [15], held=held)[0] == [MIN_TIME]


def test_with_lateness_a_record_that_joins_an_ended_session_makes_it_fire():
    passed, late = asked([0, 40, 1], [0, 0, 12], lateness=50)
    assert (passed[2], late[2]) == (10, True)
    passed, late = asked([0, 40, 5], [0, 0, 12], lateness=50)
    assert (passed[2], late[2]) == (10, False)  # [0, 15) has not ended by 12: it fires again at 15


def test_with_lateness_a_session_whose_time_is_over_must_be_gone_first():
    passed, _ = asked([0, 40, 7], [0, 0, 16], lateness=5)
    assert passed[2] == 15


@pytest.mark.parametrize("seed", range(30))
def test_never_misses_one(seed):
    random = Random(seed)
    count, gap, lateness = 60, 12, random.choice([0, 0, 9])
    starts = [3 * i + random.randint(-15, 0) for i in range(count)]
    marks = np.maximum.accumulate([MIN_TIME, *starts])[:-1].tolist()
    codes = [random.randrange(3) for _ in range(count)]
    passed, late = asked(starts, marks, gap=gap, codes=codes, lateness=lateness)
    sessions: dict[int, list[tuple[int, int]]] = {}
    for row, (code, start, mark) in enumerate(zip(codes, starts, marks, strict=True)):
        low, high, kept = start, start + gap, []
        for a, b in sessions.get(code, []):
            if a < start + gap and start < b:
                if b <= mark:
                    assert passed[row] >= b
                if b + lateness > mark:
                    low, high = min(low, a), max(high, b)
                    continue
            kept.append((a, b))
        sessions[code] = [*kept, (low, high)]
        assert late[row] is (high <= mark)
