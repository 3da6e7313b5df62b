"""Finding the stream that a `match` means, or one clear error; real LSL on loopback."""

import asyncio
import threading
from collections.abc import Sequence

import msgspec
import pylsl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.clock import now_s
from streamer.errors import StreamError, StreamFormatError, StreamNotFoundError
from streamer.lsl.description import (
    as_configured,
    difference,
    is_same_sender,
    read_info,
    require_as_configured,
)
from streamer.lsl.labels import repeated_columns, unique_labels
from streamer.lsl.network import LslConfig
from streamer.lsl.search import predicate
from streamer.lsl.source import LslSource
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig
from streamer.watching.stream_remarks import stream_remarks
from tests.streamer.lsl.lsl_feed import outlet, stream


def enter(config: StreamConfig, network: LslConfig) -> StreamInfo:
    async def scenario() -> StreamInfo:
        async with LslSource(config, network, now_s) as source:
            return source.infos[0]

    return asyncio.run(scenario())


def info(**changes: object) -> StreamInfo:
    usual = StreamInfo(
        name="LFP",
        rate_hz=500.0,
        channels=("A", "B"),
        units=("microvolts", "microvolts"),
        dtype="float32",
        lsl_name="amp",
        lsl_type="LFP",
        source_id="serial-7",
        uid="1",
        hostname="rig",
    )
    return msgspec.structs.replace(usual, **changes)


@pytest.mark.lsl
def test_what_a_stream_says_of_itself_is_read_in_full(lsl_network: LslConfig) -> None:
    sender = outlet(
        "described",
        rate_hz=418.4,
        dtype="int16",
        kind="ECoG",
        source_id='it\'s "quoted"',
        labels=["STN_L_1", "STN_L_3"],
        units=["microvolts", "mV"],
    )
    match = Match(name="described", type="ECoG", source_id='it\'s "quoted"')
    found = enter(stream("LFP", match=match), lsl_network)
    assert found == StreamInfo(
        name="LFP",
        rate_hz=418.4,
        channels=("STN_L_1", "STN_L_3"),
        units=("microvolts", "mV"),
        dtype="int16",
        lsl_name="described",
        lsl_type="ECoG",
        source_id='it\'s "quoted"',
        uid=sender.get_info().uid(),
        hostname=sender.get_info().hostname(),
    )


@pytest.mark.lsl
def test_no_answer_is_an_error_that_lists_what_is_on_the_network(lsl_network: LslConfig) -> None:
    _present = outlet("present", n_channels=3, rate_hz=2000.0, kind="EMG", source_id="emg-1")
    missing = stream("LFP", match=Match(type="LFP", source_id="nobody"))
    network = msgspec.structs.replace(lsl_network, resolve_s=0.3)
    with pytest.raises(StreamNotFoundError) as caught:
        enter(missing, network)
    text = str(caught.value)
    assert text.startswith(
        "stream LFP: expected one stream with type = 'LFP', source_id = 'nobody', "
        "found none in 0.3 s; on the network: "
    )
    assert "'present' (type 'EMG', source_id 'emg-1', 2000 Hz, 3 channels, float32, on '" in text
    assert "\n" not in text


@pytest.mark.lsl
def test_two_answers_are_an_error_that_names_both(lsl_network: LslConfig) -> None:
    _both = [outlet(f"double-{k}", kind="DOUBLE", source_id=f"amp-{k}") for k in (1, 2)]
    with pytest.raises(StreamNotFoundError) as caught:
        enter(stream("LFP", match=Match(type="DOUBLE")), lsl_network)
    text = str(caught.value)
    assert "expected one stream with type = 'DOUBLE', found 2: " in text
    assert "source_id 'amp-1'" in text
    assert "source_id 'amp-2'" in text


@pytest.mark.lsl
def test_a_stream_of_another_rate_than_configured_is_refused_at_once(
    lsl_network: LslConfig,
) -> None:
    _sender = outlet("slow", rate_hz=250.0)
    with pytest.raises(StreamFormatError, match=r"rate_hz: expected 1000 Hz, found 250\.0 Hz"):
        enter(stream("slow", rate_hz=1000.0), lsl_network)


@pytest.mark.lsl
def test_giving_up_the_search_ends_it_at_once(lsl_network: LslConfig) -> None:
    network = msgspec.structs.replace(lsl_network, resolve_s=600.0)

    async def scenario() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), LslSource(stream("nobody"), network, now_s):
                pass

    before_s = now_s()
    asyncio.run(scenario())
    assert now_s() - before_s < 5.0


