from .matchers import Matcher as Matcher
from .matchers import contains as contains
from .matchers import contains_in_any_order as contains_in_any_order
from .matchers import equal_to as equal_to
from .matchers import every as every
from .matchers import in_panes as in_panes
from .matchers import in_window as in_window
from .matchers import is_empty as is_empty
from .running import TestPipeline as TestPipeline
from .running import assert_that as assert_that
from .running import run_test as run_test
from .stream import TestStream as TestStream

__all__ = [
    "Matcher",
    "TestPipeline",
    "TestStream",
    "assert_that",
    "contains",
    "contains_in_any_order",
    "equal_to",
    "every",
    "in_panes",
    "in_window",
    "is_empty",
    "run_test",
]
