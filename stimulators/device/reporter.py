"""When a device publishes which message: answers, changes of state, a report each second."""

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
    """Decides which message of a device is due, and remembers what was reported.

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
        self._reported_clock = ""
        self._reported = (delivery.state, delivery.reason)
        self._reported_amount = self._amount_and_program

    @property
    def info(self) -> DeviceInfo:
        """The device's description of itself, not to be published: no new word."""
        return self._words.info(self._snapshot)

    def describe(self) -> DeviceInfo:
        """Return the device's description of itself, as a new word."""
        self._reported = (self._delivery.state, self._delivery.reason)
        self._reported_amount = self._amount_and_program
        return self._words.describe(self._snapshot)

    def answer(self, command: Command, refused: RefusalReason | None) -> Ack:
        """Return the answer to a command that was done, or refused for a reason."""
        self._reported_amount = self._amount_and_program
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
        text = self._stops.report(stop, now_us, is_verified=verified, is_change=is_change)
        if text is None:
            return None
        self._delivery.reason = text
        self._report_due_us = now_us
        return self._words.answer(
            self._snapshot,
            session=self._tenancy.session or "",
            stamp_us=self._stamp_us(),
            request_id=stop.request_id,
            verified=verified,
        )

    def note_clock(self) -> None:
        """Let a report be due once the clock of a newer session is known.

        Earlier reports could not be stamped by that clock. Where two services reply in turn, the
        newer one makes only one report due.
        """
        if self._stamp().session > self._reported_clock:
            self._report_due_us = self._delivery.now_us

    def take_news(self) -> list[DeviceInfo | DeviceStatus]:
        """Return the messages that are due after a change, at a goal, and each second."""
        now_us, state = self._delivery.now_us, self._delivery.state
        text = self._stops.report_due(now_us)
        if text is not None and state == "stopped":
            self._delivery.reason = text
        is_arrived = (
            not self._output.is_moving and self._amount_and_program != self._reported_amount
        )
        said: list[DeviceInfo | DeviceStatus] = []
        is_change = (state, self._delivery.reason) != self._reported
        if is_change or (is_arrived and state != "live"):
            said.append(self.describe())
        if is_arrived or now_us >= self._report_due_us:
            self._report_due_us = now_us + _REPORT_PERIOD_US
            self._reported_amount = self._amount_and_program
            stamp = self._stamp()
            self._reported_clock = max(self._reported_clock, stamp.session) if stamp.session else ""
            asked_us = self._clocks.asked_us(stamp.session, now_us)
            said.append(self._words.report(self._snapshot, stamp, clock_asked_us=asked_us))
        return said

    @property
    def _amount_and_program(self) -> tuple[float, str]:
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
        """Return the time by the service that drives it, else by the one that replied last."""
        now_us = self._delivery.now_us
        is_live = self._delivery.state == "live"
        service = self._tenancy.session if is_live else self._clocks.newest_heard(now_us)
        return self._clocks.stamp(service, now_us)
