"""The stage `confirm`: rises are offered to operators, and open for a while once one says yes."""

from collections.abc import Iterator, Mapping

from stimulators.decisions import Notice, Refusal
from stimulators.gate.arming import Requests
from stimulators.gate.driving.drive import Drive
from stimulators.gate.driving.maker import reason_of
from stimulators.gate.states.rig_state import RigState
from stimulators.gate_config import Stage
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Control, RiseOffer


class Confirming:
    """Acts on an operator's yes, and says which rises wait for one.

    A yes is good for one offer of one device, once, and only while the rig is active: whatever else
    the rig goes through ends all offers and every yes.

    Parameters
    ----------
    rig : RigState
        The state, and where decisions go.
    drives : mapping of str to Drive
        The devices, by their ids.
    requests : Requests
        The checks of every request of an operator.
    stage : str
        The stage of the rig.
    confirm_s : float
        How long a yes is good for.
    """

    def __init__(
        self,
        rig: RigState,
        drives: Mapping[str, Drive],
        requests: Requests,
        *,
        stage: Stage,
        confirm_s: float,
    ) -> None:
        self._rig = rig
        self._drives = drives
        self._requests = requests
        self._stage = stage
        self._confirm_s = confirm_s

    def pass_time(self) -> None:
        """Offer what is wanted and not open, and tell which yes is over."""
        rig = self._rig
        if self._stage != "confirm" or rig.state != "active":
            return
        for name, drive in self._drives.items():
            if (over := drive.rises.pass_time(rig.now_s)) is not None:
                amount = drive.config.amount_text(over.amount)
                text = f"the yes of {over.operator} to {amount} of {name} is over"
                rig.decide(Notice("yes_over", text, name))
            if (wish := drive.wanted_rise(rig.now_s)) is not None:
                rig.offer(drive, wish)

    def take(self, asked: Control, *, retained: bool) -> None:
        """Open the way up that an operator said yes to, or refuse it with the reasons."""
        rig = self._rig
        objections = [
            *self._requests.take(asked, rig.now_s, retained=retained),
            *self._objections(asked),
        ]
        rig.decide(*objections)
        drive = self._drives.get(asked.device)
        if objections or drive is None:
            return
        yes = drive.rises.confirm(asked.operator, rig.now_s)
        if yes is not None:
            amount = drive.config.amount_text(yes.amount)
            text = f"{asked.operator} said yes to {amount} of {asked.device}, for "
            rig.decide(Notice("confirmed", f"{text}{self._confirm_s:g} s", asked.device))
            rig.step(drive)

    def offers(self) -> Iterator[RiseOffer]:
        """Yield the offers that stand, for the status."""
        for name, drive in self._drives.items():
            offer = drive.rises.offer
            if offer is None:
                continue
            lowest, highest = drive.belief.interval
            yield RiseOffer(
                device=name,
                offer=offer.number,
                amount=offer.amount,
                unit="mA" if drive.config.unit == "ma" else "level",
                kind=offer.target.kind,
                program=offer.target.program,
                lowest=lowest,
                highest=highest,
                reason=reason_of(offer.target),
                until_us=round(offer.until_s * 1e6),
                confirm_s=self._confirm_s,
            )

    @property
    def text(self) -> str:
        """What waits for a yes, and what is open, for the status; empty where nothing is."""
        parts = []
        for name, drive in self._drives.items():
            if (offer := drive.rises.offer) is not None:
                amount = drive.config.amount_text(offer.amount)
                parts.append(f"{name} up to {amount} waits for a yes (stimloop confirm)")
            if (yes := drive.rises.yes) is not None:
                left_s = max(0.0, yes.until_s - self._rig.now_s)
                amount = drive.config.amount_text(yes.amount)
                parts.append(f"{name} may rise to {amount} for {left_s:.0f} s more")
        return "; ".join(parts)

    def _objections(self, asked: Control) -> Iterator[Refusal]:
        rig, drive = self._rig, self._drives.get(asked.device)
        if self._stage != "confirm":
            yield self._refusal(asked, RefusalReason.STATE, f"stage {self._stage}", "stage confirm")
        elif drive is None:
            found, expected = asked.device, ", ".join(self._drives)
            yield self._refusal(asked, RefusalReason.DEVICE, found, expected)
        elif rig.state != "active" or not rig.look():
            yield self._refusal(asked, RefusalReason.STATE, rig.state, "active, on good data")
        elif (wrong := drive.rises.objection(asked.offer, asked.amount)) is not None:
            yield self._refusal(asked, RefusalReason.OFFER, *wrong)

    @staticmethod
    def _refusal(asked: Control, reason: RefusalReason, found: str, expected: str) -> Refusal:
        return Refusal(
            reason,
            device=asked.device,
            request_id=asked.request_id,
            found=found,
            expected=expected,
        )
