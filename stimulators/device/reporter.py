"""When a device says what: an answer to each question, news, and a report once a second."""

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.budgets import Budgets
from stimulators.device.delivery import Delivery
from stimulators.device.device_clock import ServiceClocks, Stamp
from stimulators.device.stop_reports import StopReports
from stimulators.device.tenancy import Tenancy
from stimulators.device.words import DeviceSnapshot, Words
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Ack, Command, DeviceInfo, DeviceStatus, Stop

_REPORT_PERIOD_US = 1_000_000


class Reporter:
    """Says what is new about a device, and remembers what it has said.

    Parameters
    ----------
    words, tenancy, clocks, output, budgets, delivery
        The parts of the device.

    Attributes
    ----------
    last_seq : int
        The newest amplitude command done in the session that holds the device.
    """

    def __init__(
        self,
        words: Words,
        *,
        tenancy: Tenancy,
        clocks: ServiceClocks,
        output: AmountOutput,
        budgets: Budgets,
        delivery: Delivery,
    ) -> None:
        self.last_seq = 0
        self._words = words
        self._tenancy = tenancy
        self._clocks = clocks
        self._output = output
        self._budgets = budgets
        self._delivery = delivery
        self._stops = StopReports()
        self._report_due_us = 0
        self._told_clock = ""
        self._told = (delivery.state, delivery.reason)
        self._told_given = self._given

    @property
    def info(self) -> DeviceInfo:
        """What it says of itself, to look at: it counts as no word."""
        return self._words.info(self._snapshot)

    def describe(self) -> DeviceInfo:
        """Return what it says of itself, to be published: a new word."""
        self._told = (self._delivery.state, self._delivery.reason)
        self._told_given = self._given
        return self._words.describe(self._snapshot)

    def answer(self, command: Command, refused: RefusalReason | None) -> Ack:
        """Return the answer to a command that was done, or refused for a reason."""
        self._told_given = self._given
        return self._words.answer(
            self._snapshot,
            session=command.session,
            stamp_us=self._stamp_us(),
            seq=command.seq,
            refused=refused,
        )

    def answer_stop(self, stop: Stop, *, verified: bool, is_change: bool) -> Ack | None:
        """Return the answer to a stop that was done; None where it is only counted."""
        now_us = self._delivery.now_us
        told = self._stops.report(stop, now_us, is_verified=verified, is_change=is_change)
        if told is None:
            return None
        self._delivery.reason = told
        self._report_due_us = now_us
        return self._words.answer(
            self._snapshot,
            session=self._tenancy.session or "",
            stamp_us=self._stamp_us(),
            request_id=stop.request_id,
            verified=verified,
        )

    def note_clock(self) -> None:
        """Let a report be due where a newer session's time is found.

        No report before it could be placed in that service's time. Of two services that answer in
        turn, the newer is found once.
        """
        if self._stamp().session > self._told_clock:
            self._report_due_us = self._delivery.now_us

    def take_news(self) -> list[DeviceInfo | DeviceStatus]:
        """Return what is new: a change of state, an amount that is reached, a report a second."""
        now_us, state = self._delivery.now_us, self._delivery.state
        told = self._stops.report_due(now_us)
        if told is not None and state == "stopped":
            self._delivery.reason = told
        is_arrived = not self._output.is_moving and self._given != self._told_given
        said: list[DeviceInfo | DeviceStatus] = []
        is_change = (state, self._delivery.reason) != self._told
        if is_change or (is_arrived and state != "live"):
            said.append(self.describe())
        if is_arrived or now_us >= self._report_due_us:
            self._report_due_us = now_us + _REPORT_PERIOD_US
            self._told_given = self._given
            stamp = self._stamp()
            self._told_clock = max(self._told_clock, stamp.session) if stamp.session else ""
            asked_us = self._clocks.asked_us(stamp.session, now_us)
            said.append(self._words.report(self._snapshot, stamp, clock_asked_us=asked_us))
        return said

    @property
    def _given(self) -> tuple[float, str]:
        return self._output.given, self._output.program

    @property
    def _snapshot(self) -> DeviceSnapshot:
        return DeviceSnapshot(
            state=self._delivery.state,
            reason=self._delivery.reason,
            session=self._tenancy.newest_session or None,
            last_seq=self.last_seq,
            amount=self._output.given,
            program=self._output.program,
            charge_uc=self._budgets.charge_uc,
            on_s=self._budgets.on_s,
            counted_since_s=self._budgets.counted_s(self._delivery.now_us),
        )

    def _stamp_us(self) -> int:
        return self._clocks.stamp_us(self._tenancy.session, self._delivery.now_us)

    def _stamp(self) -> Stamp:
        """Return the time of the service that drives it, or else of the one that answered last."""
        now_us = self._delivery.now_us
        is_live = self._delivery.state == "live"
        service = self._tenancy.session if is_live else self._clocks.newest_heard(now_us)
        return self._clocks.stamp(service, now_us)
