"""Worker processes for the head of a source stage: Python functions on more than one core.

The steps are sent once, by cloudpickle, to processes that this one started; blocks go there as they were
read and come back worked. Nothing that came from a file or the network is ever unpickled.
"""

from __future__ import annotations

import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulse.engine.person import describe
from pulse.errors import MissingDependency, PulseError, RecordError, UnsupportedFeature
from pulse.model.bundle import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from pulse.engine.prefix import Prefix, Worked
    from pulse.io.base import Block, Decoded

_worker: Any = None


class WorkerPool:
    """Processes that decode blocks and run the head of a stage over them.

    Args:
        processes: how many.
        decoder: turns a block into records and can be pickled; None: blocks are decoded before they are sent.
        prefix: the steps to run.
    """

    def __init__(self, processes: int, decoder: Callable[[Block], Decoded] | None, prefix: Prefix) -> None:
        try:
            import cloudpickle  # noqa: PLC0415 - an extra, and slow to import
            from loky import ProcessPoolExecutor  # noqa: PLC0415
        except ImportError:
            raise MissingDependency.of("loky", "processes", purpose="running worker processes") from None
        try:
            payload = cloudpickle.dumps((decoder, prefix))
        except Exception as error:
            raise UnsupportedFeature(
                f"a step cannot be sent to a worker process: {describe(error)}",
                hint="open locks, files and connections inside the function, or do without processes",
            ) from error
        self.decodes = decoder is not None
        self._executor = ProcessPoolExecutor(processes, initializer=_start, initargs=(payload,))

    def work(self, block: Block, first: int, decoded: Decoded | None = None) -> Worked:
        """Work on a block in some process; waits for it.

        Args:
            block: the block.
            first: how many lines or records of its origin come before it.
            decoded: its records, when the processes cannot decode it.
        """
        sent = block if decoded is None else replace(block, payload=None)
        try:
            worked: Worked = self._executor.submit(_work, sent, first, decoded).result()
        except PulseError:
            raise
        except Exception as error:
            raise RecordError(
                f"a worker process failed: {describe(error)}",
                position=f"{block.origin}:{first + 1}",
                hint="functions and records must survive pickling; run without processes to see the failure",
            ) from error
        worked.bundles = [replace(b, data=whole(b.data, len(b))) for b in worked.bundles]
        return worked

    def close(self) -> None:
        """Stop the processes."""
        self._executor.shutdown(wait=True, kill_workers=True)


def _start(payload: bytes) -> None:
    """Make the worker of this process, out of what the parent process made."""
    import cloudpickle  # noqa: PLC0415

    from pulse.engine.prefix import PrefixMachine  # noqa: PLC0415

    # Ctrl-C goes to every process of the terminal; only the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    decoder, prefix = cloudpickle.loads(payload)
    global _worker  # noqa: PLW0603 - one worker per process
    _worker = (decoder, PrefixMachine(prefix))


def _work(block: Block, first: int, decoded: Decoded | None) -> Worked:
    decoder, machine = _worker
    return machine.work(block, decoder(block) if decoded is None else decoded, first)  # type: ignore[no-any-return]
