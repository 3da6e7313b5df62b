"""What every test may lean on."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Folder of the real recordings: `STIMLOOP_DATA`, else `../shared/data`, else skip."""
    named = os.environ.get("STIMLOOP_DATA")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no recordings: STIMLOOP_DATA is not set and {folder} is not there")
    return folder
