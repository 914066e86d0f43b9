"""Where every record has gone."""

import pytest

from pulse.engine.ledger import Ledger, StepLedger
from pulse.errors import PulseInternalError


def test_the_balance_is_what_is_unaccounted_for():
    step = StepLedger(received=10, passed=1, filtered=2, late=1, errored=1, held=4)
    assert step.balance == 1
    step.held += 1
    assert step.balance == 0


def test_a_copy_is_not_changed_later():
    step = StepLedger(received=1)
    copy = step.copy()
    step.received = 5
    assert copy.received == 1
    assert StepLedger(**step.as_dict()) == step


def test_replicas_add_up():
    parts = [{"a": StepLedger(2, 2)}, {"a": StepLedger(3, 3), "b": StepLedger(1, 0, 1)}]
    total = Ledger.total(parts)
    assert total == {"a": StepLedger(5, 5), "b": StepLedger(1, 0, 1)}
    assert parts[0]["a"].received == 2
    total.check()


def test_a_record_that_is_lost_is_a_defect():
    with pytest.raises(PulseInternalError) as error:
        Ledger({"agg": StepLedger(received=3, passed=1)}).check()
    assert str(error.value).startswith(
        "the ledger of step 'agg' does not balance: 2 of 3 records are unaccounted for ({'received': 3,"
    )
