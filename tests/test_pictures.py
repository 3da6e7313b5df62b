"""The picture of the README shows what was recorded in a session."""

import numpy as np
import pytest

from benchmarks.figures import drawing, loop
from tests.golden.live_session import LIVE, LiveSession


@pytest.fixture(scope="module")
def lines() -> loop.LoopLines:
    live = LiveSession.read(LIVE)
    return loop.compute_lines(live.config, live.infos, live.session, live.steps)


def test_what_is_drawn_is_what_the_loop_did(lines: loop.LoopLines) -> None:
    beta_s, beta_uv2 = lines.beta_uv2
    _, threshold_uv2 = lines.threshold_uv2
    for onset_s, offset_s in lines.bursts_s:
        within = (beta_s > onset_s) & (beta_s < offset_s)
        assert np.nanmax(beta_uv2[within]) > np.nanmax(threshold_uv2)
    assert lines.bursts_s
    for line in (lines.wanted_ma, lines.allowed_ma, lines.applied_ma):
        assert 0.0 <= line[1].min() < line[1].max() <= 3.0
    allowed_s, applied_s = lines.allowed_ma[0], lines.applied_ma[0]
    assert lines.active_s <= allowed_s.min() < applied_s[lines.applied_ma[1] > 0.0].min()


def test_the_loop_is_drawn_with_the_raw_signal_above(lines: loop.LoopLines) -> None:
    with drawing.house_style():
        figure = loop.draw(lines)
        figure.canvas.draw()
    above, power, amplitude = figure.axes[::2]
    assert above.get_ylabel() == "STN_L_13\n(µV)"
    assert [line.get_label() for line in power.lines[:2]] == ["beta power", "threshold"]
    assert [line.get_label() for line in amplitude.lines[:3]] == ["wanted", "allowed", "applied"]
    # What lines are is written beside the axes, where it hides none of them.
    for axis in figure.axes:
        legend = axis.get_legend()
        if legend is not None:
            assert legend.get_window_extent().x0 >= axis.get_window_extent().x1
