"""A stop needs only the rig's address and its devices' safe amounts of a file."""

import subprocess
import sys
from pathlib import Path

import pytest

from stimloop.address import known_rig, read_address
from stimloop.config import load
from stimloop.errors import ConfigError

_ROOT = Path(__file__).parents[2]


def test_what_is_read_quickly_is_what_the_whole_configuration_says() -> None:
    for file in (_ROOT / "config.toml", *sorted((_ROOT / "docs" / "examples").glob("*.toml"))):
        assert read_address(file) == known_rig(load(file)), file


def test_nothing_but_rig_and_broker_can_keep_a_stop_from_being_said(tmp_path: Path) -> None:
    file = tmp_path / "rig.toml"
    file.write_text(
        """
        detectors = "none"
        gate = 7
        [rig]
        name = "demo"
        tick_s = "soon"
        [[devices]]
        id = "stn"
        safe_ma = "little"
        stop_ma = -1.0
        limits = "none"
        amount_tolerance = inf
        [[devices]]
        id = "light"
        safe_level = 0.25
        limits = { level_max = 1, level_slew_per_s_max = 4 }
        """,
        encoding="utf-8",
    )
    rig = read_address(file)
    stn, light = rig.devices
    assert (stn.safe_amount, stn.stop_amount, stn.amount_max) == (0.0, 0.0, None)
    assert (light.unit, light.safe_amount, light.way_down_s) == ("level", 0.25, 0.25)
    # Where the way down is not known it is waited for long.
    assert rig.wait_s == pytest.approx(12.25)


@pytest.mark.parametrize("text", ["", "[rig]\nname = 3\n", "[rig]\n", "[rig", "\udcff"])
def test_a_file_that_says_too_little_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "rig.toml"
    file.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    with pytest.raises(ConfigError, match=r"rig\.toml"):
        read_address(file)


def test_a_stop_loads_no_compiler_and_no_array() -> None:
    script = (
        "import sys\n"
        "from stimloop.__main__ import run_command\n"
        "run_command(['stop', '--help'])\n"
        "import stimulators.operator.stopping, stimloop.rigs.which_rig\n"
        "sys.exit(' '.join({'numba', 'scipy', 'numpy', 'detectors'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=_ROOT
    )
    assert done.stderr.strip() == ""
