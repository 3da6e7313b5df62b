"""Settings not recommended for a real device are refused unless `[rig] allow` has a word."""

from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from stimloop.__main__ import run_command
from stimloop.config import Config, build_loop, load, needless_words
from stimloop.errors import ConfigError
from stimloop.recommended import problems
from streamer.config import Allowed
from streamer.source import StreamInfo

_DEFAULT = Path(__file__).parents[2] / "stimloop" / "default.toml"
_REAL = {
    'arm = "auto" ': 'arm = "operator" ',
    "simulated = true": "simulated = false",
    "embedded = true ": "embedded = false ",
}


class Case(NamedTuple):
    """A change of the rig with a real device, and the expected line."""

    word: str
    before: str
    after: str
    key: str
    expected: str
    found: str


_OF_TIMING = "at most {} s with stn_left, which is not simulated"
CASES = [
    Case(
        "embedded_broker_with_real_device",
        "embedded = false",
        "embedded = true",
        "$.broker.embedded",
        "a broker of your own",
        "the embedded one",
    ),
    Case(
        "plain_network_with_real_device",
        "port = 18830",
        'host = "192.168.10.2"',
        "$.broker.tls",
        "true with stn_left",
        "false, and the broker on another machine (192.168.10.2)",
    ),
    Case(
        "plain_password_with_real_device",
        "port = 18830",
        'username = "service"\npassword_file = "password"',
        "$.broker.password_file",
        "tls = true beside it",
        "a password that is sent unencrypted",
    ),
    Case(
        "long_lease_with_real_device",
        "lease_s = 1.0",
        "lease_s = 1.1",
        "$.gate.lease_s",
        _OF_TIMING.format(1),
        "1.1 s",
    ),
    Case(
        "late_commands_with_real_device",
        "command_valid_s = 0.3",
        "command_valid_s = 0.6",
        "$.gate.command_valid_s",
        _OF_TIMING.format(0.5),
        "0.6 s",
    ),
    Case(
        "old_data_with_real_device",
        "data_age_s_max = 0.3",
        "data_age_s_max = 1.5",
        "$.gate.data_age_s_max",
        _OF_TIMING.format(1),
        "1.5 s",
    ),
    Case(
        "long_hold_with_real_device",
        "lease_s = 1.0",
        "hold_s_max = 10.5",
        "$.gate.hold_s_max",
        _OF_TIMING.format(10),
        "10.5 s",
    ),
    Case(
        "fast_slew_with_real_device",
        "slew_ma_per_s_max = 12.0",
        "slew_ma_per_s_max = 20.0",
        "$.devices[0].limits.slew_ma_per_s_max",
        "at most 15, the full range in 0.2 s, with stn_left, which is not simulated",
        "20, the full range in 0.15 s",
    ),
    Case(
        "stop_above_safe",
        "stop_ma = 0.0 ",
        "stop_ma = 0.5 ",
        "$.devices[0].stop_ma",
        "at most safe_ma (0)",
        "0.5",
    ),
]


def _rig(path: Path, *changes: tuple[str, str], allow: tuple[str, ...] = ()) -> Path:
    text = _DEFAULT.read_text(encoding="utf-8")
    named = ", ".join(f'"{word}"' for word in allow)
    for before, after in (*changes, ("[rig]", f"[rig]\nallow = [{named}]")):
        assert not before or text.count(before) == 1, before
        text = text.replace(before, after) if before else text
    file = path / "rig.toml"
    # A file with a real device must say whether messages are signed.
    file.write_text(f'{text}\n[signing]\nmode = "off"\n', encoding="utf-8")
    return file


def test_a_real_device_with_all_that_is_recommended_is_taken(tmp_path: Path) -> None:
    config = load(_rig(tmp_path, *_REAL.items()))
    assert list(problems(config, 0.4)) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
def test_what_is_not_recommended_is_refused_with_key_and_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: Case
) -> None:
    file = _rig(tmp_path, *_REAL.items(), (case.before, case.after))
    assert run_command(["config", "check", str(file)]) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"stimloop: {file}: ")
    assert f"{case.key}: expected {case.expected}" in told
    assert f", found {case.found}" in told
    assert told.endswith(f'; [rig] allow = ["{case.word}"] allows it\n')
    assert told.count("\n") == 1
    assert run_command(["run", str(file)]) == 2
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
def test_its_word_allows_it_and_is_printed(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    case: Case,
) -> None:
    file = _rig(tmp_path, *_REAL.items(), (case.before, case.after), allow=(case.word,))
    monkeypatch.chdir(tmp_path)
    Path("password").write_text("secret\n", encoding="utf-8")
    assert run_command(["config", "check", str(file)]) == 0
    told = capsys.readouterr()
    assert "[rig] allow" not in told.err
    assert f"{file}: allowed though not recommended, by [rig] allow: {case.word}\n" in told.out


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.word)
def test_a_simulated_device_may_do_all_of_it_but_a_stop_that_raises(
    tmp_path: Path, case: Case
) -> None:
    changes = {key: value for key, value in _REAL.items() if "simulated" not in key}
    file = _rig(tmp_path, *changes.items(), (case.before, case.after), allow=())
    if case.word != "stop_above_safe":
        load(file)
        return
    with pytest.raises(ConfigError, match="stop_above_safe"):
        load(file)


