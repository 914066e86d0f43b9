"""The channel in front of a stage: room, and inputs that are held."""

from __future__ import annotations

from typing import Any

import numpy as np
import trio
import trio.testing

from pulse.engine.messages import Barrier, EndOfInput
from pulse.model.bundle import Bundle
from pulse.runners.inbox import Inbox


def bundle(rows: int) -> Bundle:
    return Bundle([None] * rows, np.zeros(rows, np.int64), 0)


async def taken(inbox: Inbox) -> list[tuple[int, Any]]:
    """Take all that is there, and return inputs with the lengths of bundles or names of other messages."""
    found = []
    while (each := await inbox.get(trio.current_time())) is not None:
        index, message = each
        found.append((index, len(message) if isinstance(message, Bundle) else type(message).__name__))
    return found


async def held_inputs() -> None:
    inbox = Inbox(10, 1 << 20)
    await inbox.put(0, Barrier(1))
    await inbox.put(0, bundle(6))
    await inbox.put(1, bundle(3))
    assert (await inbox.get())[1] == Barrier(1)  # type: ignore[index]
    inbox.hold(0)
    assert inbox.rows == 3
    await inbox.put(0, bundle(9))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.put, 0, bundle(1))  # waits, for what is held is bounded too
        await trio.testing.wait_all_tasks_blocked()
        await inbox.put(1, bundle(8))
        await inbox.put(1, Barrier(1))
        assert await taken(inbox) == [(1, 3), (1, 8), (1, "Barrier")]
        await inbox.put(0, EndOfInput())
        inbox.release()
        assert inbox.rows == 15
        found = await taken(inbox)
        await trio.testing.wait_all_tasks_blocked()  # the one that waited finds room
        assert found + await taken(inbox) == [(0, 6), (0, 9), (0, "EndOfInput"), (0, 1)]
    assert (inbox.rows, inbox.bytes) == (0, 0)


def test_an_input_that_is_held_takes_no_room_of_others() -> None:
    trio.run(held_inputs)


async def waiting_for_room() -> None:
    inbox = Inbox(4, 1 << 20)
    await inbox.put(0, bundle(5))
    async with trio.open_nursery() as nursery:
        nursery.start_soon(inbox.put, 1, bundle(2))
        await trio.testing.wait_all_tasks_blocked()
        assert inbox.full
        inbox.hold(0)
        await trio.testing.wait_all_tasks_blocked()
        assert await taken(inbox) == [(1, 2)]
        inbox.release()
        await trio.testing.wait_all_tasks_blocked()
        assert await taken(inbox) == [(0, 5)]


def test_holding_an_input_makes_room_for_those_that_wait() -> None:
    trio.run(waiting_for_room)
