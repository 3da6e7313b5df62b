"""What `verify` says of a session recorded by code that computes other values."""

import msgspec

from replay.verification.recomputation import of_other_origin
from streamer.journal.provenance import header
from tests.streamer.rigs import CONFIG, INFOS, SESSION


def test_a_session_of_other_estimates_is_said_to_be_one() -> None:
    here = header(CONFIG, INFOS, session=SESSION, config_toml=b"")
    assert of_other_origin(here) == []
    versions = {name: each for name, each in here.versions.items() if name != "estimates"}
    (told,) = of_other_origin(msgspec.structs.replace(here, versions=versions))
    assert told.startswith("recorded with estimates 1, computed again with 3: the detectors give")
    assert told.endswith("verify it with the stimloop that recorded it")