def test_all_that_is_refused_is_told_at_once(tmp_path: Path) -> None:
    changes = [(case.before, case.after) for case in CASES if case.before.startswith("s")]
    with pytest.raises(ConfigError) as told:
        load(_rig(tmp_path, *_REAL.items(), *changes, allow=()))
    for word in ("stop_above_safe", "fast_slew_with_real_device"):
        assert f'allow = ["{word}"]' in str(told.value)


@pytest.mark.parametrize("word", get_args(Allowed))
def test_a_word_that_allows_nothing_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str
) -> None:
    file = _rig(tmp_path, allow=(word,))
    assert run_command(["config", "check", str(file)]) == 0
    assert capsys.readouterr().err == (
        f"stimloop: warning: {file}: $.rig.allow[0]: {word!r} allows nothing in this file: "
        "take it out\n"
    )


def test_a_word_that_stands_twice_is_a_warning_and_one_that_is_unknown_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    word = "long_lease_with_real_device"
    long = ("lease_s = 1.0", "lease_s = 1.1")
    twice = _rig(tmp_path, *_REAL.items(), long, allow=(word, word))
    assert needless_words(load(twice)) == [
        f"$.rig.allow[1]: {word!r} allows nothing in this file: take it out"
    ]
    assert run_command(["config", "check", str(_rig(tmp_path, allow=("everything",)))]) == 2
    assert (
        "$.rig.allow[0]: expected one of 'auto_arm_with_real_device', " in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("host", "is_refused"),
    [
        ("127.0.0.1", False),
        ("127.0.0.53", False),
        ("localhost", False),
        ("::1", False),
        ("10.0.0.1", True),
        ("192.0.2.1", True),
        ("broker.lab", True),
        ("localhost.lab", True),
    ],
)
def test_only_loopback_does_without_tls(tmp_path: Path, host: str, *, is_refused: bool) -> None:
    address = ("port = 18830", f'host = "{host}"')
    plain = _rig(tmp_path, *_REAL.items(), address)
    if is_refused:
        with pytest.raises(ConfigError, match=r"\$\.broker\.tls: expected true"):
            load(plain)
    else:
        load(plain)
    load(_rig(tmp_path, *_REAL.items(), (address[0], f"{address[1]}\nport = 8883\ntls = true")))


@pytest.mark.parametrize(
    ("amplitude_ma", "slew", "is_refused"), [(2.4, 12.0, False), (2.4, 12.1, True)]
)
def test_the_full_range_in_just_so_long_is_taken(
    tmp_path: Path, amplitude_ma: float, slew: float, *, is_refused: bool
) -> None:
    file = _rig(
        tmp_path,
        *_REAL.items(),
        ("on_ma = 3.0", "on_ma = 2.0"),
        ("amplitude_ma_max = 3.0", f"amplitude_ma_max = {amplitude_ma}"),
        ("slew_ma_per_s_max = 12.0", f"slew_ma_per_s_max = {slew}"),
    )
    if is_refused:
        with pytest.raises(ConfigError, match="fast_slew_with_real_device"):
            load(file)
    else:
        load(file)


def test_a_hold_may_outlast_the_longest_window_that_a_policy_reads(tmp_path: Path) -> None:
    window = ("window_s = 0.4", "window_s = 12.0")
    load(_rig(tmp_path, *_REAL.items(), window, ("lease_s = 1.0", "hold_s_max = 12.5")))
    with pytest.raises(ConfigError) as told:
        load(_rig(tmp_path, *_REAL.items(), window, ("lease_s = 1.0", "hold_s_max = 12.6")))
    assert (
        "$.gate.hold_s_max: expected at most 12.5 s (the longest window that a policy reads, 12 s, "
        "and resume_s) with stn_left, which is not simulated, found 12.6 s"
    ) in str(told.value)


def test_a_hold_is_judged_once_the_streams_are_known(tmp_path: Path) -> None:
    changes = (*_REAL.items(), ("lease_s = 1.0", "hold_s_max = 12.6"))
    amplifier = ('type = "LFP", source_id = "simulated-patient"', 'source_id = "amp-1"')
    config = load(_rig(tmp_path, *changes, amplifier))
    info = StreamInfo(
        name="LFP",
        rate_hz=1000.0,
        channels=("STN_L_1", "STN_L_3"),
        units=("uV", "uV"),
        dtype="float32",
    )
    with pytest.raises(ConfigError, match="long_hold_with_real_device"):
        build_loop("rig.toml", config, [info], session="s")
    words = ("long_hold_with_real_device",)
    allowed = load(_rig(tmp_path, *changes, amplifier, allow=words))
    loop = build_loop("rig.toml", allowed, [info], session="s")
    assert needless_words(allowed) == needless_words(allowed, loop) == []


def test_a_lease_is_part_of_the_way_out_that_budgets_reserve(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for key, least in (("on_time_s_max", 1.25), ("charge_uc_per_10_min_max", 26.325)):
        (before,) = (line for line in _DEFAULT.read_text("utf-8").splitlines() if key in line)
        load(_rig(tmp_path, (before, f"{key} = {least * 1.0001}"), allow=()))
        file = _rig(tmp_path, (before, f"{key} = {least}"[:-1] + "0"), allow=())
        assert run_command(["config", "check", str(file)]) == 2
        told = capsys.readouterr().err
        assert f"{file}: device 'stn_left': $.devices[0].limits.{key}: expected" in told
        assert "a lease of 1 s" in told
    assert Config(**{name: getattr(load(None), name) for name in Config.__struct_fields__})
