"""Child processes of a rig: the death of each is noticed, and none runs foreign code."""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import NoReturn

import pytest

from stimloop import config as configuration
from stimloop.config import Config
from stimloop.errors import FaultError
from stimloop.live.companions import Companions
from tests.support.mosquitto import free_port
from tests.support.rig_toml import rig_file

_ROOT = Path(__file__).parents[3]
_PACKAGES = ("detectors", "stimulators", "streamer", "replay", "stimloop")


class _LikeWindows(asyncio.SelectorEventLoop):
    """A selector loop as on Windows: it starts no child process and handles no signal."""

    async def _make_subprocess_transport(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError

    def add_signal_handler(self, *_: object) -> NoReturn:
        raise NotImplementedError


def _run(main: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=_LikeWindows) as runner:
        runner.run(main)


@pytest.fixture(autouse=True)
def _these_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let child processes import what this test run imports, in any folder."""
    monkeypatch.setenv("PYTHONPATH", str(_ROOT))


def _broker_alone(tmp_path: Path) -> Config:
    def change(rig: dict[str, object]) -> None:
        rig["broker"] = {"embedded": True, "port": free_port()}
        for each in ("patient", "devices", "policies"):
            rig.pop(each, None)

    return configuration.load(rig_file(tmp_path / "rig.toml", change))


def _with(tmp_path: Path, act: Callable[[Companions, int], Awaitable[None]]) -> None:
    """Start a broker; return the companions and its process number."""
    told: list[str] = []

    async def main() -> None:
        file = tmp_path / "rig.toml"
        async with Companions(_broker_alone(tmp_path), file, told.append) as companions:
            await act(companions, _number(_started(told)[0]))

    _run(main())


def _ignored(_: object) -> None:
    raise AssertionError("a companion is a source of nothing")


def test_a_death_is_told_with_exit_code_and_last_words(tmp_path: Path) -> None:
    async def kill(companions: Companions, process: int) -> None:
        companions.expect_all_alive()
        fed = asyncio.ensure_future(companions.feed(_ignored))
        os.kill(process, signal.SIGTERM)
        with pytest.raises(FaultError) as error:
            await fed
        assert str(error.value).startswith(f"broker (process {process}) ended with exit code ")
        assert "; its last error line: " in str(error.value)
        with pytest.raises(FaultError, match="broker"):
            companions.expect_all_alive()

    _with(tmp_path, kill)


def test_nobody_is_missed_who_is_told_to_end(tmp_path: Path) -> None:
    fed: list[asyncio.Future[None]] = []

    async def end(companions: Companions, _: int) -> None:
        fed.append(asyncio.ensure_future(companions.feed(_ignored)))
        # The service closes its sources before it ends its child processes.
        await asyncio.wait(fed, timeout=0.05)
        fed[0].cancel()
        await asyncio.wait(fed)

    _with(tmp_path, end)
    assert fed[0].cancelled()


def test_without_companions_the_feed_is_over_at_once(tmp_path: Path) -> None:
    config = configuration.load(
        rig_file(tmp_path / "rig.toml", lambda rig: rig.update(broker={"host": "127.0.0.1"}))
    )
    companions = Companions(config, tmp_path / "rig.toml", lambda _: None)
    assert companions.infos == ()
    _run(companions.feed(_ignored))


def test_packages_of_the_folder_it_is_started_in_are_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (*_PACKAGES, "typer"):
        package = tmp_path / name
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit(7)", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    async def nothing(companions: Companions, _: int) -> None:
        companions.expect_all_alive()

    _with(tmp_path, nothing)


def test_one_that_does_not_get_ready_is_told_in_its_own_words(tmp_path: Path) -> None:
    config = _broker_alone(tmp_path)

    async def twice() -> None:
        file = tmp_path / "rig.toml"
        async with Companions(config, file, lambda _: None):
            with pytest.raises(
                FaultError, match=f"broker: did not get ready; .*{config.broker.port}"
            ):
                async with Companions(config, file, lambda _: None):
                    pass

    _run(twice())


def test_the_default_rig_starts_apart_from_the_terminal_and_ends_with_its_service(
    tmp_path: Path,
) -> None:
    file = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=free_port()))
    told: list[str] = []

    async def start() -> None:
        async with Companions(configuration.load(file), file, told.append) as companions:
            started = _started(told)
            assert [each.split()[0] for each in started] == ["broker", "device", "patient"]
            if sys.platform != "win32":
                for each in started:
                    assert os.getpgid(_number(each)) != os.getpgrp()
            companions.expect_all_alive()

    _run(start())
    if sys.platform != "win32":
        for each in _started(told):
            with pytest.raises(ProcessLookupError):
                os.kill(_number(each), 0)


def _started(told: list[str]) -> list[str]:
    return [line for line in told if " started " in line]


def _number(line: str) -> int:
    return int(line.rsplit(maxsplit=1)[-1].rstrip(")"))
