"""`config check` looks at the files that a configuration names, and at the port."""

import socket
from pathlib import Path

import pytest

from stimloop.checking.files import taken_port
from stimloop.config import load
from stimloop.errors import ConfigError
from stimulators.wire.mqtt import BrokerConfig
from tests.stimloop.checking.changed import MistakeRow, changed, told_of
from tests.support.mosquitto import free_port


def test_files_are_looked_at_by_config_check_and_not_by_every_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = 'port = 8883\ntls = true\nusername = "lab"\npassword_file = "none"\nca_file = "no.pem"'
    file = changed(MistakeRow("", "port = 1883", after, ""), folder=tmp_path)
    load(file)
    with pytest.raises(ConfigError):
        load(file, with_files=True)
    code, lines = told_of(file, capsys)
    assert code == 2
    assert [line.partition(":")[0] for line in lines] == [
        "$.broker.password_file",
        "$.broker.ca_file",
    ]


def test_a_port_that_is_taken_is_a_warning_for_a_broker_of_our_own() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = taken_port(BrokerConfig(embedded=True, port=port))
        assert told is not None
        assert told.startswith(f"$.broker.port: expected a free port of this machine, found {port}")
        assert taken_port(BrokerConfig(port=port)) is None
    assert taken_port(BrokerConfig(embedded=True, port=free_port())) is None
