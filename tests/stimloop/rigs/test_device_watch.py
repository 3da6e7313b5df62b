"""Lines about reference devices: a ramp is one line at its end, a state one at once."""

from stimloop.rigs.device_watch import DeviceWatch


def test_a_ramp_is_told_where_it_comes_to_rest_and_a_state_at_once() -> None:
    lines: list[str] = []
    watch = DeviceWatch(1, lines.append, lambda: None, lambda: 0.0)
    watch._look("stn", "linked, safe", 0.0, 10.0)
    for step in range(31):
        watch._look("stn", "linked, live", step / 10.0, 11.0 + step * 0.02)
    for second in range(5):
        watch._look("stn", "linked, live", 3.0, 12.5 + second)
    watch._look("stn", "linked, stopped", 0.0, 17.6)
    watch._look("stn", "linked, stopped", 0.0, 18.6)
    assert lines == [
        "stn: linked, safe, 0",
        "stn: linked, live, 0",
        "stn: linked, live, 3",
        "stn: linked, stopped, 0",
    ]


def test_an_amount_that_moves_on_while_the_state_changes_is_told_at_rest() -> None:
    lines: list[str] = []
    watch = DeviceWatch(1, lines.append, lambda: None, lambda: 0.0)
    watch._look("stn", "linked, live", 3.0, 10.0)
    watch._look("stn", "linked, safe", 2.9, 11.0)
    watch._look("stn", "linked, safe", 0.0, 11.2)
    watch._look("stn", "linked, safe", 0.0, 12.2)
    assert lines[1:] == ["stn: linked, safe, 2.9", "stn: linked, safe, 0"]
