"""Fixtures and settings that all tests share."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from streamer.lsl.network import LslConfig
from tests.support.mosquitto import Mosquitto, mosquitto_program
from tests.support.private_lsl import use_private_lsl
from tests.support.searching import TIMES

# `make test` tries the same examples each time; `make slow` tries others, and prints those that
# break a law so that they can be tried again.
settings.register_profile("stimloop", derandomize=TIMES == 1, deadline=None, print_blob=True)
settings.load_profile("stimloop")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return half as many processes again as there are processors, as whole services often wait."""
    n_processors = os.cpu_count() or 1
    return n_processors + n_processors // 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--soak-s", default="600", help="seconds that a soak test lasts")


def pytest_configure() -> None:
    use_private_lsl()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real recordings: `STIMLOOP_DATA`, else `../shared/data`, else skip."""
    named = os.environ.get("STIMLOOP_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings: STIMLOOP_DATA is not set and {folder} is not there")
    return folder


@pytest.fixture(scope="session")
def lsl_network() -> LslConfig:
    """Let liblsl read the settings that `use_private_lsl` wrote for this test run alone."""
    return LslConfig(resolve_s=2.0, correction_s=1.0)


@pytest.fixture
def mosquitto() -> Iterator[Mosquitto]:
    """Start a broker for this test alone."""
    if mosquitto_program() is None:
        pytest.skip("mosquitto is not installed")
    with Mosquitto() as broker:
        yield broker
