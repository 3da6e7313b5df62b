"""The screen of a running session: a small table, or lines where there is no screen."""

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from detectors.estimates import Seen
from stimloop.live.measures_table import BESIDE, MeasureKey, MeasuresTable
from stimloop.live.news import NewsLine, news
from stimloop.live.status_news import StatusNews
from stimloop.live.stop_key import STOP_KEY, has_stop_key
from stimloop.terminal.amount_text import age_text, amount_text
from stimloop.terminal.line_writer import LineWriter
from stimloop.terminal.plain_text import plain
from stimulators.wire.messages import Ack, DeviceBelief, DeviceInfo, DeviceStatus
from stimulators.wire.received import AckHeard, DeviceStatusHeard, InfoHeard
from streamer.clock import time_of_day_text
from streamer.closed_loop import Outcome
from streamer.events import Event, Tick
from streamer.session_parts import RunningSession
from streamer.watching.watchers import Watcher

_REFRESH_PER_S = 4.0
_N_NEWS = 6
#: How often the table asks the gate for the amounts; it is drawn less often.
_BELIEFS_S = 0.1
_STYLES = {
    "idle": "dim",
    "armed": "yellow",
    "active": "green",
    "hold": "magenta",
    "paused": "bold cyan",
    "safe": "bold red",
}
#: Boots of devices whose programs are remembered.
_N_BOOTS_MAX = 256
_NEWS_STYLES = {"plain": "", "alarm": "bold red"}


class _Programs:
    """The newest program that each device reported, by the number of its message."""

    def __init__(self) -> None:
        self._newest: dict[tuple[str, str], tuple[int, str]] = {}

    def hear(self, device: str, said: Ack | DeviceInfo | DeviceStatus) -> None:
        boot = device, said.instance
        is_known = boot in self._newest or len(self._newest) < _N_BOOTS_MAX
        if is_known and said.word >= self._newest.get(boot, (0, ""))[0]:
            self._newest[boot] = said.word, said.program

    def of(self, device: str, instance: str) -> str:
        return plain(self._newest.get((device, instance), (0, ""))[1]) or "-"


class LiveTable:
    """Remembers the newest values of a session; drawn four times a second by another thread.

    Parameters
    ----------
    session : RunningSession
        The session that is watched.
    """

    def __init__(self, session: RunningSession) -> None:
        self._loop = session.service.loop
        self._summary = session.summary
        read = [
            MeasureKey(each.detector, each.channel, each.measure)
            for wiring in self._loop.wirings
            for each in (found.read for found in wiring.reads)
            if each.measure and each.measure not in BESIDE
        ]
        self._measures = MeasuresTable(self._loop.chain.detectors, read)
        self._beliefs: dict[str, DeviceBelief] = {}
        self._beliefs_s = float("-inf")
        self._programs = _Programs()
        self._has_stop_key = has_stop_key()
        self._news: deque[Text] = deque(maxlen=_N_NEWS)
        self._newest_s: float | None = None
        self._started_s: float | None = None
        self._now_s = 0.0

    def watch(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Remember the events, estimates and decisions of one step."""
        self._now_s = now_s
        if self._started_s is None:
            self._started_s = now_s
        if isinstance(event, AckHeard | InfoHeard | DeviceStatusHeard):
            self._programs.hear(event.device, event.message)
        # Asked on the loop's thread, since the gate may be at work while the table is drawn.
        if now_s >= self._beliefs_s + _BELIEFS_S:
            self._beliefs = self._loop.gate.beliefs(now_s)
            self._beliefs_s = now_s
        if outcome.seen:
            self._see(outcome.seen)
        for line in news(event, outcome):
            self._news.append(Text(f"{self._clock()}  {line.text}", _NEWS_STYLES[line.weight]))

    def __rich__(self) -> RenderableType:
        """Return the table as Rich draws it."""
        key = [Text(f"{STOP_KEY}: stop", "bold")] if self._has_stop_key else []
        return Group(self._state(), self._measures, self._devices(), *self._news, *key)

    def _see(self, seen: Sequence[Seen]) -> None:
        is_active = self._loop.gate.state in {"active", "hold"}
        for each in seen:
            if not each.estimates.sample.size:
                continue
            self._newest_s = float(each.estimates.time_s[-1])
            self._measures.see(each, is_active=is_active)

    def _state(self) -> Text:
        gate, counts = self._loop.gate, self._summary
        return Text.assemble(
            (f"{gate.state.upper():<7}", _STYLES[gate.state]),
            f"{self._clock()}  {counts.n_samples} samples, {self._age()}, "
            f"{counts.n_issued} commands, {counts.n_acked} acknowledged\n",
            (plain(gate.status_text), "dim"),
        )

    def _devices(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for column in ("device", "gives", "state", "program", "its last word"):
            table.add_column(column, justify="right" if column == "gives" else "left")
        for device, config in self._loop.gate.devices.items():
            belief = self._beliefs.get(device, DeviceBelief())
            style = "" if belief.certain else "yellow"
            table.add_row(
                device,
                Text(amount_text(belief, config.unit), style),
                belief.state,
                self._programs.of(device, belief.instance),
                age_text(belief.word_age_s),
            )
        return table

    def _age(self) -> str:
        if self._newest_s is None:
            return "no estimate yet"
        return f"newest {1e3 * (self._now_s - self._newest_s):.0f} ms old"

    def _clock(self) -> str:
        elapsed_s = int(self._now_s - (self._started_s or self._now_s))
        return f"{elapsed_s // 3600}:{elapsed_s // 60 % 60:02d}:{elapsed_s % 60:02d}"


@contextlib.contextmanager
def watching(session: RunningSession, console: Console) -> Iterator[Watcher]:
    """Show a session on a screen as a table, elsewhere as a line for each piece of news."""
    if not console.is_terminal:
        with LineWriter(console.file) as lines:
            if has_stop_key():
                lines.write(f"{STOP_KEY}: stop")
            yield _lines(lines, session)
        return
    table = LiveTable(session)
    with Live(table, console=console, refresh_per_second=_REFRESH_PER_S):
        yield table.watch


def _lines(lines: LineWriter, session: RunningSession) -> Watcher:
    gate = session.service.loop.gate
    status = StatusNews()

    def watch(event: Event, now_s: float, outcome: Outcome) -> None:
        told = list(news(event, outcome))
        if isinstance(event, Tick):
            waits = status.see(gate.state, gate.reason, gate.status_text, now_s)
            told += [waits] if waits is not None else []
        for line in told:
            lines.write(f"{time_of_day_text()}  {_flat(line)}")

    return watch


def _flat(line: NewsLine) -> str:
    return f"ALARM {line.text}" if line.weight == "alarm" else line.text
