"""The output of `status`: what the devices report, and beside it what the service believes."""

from collections.abc import Iterator

from stimloop.terminal.amount_text import age_text, amount_text
from stimulators.operator.rig_report import DeviceReport, RigReport
from stimulators.wire.messages import Status


def status_lines(looked: RigReport) -> Iterator[str]:
    """Yield a line for every service, and two or more for every device."""
    for said in looked.services:
        yield from _service(looked.rig, said, "now")
    if len(looked.services) > 1:
        yield f"{looked.rig}: {len(looked.services)} SERVICES SPEAK: end all but one of them"
    if not looked.services:
        if looked.kept_status is None:
            yield f"{looked.rig}: no service has ever spoken on this broker"
        else:
            yield from _service(looked.rig, looked.kept_status, "last word")
    for name in looked.devices:
        yield from _device(looked, name)
    if looked.n_unverified:
        yield f"{looked.n_unverified} messages were left out: their signature does not hold"


def _service(rig: str, said: Status, when: str) -> Iterator[str]:
    yield f"{rig}: {said.state} ({when}) {said.reason}".rstrip()
    drives = f", drives {', '.join(said.drives)}" if said.drives else ""
    yield f"session {said.session}, configuration {said.config_digest[:12]}{drives}"
    if said.allow:
        yield f"allowed beyond the recommended: {', '.join(said.allow)}"


def _device(looked: RigReport, name: str) -> Iterator[str]:
    instances = looked.devices[name]
    if not instances:
        yield f"{name}: NOT KNOWN: no device of this name was ever heard on this broker"
    if sum(each.is_speaking for each in instances) > 1:
        yield f"{name}: {len(instances)} DEVICES OF THIS NAME SPEAK"
    for each in instances:
        yield f"{name}: {_own_word(each)}"
    unit = next((each.unit for each in instances if each.unit), "")
    for said in looked.services:
        yield f"{name}: {_belief(said, name, unit)}"


def _own_word(device: DeviceReport) -> str:
    amount = "an unknown amount"
    if device.amount is not None:
        is_ma = device.unit == "mA"
        amount = f"{device.amount:g} mA" if is_ma else f"level {device.amount:g}"
    program = f", program {device.program}" if device.program else ""
    held = f"held by {device.session or 'nobody'}"
    if device.is_offline:
        return "offline: NOT KNOWN what it gives"
    if not device.is_speaking:
        return f"NOT KNOWN: silent now; the broker kept: {device.state}, {amount}{program}, {held}"
    said = age_text(device.age_s)
    return f"{device.state or 'state unknown'}, {amount} (reported {said}){program}, {held}"


def _belief(said: Status, device: str, unit: str) -> str:
    belief = said.devices.get(device)
    if belief is None:
        return f"session {said.session} does not say what it holds it to give"
    certain = "certain" if belief.certain else "not certain"
    return (
        f"session {said.session} holds it to give {amount_text(belief, unit)} ({certain}; its last "
        f"word there: {belief.state}, {age_text(belief.word_age_s)})"
    )
