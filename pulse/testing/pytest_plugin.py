"""The pytest plugin: the option ``--pulse-seeds N``, and fixtures for tests of pipelines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.runners.result import RunResult

SEEDS = 3


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    parser.getgroup("pulse").addoption(
        "--pulse-seeds",
        type=int,
        default=None,
        metavar="N",
        help="Schedules in which each test of a pipeline is tried (3 by default).",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Let the option stand for ``assert_that`` and ``run_test`` as well."""
    given = config.getoption("--pulse-seeds")
    if given is not None:
        os.environ["PULSE_SEEDS"] = str(given)


@pytest.fixture
def pulse_seeds(request: pytest.FixtureRequest) -> int:
    """How many schedules to try."""
    return _seeds(request.config)


@pytest.fixture
def pulse_test(pulse_seeds: int) -> Callable[[Any], RunResult]:
    """Run a pipeline, or a function that builds one, as ``pulse.testing.run_test`` does."""
    from pulse.testing import run_test  # noqa: PLC0415 - only for tests that use it

    return lambda pipeline: run_test(pipeline, seeds=pulse_seeds)


@pytest.fixture
def pulse_runner(request: pytest.FixtureRequest) -> Any:
    """A deterministic runner, a different one for each of ``--pulse-seeds`` runs of the test."""
    from pulse.runners.deterministic import DeterministicRunner  # noqa: PLC0415 - as above

    seed = request.param
    return DeterministicRunner(seed, bundle_size=1 + seed) if seed else DeterministicRunner()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that takes ``pulse_runner`` once per seed."""
    if "pulse_runner" in metafunc.fixturenames:
        metafunc.parametrize(
            "pulse_runner", range(_seeds(metafunc.config)), indirect=True, ids=lambda seed: f"seed{seed}"
        )


def _seeds(config: pytest.Config) -> int:
    given = config.getoption("--pulse-seeds")
    return SEEDS if given is None else int(given)
