"""The journal's header holds all that is needed to compute a session again."""

import hashlib

import msgspec
import pytest

from streamer.config import LoopConfig, RigSection
from streamer.errors import JournalError
from streamer.journal.provenance import header, machine, versions
from tests.streamer.rigs import CONFIG, INFOS, SESSION


def test_the_header_gives_the_configuration_back_and_says_where_it_ran() -> None:
    found = header(CONFIG, INFOS, session=SESSION, config_toml=b"[rig]")
    assert msgspec.json.decode(found.config_json, type=LoopConfig) == CONFIG
    assert found.config_sha256 == hashlib.sha256(found.config_json.encode()).hexdigest()
    assert found.config_toml_sha256 == hashlib.sha256(b"[rig]").hexdigest()
    assert (found.session, found.infos) == (SESSION, INFOS)
    assert found.versions == versions()
    assert found.machine == machine()
    assert {"python", "numpy", "scipy", "numba", "msgspec"} <= set(found.versions)


@pytest.mark.parametrize("tick_s", [float("inf"), float("nan")])
def test_a_configuration_that_would_not_come_back_is_refused(tick_s: float) -> None:
    config = msgspec.structs.replace(CONFIG, rig=RigSection(name="test", tick_s=tick_s))
    with pytest.raises(JournalError, match="configuration: cannot be kept"):
        header(config, INFOS, session=SESSION, config_toml=b"")
