"""Every signal ends an asynchronous command in the same way, without a traceback."""

import asyncio
import signal
import sys

import pytest

from stimloop.errors import FaultError
from stimloop.event_loop import run_async, until_interrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such signals on Windows")
_SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])


async def _wait_and_be_told(number: signal.Signals) -> None:
    asyncio.get_running_loop().call_soon(signal.raise_signal, number)
    await asyncio.Event().wait()


@_SIGNALS
def test_a_signal_before_there_is_anything_to_give_is_a_fault(number: signal.Signals) -> None:
    with pytest.raises(FaultError, match="interrupted"):
        run_async(_wait_and_be_told(number))


@_SIGNALS
def test_what_runs_until_it_is_interrupted_ends_well(number: signal.Signals) -> None:
    until_interrupted(_wait_and_be_told(number))
