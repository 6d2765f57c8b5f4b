"""Turns for computing argon2, and counting failures: how many at once, who waits, who is refused, who is forgotten."""

from __future__ import annotations

import anyio
import anyio.lowlevel

from web.client_counts import ClientCounts
from web.hashing import Busy, Gate, Lane


def test_failures_are_forgotten_after_their_time() -> None:
    now = 0.0
    failures = ClientCounts(2, 60, lambda: now)
    failures.add("a")
    now = 10
    failures.add("a")
    assert failures.wait_s("a") == 50
    assert failures.wait_s("b") == 0
    now = 60
    assert failures.wait_s("a") == 0
    failures.add("a")
    assert failures.wait_s("a") == 10
    failures.forget("a")
    assert failures.wait_s("a") == 0


def test_the_gate_grants_two_turns_at_a_time_and_refuses_when_its_queue_is_full() -> None:
    running = most = refused = done = 0

    async def work(gate: Gate, lane: Lane, client: str) -> None:
        nonlocal running, most, refused, done
        try:
            async with gate.turn(lane, client):
                running += 1
                most = max(most, running)
                for _ in range(3):
                    await anyio.lowlevel.checkpoint()
                running -= 1
                done += 1
        except Busy:
            refused += 1

    async def main() -> None:
        gate = Gate(most_waiting=10, most_of_one_client=4)
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(work, gate, Lane.STRANGER, str(number))
            for _ in range(8):
                tasks.start_soon(work, gate, Lane.PROGRAM, "one")
            tasks.start_soon(work, gate, Lane.KNOWN, "another")

    anyio.run(main)
    assert most == 2
    assert (done, refused) == (2 + 10 + 4 + 1, 18 + 4)


def test_lanes_take_turns_and_who_gives_up_blocks_nobody() -> None:
    order: list[str] = []

    async def work(gate: Gate, lane: Lane, name: str) -> None:
        async with gate.turn(lane, name):
            order.append(name)
            await anyio.lowlevel.checkpoint()

    async def run() -> None:
        gate = Gate(at_once=1)
        async with anyio.create_task_group() as tasks, gate.turn(Lane.STRANGER, "holder"):
            for number in range(3):
                tasks.start_soon(work, gate, Lane.STRANGER, f"stranger {number}")
            await anyio.wait_all_tasks_blocked()
            with anyio.move_on_after(0.01):
                await work(gate, Lane.KNOWN, "gave up")
            tasks.start_soon(work, gate, Lane.PROGRAM, "program")
            await anyio.wait_all_tasks_blocked()

    anyio.run(run)
    assert order == ["program", "stranger 0", "stranger 1", "stranger 2"]