@pytest.mark.parametrize(
    ("config", "found", "text"),
    [
        (stream("s"), info(rate_hz=0.0), "kind: expected a signal with a rate, found float32"),
        (stream("s"), info(dtype="string"), "kind: expected a signal with a rate, found string"),
        (stream("s", kind="markers"), info(), "kind: expected markers, found float32 samples"),
        (stream("s", kind="other"), info(dtype="string"), "kind: expected 'markers' for text"),
        (stream("s", rate_hz=500.1), info(), "rate_hz: expected 500.1 Hz, found 500.0 Hz"),
        (stream("s", channels=("A",)), info(), "channels: expected A, found A, B"),
        (stream("s", channels=("B", "A")), info(), "channels: expected B, A, found A, B"),
    ],
)
def test_a_stream_that_is_not_what_was_configured_is_refused(
    config: StreamConfig, found: StreamInfo, text: str
) -> None:
    with pytest.raises(StreamFormatError, match=r"^stream s: ") as caught:
        require_as_configured(config, found)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("config", "found"),
    [
        (stream("s", rate_hz=500.0, channels=("A", "B")), info()),
        (stream("s", kind="markers"), info(rate_hz=0.0)),
        (stream("s", kind="markers"), info(dtype="string", rate_hz=10.0)),
        (stream("s", kind="other"), info(rate_hz=0.0)),
    ],
)
def test_a_stream_that_is_what_was_configured_passes(
    config: StreamConfig, found: StreamInfo
) -> None:
    require_as_configured(config, found)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"uid": "2", "hostname": "other rig"}, ""),
        ({"uid": "2", "source_id": "new"}, ""),
        ({"rate_hz": 500.5}, "rate: was 500.0 Hz, is now 500.5 Hz"),
        (
            {"units": ("microvolts", "millivolts")},
            "units: was microvolts, microvolts, is now microvolts, millivolts",
        ),
        ({"dtype": "float64"}, "data type: was float32, is now float64"),
        ({"source_id": "serial-8", "lsl_name": "amp2"}, ""),
    ],
)
def test_what_a_stream_that_came_back_gives_is_held_against_what_it_gave(
    changes: dict[str, object], text: str
) -> None:
    assert difference(info(), info(**changes)) == text


@pytest.mark.parametrize(
    "changes",
    [
        {"uid": "2"},
        {"lsl_name": "amp2"},
        {"lsl_type": "EMG"},
        {"source_id": "serial-8"},
        {"hostname": "other rig"},
    ],
)
def test_a_sender_is_the_same_only_where_nothing_of_its_outlet_changed(
    changes: dict[str, object],
) -> None:
    assert is_same_sender(info(), info())
    assert not is_same_sender(info(), info(**changes))


def test_a_match_asks_by_every_key_it_was_given() -> None:
    match = Match(name="O'Neil", type="LFP", hostname="rig")
    assert predicate(match) == ("name=concat('O', \"'\", 'Neil') and type='LFP' and hostname='rig'")


def test_a_name_with_accents_is_asked_for_composed_and_decomposed() -> None:
    composed, decomposed = "Mu\u0308ller", "M\u00fcller"
    for written in (composed, decomposed):
        condition = predicate(Match(name=written, type="LFP"))
        assert f"name='{composed}'" in condition
        assert f"name='{decomposed}'" in condition
        assert condition.endswith(") and type='LFP'")


def test_labels_are_the_same_composed_and_decomposed() -> None:
    assert unique_labels(["u\u0308", "\u00fc"], 2) == ("\u00fc_1", "\u00fc_2")
    assert unique_labels(["Zu\u0308g"], 1) == ("Z\u00fcg",)


def test_labels_that_only_differ_in_capitals_are_told() -> None:
    with pytest.raises(StreamFormatError, match=r"found A, B \(there is 'A': capital and small"):
        require_as_configured(stream("s", channels=("a", "B")), info())


def test_channels_without_labels_are_given_those_of_the_configuration() -> None:
    full = pylsl.StreamInfo("bare", "LFP", 3, 1000.0, "float32", "p")
    bare = read_info("LFP", full)
    assert bare.channels == ("ch1", "ch2", "ch3")
    assert bare.unlabelled == (0, 1, 2)
    config = stream("LFP", channels=("STN_L", "STN_R", "ref"))
    found = as_configured(config, bare)
    require_as_configured(config, found)
    assert found.channels == ("STN_L", "STN_R", "ref")
    assert not found.unlabelled
    with pytest.raises(StreamFormatError, match="expected STN_L, STN_R, found ch1, ch2, ch3"):
        require_as_configured(
            few := stream("LFP", channels=("STN_L", "STN_R")), as_configured(few, bare)
        )


