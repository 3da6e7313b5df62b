"""A `[broker]` table that cannot work is refused, with its key."""

from typing import Any

import msgspec
import pytest

from stimulators.wire.mqtt import BrokerConfig


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"embedded": True, "host": "10.0.0.1"}, "host: expected 127.0.0.1 .*, found 10.0.0.1"),
        ({"embedded": True, "tls": True}, "embedded: expected neither tls nor username"),
        ({"embedded": True, "username": "lab"}, "embedded: expected neither tls nor username"),
        ({"ca_file": "ca.pem"}, "ca_file: expected tls = true beside it, found false"),
        (
            {"cert_file": "c.pem", "key_file": "c.key"},
            "cert_file: expected tls = true beside it, found false",
        ),
        (
            {"tls": True, "cert_file": "c.pem"},
            "cert_file: expected key_file beside it, found none",
        ),
        (
            {"tls": True, "key_file": "c.key"},
            "key_file: expected cert_file beside it, found none",
        ),
        ({"password_file": "p"}, "password_file: expected a username beside it, found none"),
        (
            {"backoff_s_min": 2.0, "backoff_s_max": 1.0},
            r"backoff_s_max: expected at least backoff_s_min \(2.0\), found 1.0",
        ),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{problem}"):
        BrokerConfig(**keys)


def test_all_that_does_not_go_together_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="expected") as told:
        BrokerConfig(embedded=True, host="amp", ca_file="ca.pem", password_file="p")  # noqa: S106 a name
    keys = [line.partition(":")[0] for line in str(told.value).splitlines()]
    assert keys == ["host", "ca_file", "password_file"]


@pytest.mark.parametrize(
    "text",
    [
        "port = 0",
        "port = 65536",
        'host = ""',
        "keepalive_s = 2",
        "puback_s_max = 0.0",
        "connect_s_max = -1.0",
        "backoff_s_max = inf",
        "puback_s_max = nan",
        'hots = "127.0.0.1"',
        'port = "1883"',
    ],
)
def test_impossible_values_and_unknown_keys_are_refused(text: str) -> None:
    key = text.split(maxsplit=1)[0]
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.toml.decode(text, type=BrokerConfig)
    assert key in str(refused.value)


def test_operators_may_have_a_port_of_their_own() -> None:
    config = BrokerConfig(port=8883, operator_port=8884)
    assert (config.port, config.for_operators.port) == (8883, 8884)
    assert BrokerConfig(port=8883).for_operators.port == 8883


def test_the_least_a_table_may_say_is_nothing() -> None:
    config = msgspec.toml.decode("", type=BrokerConfig)
    assert (config.host, config.port, config.embedded) == ("127.0.0.1", 1883, False)
