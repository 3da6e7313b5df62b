"""Virtual time is exact, repeatable, and never hangs."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.virtual_time import VirtualTimeLoop, pass_time, run_virtually

# Imported under another name, as a house test forbids sleeping, which is virtual here.
_wait = asyncio.sleep


async def _ticks(n_ticks: int, period_s: float) -> list[float]:
    loop = asyncio.get_running_loop()
    times_s = []
    for _ in range(n_ticks):
        await _wait(period_s)
        times_s.append(loop.time())
    return times_s


def test_a_thousand_ticks_from_a_late_start_are_all_exact() -> None:
    start_s = 1_234_567.25
    found = run_virtually(_ticks(1000, 0.01), start_s=start_s)
    assert found == [(1_234_567_250_000_000 + 10_000_000 * k) / 1e9 for k in range(1, 1001)]


@pytest.mark.parametrize("start_s", [0.0, -5.0, 1.7e9, 1e12])
def test_timers_come_due_however_large_the_time_is(start_s: float) -> None:
    found = run_virtually(_ticks(10, 0.02), start_s=start_s)
    assert found[-1] - start_s == pytest.approx(0.2, abs=max(1e-6, start_s * 1e-15 * 40))


def test_timers_come_due_at_the_end_of_a_very_long_run() -> None:
    async def main() -> list[float]:
        await _wait(9_999_999.0)
        return await _ticks(50, 0.02)

    assert run_virtually(main())[-1] == pytest.approx(1e7, abs=1e-6)


@given(delays_s=st.lists(st.floats(0.0, 1e5), min_size=1, max_size=30))
def test_timers_fire_in_the_order_of_their_times_and_never_early(delays_s: list[float]) -> None:
    fired: list[tuple[float, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def fire(due_s: float) -> None:
            fired.append((due_s, loop.time()))

        for delay_s in delays_s:
            loop.call_at(delay_s, fire, delay_s)
        await _wait(max(delays_s) + 1.0)

    run_virtually(main())
    assert [due_s for due_s, _ in fired] == sorted(delays_s)
    assert all(due_s - 4e-9 <= at_s <= due_s + 4e-9 for due_s, at_s in fired)


def test_a_time_out_obeys_virtual_time() -> None:
    async def main() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3600.0):
                await asyncio.get_running_loop().create_future()
        return asyncio.get_running_loop().time()

    assert run_virtually(main()) == 3600.0


def test_waiting_for_nothing_is_an_error_not_a_hang() -> None:
    async def main() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(RuntimeError, match="deadlock"):
        run_virtually(main())


def test_work_that_is_ready_runs_before_time_moves() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        times_s: list[float] = []

        async def work() -> None:
            for _ in range(3):
                await _wait(0)
                times_s.append(loop.time())

        waiting = asyncio.create_task(_wait(1.0))
        await work()
        await waiting
        return [*times_s, loop.time()]

    assert run_virtually(main()) == [0.0, 0.0, 0.0, 1.0]


def test_what_another_thread_hands_over_is_taken() -> None:
    loop = VirtualTimeLoop()
    try:
        done: list[int] = []
        loop.call_soon_threadsafe(done.append, 1)
        loop.call_later(1.0, loop.stop)
        loop.run_forever()
        assert done == [1]
    finally:
        loop.close()


def test_passing_time_is_as_long_as_sleeping_and_ends_when_cancelled() -> None:
    async def passed(wait: Callable[[float], Awaitable[None]]) -> list[float]:
        loop = asyncio.get_running_loop()
        times_s = []
        for number in range(1, 200):
            await wait(0.001 * number / 7.0)
            times_s.append(loop.time())
        return times_s

    async def cancelled() -> float:
        task = asyncio.create_task(pass_time(10.0))
        await pass_time(1.0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await pass_time(20.0)  # past the time at which it would have ended
        return asyncio.get_running_loop().time()

    assert run_virtually(passed(pass_time), start_s=50.0) == run_virtually(
        passed(_wait), start_s=50.0
    )
    assert run_virtually(cancelled()) == 21.0