def test_a_label_of_the_streams_own_is_never_replaced() -> None:
    partial = info(channels=("A", "ch2"), unlabelled=(1,))
    config = stream("LFP", channels=("B", "C"))
    with pytest.raises(StreamFormatError, match="expected B, C, found A, C"):
        require_as_configured(config, as_configured(config, partial))


@pytest.mark.lsl
def test_of_equal_streams_index_uid_or_samples_choose_one(lsl_network: LslConfig) -> None:
    twins = [outlet("twin", source_id="twin-id", n_channels=n) for n in (1, 2)]
    uids = [each.get_info().uid() for each in twins]
    with pytest.raises(StreamNotFoundError, match=r"say which: match\.index = 0 to 1"):
        enter(stream("LFP", match=Match(name="twin")), lsl_network)
    for number, uid in enumerate(uids):
        for match in (Match(name="twin", index=number), Match(name="twin", uid=uid)):
            assert enter(stream("LFP", match=match), lsl_network).uid == uid
    with pytest.raises(StreamNotFoundError, match="index = 2, found none of 2 that answer: 'twin'"):
        enter(stream("LFP", match=Match(name="twin", index=2)), lsl_network)
    is_over = threading.Event()

    def send() -> None:
        while not is_over.wait(0.01):
            twins[1].push_sample([0.0, 0.0])

    sender = threading.Thread(target=send)
    sender.start()
    try:
        chosen = enter(stream("LFP", match=Match(name="twin", has_samples=True)), lsl_network)
    finally:
        is_over.set()
        sender.join()
    assert chosen.uid == uids[1]


def test_a_match_without_any_key_is_refused_with_its_place() -> None:
    text = b'{"name": "LFP", "kind": "lfp", "match": {}}'
    with pytest.raises(msgspec.ValidationError, match=r"at least one of name.*`\$\.match`"):
        msgspec.json.decode(text, type=StreamConfig)


def test_units_and_labels_that_are_missing_are_filled_up_and_those_too_many_ignored() -> None:
    full = pylsl.StreamInfo("partial", "EMG", 3, 1000.0, "float32", "p")
    channels = full.desc().append_child("channels")
    channels.append_child("channel").append_child_value("label", "left")
    found = read_info("EMG", full)
    assert found.channels == ("left", "ch2", "ch3")
    assert found.units == ("", "", "")
    for k in range(5):
        channels.append_child("channel").append_child_value("label", f"more{k}")
    assert read_info("EMG", full).channels == ("left", "more0", "more1")


def test_labels_that_stand_twice_get_their_channels_number() -> None:
    assert unique_labels(["EMG", "EMG", "REF"], 3) == ("EMG_1", "EMG_2", "REF")
    assert repeated_columns(["EMG", "", "REF", " EMG", ""], 5) == (0, 3)


def test_labels_that_stand_twice_are_told_until_the_configuration_has_them() -> None:
    full = pylsl.StreamInfo("twice", "EMG", 2, 1000.0, "float32", "p")
    channels = full.desc().append_child("channels")
    for _ in range(2):
        channels.append_child("channel").append_child_value("label", "EMG").append_child_value(
            "unit", "uV"
        )
    found = read_info("EMG", full)
    assert found.repeated == (0, 1)
    (remark,) = stream_remarks((stream("EMG", kind="emg"),), (found,))
    assert remark.startswith("stream EMG: 2 of 2 channels have a label that stands twice or more")
    assert remark.endswith("EMG_1, EMG_2")
    named = stream("EMG", kind="emg", channels=("EMG_1", "EMG_2"))
    assert stream_remarks((named,), (as_configured(named, found),)) == []


@given(
    st.lists(st.sampled_from(["", " ", "A", "A_1", "A_2", "ch1", "ch2", "ch1_"]), max_size=7),
    st.integers(min_value=1, max_value=7),
)
def test_labels_are_always_unique_and_one_for_each_channel(
    labels: Sequence[str], n_channels: int
) -> None:
    made = unique_labels(labels, n_channels)
    assert len(set(made)) == len(made) == n_channels
    for given_label, label in zip(labels, made, strict=False):
        if given_label.strip() and list(labels[:n_channels]).count(given_label) == 1:
            assert label == given_label.strip()


def test_stream_errors_share_one_root() -> None:
    assert issubclass(StreamNotFoundError, StreamError)
    assert issubclass(StreamFormatError, StreamError)
