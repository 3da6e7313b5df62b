"""A page from its parts: what comes from files is text, and nothing is loaded from elsewhere."""

import base64
import json
import sys

import numpy as np
import pytest

from stimloop import colours
from stimloop.errors import ConfigError
from stimloop.reporting import pictures
from stimloop.reporting.page import Page, Section, Table, render
from stimloop.reporting.pictures import Bar, Line, Sample
from stimloop.reporting.session.courses import Course
from stimloop.reporting.session.shares import Shares
from stimloop.reporting.trace import Envelope, TraceEpisodes, TraceRow, trace_of
from tests.stimloop.reporting.self_contained import PageParts

_EVIL = (
    '</script><script>alert("x")</script><img src="http://evil/x.png" onerror=1> $\\frac$ & \u2028'
)


def _page() -> str:
    values = np.arange(5.0)
    trace = trace_of(
        [TraceRow(_EVIL, _EVIL, values, values + 1.0, colours.BLUE)],
        [TraceEpisodes(_EVIL, colours.ORANGE, [(0.5, 1.5)])],
        start_s=0.0,
        step_s=0.5,
        step_text=_EVIL,
    )
    made = [
        pictures.lines(
            [Line(_EVIL, [1.0, 2.0], [1.0, 3.0], colours.BLUE)],
            label_x=_EVIL,
            label_y=_EVIL,
            caption=_EVIL,
            name="one",
        ),
        pictures.histogram(
            [Sample(_EVIL, [1.0, 2.0], colours.BLUE)], label=_EVIL, caption="", name="two"
        ),
        pictures.dots([Bar(_EVIL, 0.5, 0.4, 0.6, 0.2)], label=_EVIL, caption="", name="three"),
        pictures.rose([1, 2, 3, 4], caption=_EVIL, name="four"),
    ]
    section = Section(
        title=_EVIL,
        texts=[_EVIL],
        trace=trace,
        pictures=[each for each in made if each is not None],
        tables=[Table([_EVIL], [[_EVIL]], _EVIL)],
        files=[(_EVIL, _EVIL)],
    )
    return render(Page(_EVIL, _EVIL, [section], [(_EVIL, _EVIL)]))


def test_whatever_a_file_says_is_text_in_the_page() -> None:
    found = PageParts(_page())
    # The trace's data and our own script; four pictures; no image, and nothing that is loaded.
    assert found.counts["script"] == 2
    assert found.counts["svg"] == 4
    assert "img" not in found.counts
    assert found.loads == []
    assert found.texts.count(_EVIL) >= 6
    data = json.loads(found.data[0])
    assert data["rows"][0]["name"] == _EVIL


def test_the_same_page_is_the_same_bytes_and_its_ids_are_unique() -> None:
    assert _page() == _page()
    found = PageParts(_page())
    assert len(found.ids) == len(set(found.ids))


def test_a_loaded_address_would_be_found() -> None:
    for html in (
        '<script src="https://cdn/x.js"></script>',
        '<link href="//fonts/x.css">',
        "<style>@import 'x.css'</style>",
        '<p style="background: url(http://x)">',
        "<script>fetch('https://x')</script>",
    ):
        assert PageParts(html).loads, html


def test_a_picture_of_nothing_is_none() -> None:
    assert pictures.lines([], label_x="", label_y="", caption="", name="a") is None
    assert pictures.rose([0, 0], caption="", name="b") is None
    assert pictures.dots([], label="", caption="", name="c") is None


def test_an_envelope_has_the_extremes_of_each_step_in_whatever_pieces() -> None:
    values = np.random.default_rng(1).normal(size=(5000, 2))
    time_s = np.arange(5000) / 100.0 + 7.0
    envelope = Envelope(0.01, 2, n_steps=300)
    for cut in np.array_split(np.arange(5000), 37):
        envelope.take(time_s[cut], values[cut])
    n_each = round(envelope.step_s / 0.01)
    assert n_each == 32
    whole = 5000 // n_each * n_each
    parts = values[:whole].reshape(-1, n_each, 2)
    assert np.array_equal(envelope.low[: len(parts)], parts.min(axis=1))
    assert np.array_equal(envelope.high[: len(parts)], parts.max(axis=1))


def test_a_trace_keeps_a_gap_and_its_scale() -> None:
    low = np.array([-2.0, np.inf, np.inf, 1.0, np.inf, 2.0])
    high = np.array([-1.0, -np.inf, -np.inf, 2.0, -np.inf, 4.0])
    row = trace_of(
        [TraceRow("LFP", "µV", low, high, colours.BLUE)], [], start_s=0.0, step_s=1.0, step_text=""
    )["rows"][0]
    found = np.frombuffer(base64.b64decode(row["low"]), "<i2")
    # A single empty step is jitter, two are a gap.
    assert (found == -32_768).tolist() == [False, True, True, False, False, False]
    middle, scale = 1.5, float(row["scale"])
    assert found[3] / 32_767 * scale + middle == pytest.approx(1.0, abs=0.01)


def test_a_course_keeps_its_extremes_and_a_bounded_number_of_points() -> None:
    course = Course(n_kept=100)
    random = np.random.default_rng(1)
    for step in range(5000):
        course.take(float(step), 3.0 if step == 2345 else float(random.uniform(0.0, 1.0)))
    values = [value for _, value in course.points]
    assert len(values) <= 100
    assert max(values) == 3.0
    times = [time_s for time_s, _ in course.points]
    assert times == sorted(times)


def test_shares_are_those_of_all_however_long_it_lasts() -> None:
    shares = Shares(1.0, n_steps=4)
    shares.take(np.arange(32.0), np.arange(32) % 2 == 0)
    assert shares.step_s == 8.0
    assert shares.values.tolist() == [0.5] * 4


@pytest.mark.parametrize("package", ["jinja2", "matplotlib"])
def test_without_its_libraries_a_page_names_the_extra_that_has_them(
    package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=r"found none: pip install 'stimloop\[validate\]'"):
        _page()
