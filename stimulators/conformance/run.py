"""Runs all checks on a device, in an order in which each finds the device ready."""

from collections.abc import Callable

from stimulators.conformance.checks import commands, leases, link, power, stops, words
from stimulators.conformance.checks.check import Check, UntriedError
from stimulators.conformance.examiner import Examiner
from stimulators.conformance.report import ConformanceReport, ContractBreach, Untried
from stimulators.wire.keys.keys import NoKeys

_ALONE_S = 2.5

CHECKS: tuple[Check, ...] = (
    *words.FIRST,
    *link.CHECKS,
    *commands.BEFORE_A_LEASE,
    *leases.FIRST,
    *commands.CHECKS,
    *leases.CHECKS,
    *stops.CHECKS,
    *power.CHECKS,
    *words.LAST,
)
#: Checks that cannot be run where the device does not go live.
_LIVE = {check.name for check in (*commands.CHECKS, *leases.CHECKS, *stops.CHECKS, *power.CHECKS)}


class OtherServiceError(Exception):
    """Another service drives the rig, which only one may do."""


async def try_device(
    examiner: Examiner,
    *,
    may_drive: bool,
    info_s_max: float = 3.0,
    told: Callable[[str], None] = lambda _: None,
) -> ConformanceReport:
    """Try a device against the contract.

    Parameters
    ----------
    examiner : Examiner
        The service that tries it.
    may_drive : bool
        Whether nobody is connected to the device: without, it is only listened to.
    info_s_max : float
        How long to wait for the device.
    told : callable
        Takes each breach at once, as a line.

    Returns
    -------
    ConformanceReport
        What was tried, found and left out.

    Raises
    ------
    OtherServiceError
        Where another service is heard; nothing was sent then.
    """
    report = ConformanceReport()
    await examiner.wait(_ALONE_S)
    if examiner.others:
        raise OtherServiceError(examiner.others[0])
    examiner.is_silent = False
    if not await examiner.until(lambda: examiner.info is not None, info_s_max):
        expected, found = f"an info of device {examiner.device}", f"none in {info_s_max + 2.5:g} s"
        report.tried.append("info")
        _add(report, ContractBreach("info", "Words", expected, found), told)
        for line in examiner.wrong[:5]:
            _add(
                report,
                ContractBreach("form", "Form", "payloads as the contract has them", line),
                told,
            )
        return report
    is_live = True
    for check in CHECKS:
        why = _why_not(check, examiner, may_drive=may_drive, is_live=is_live)
        if why:
            report.untried.append(Untried(check.name, why))
            continue
        try:
            breaches = await _tried(check, examiner)
        except UntriedError as error:
            report.untried.append(Untried(check.name, str(error)))
            continue
        report.tried.append(check.name)
        for breach in breaches:
            _add(report, breach, told)
        if check in leases.FIRST:
            is_live = examiner.state == "live"
    if may_drive:
        await examiner.rest()
    examiner.say_state("offline")
    return report


def _why_not(check: Check, examiner: Examiner, *, may_drive: bool, is_live: bool) -> str:
    if check.drives and not may_drive:
        return "it would drive the device: --nobody-connected allows it"
    if check.needs_keys and isinstance(examiner.keys, NoKeys):
        return "the rig does not sign"
    if check.name in _LIVE and not is_live:
        return "the device did not go live"
    return ""


async def _tried(check: Check, examiner: Examiner) -> list[ContractBreach]:
    breaches: list[ContractBreach] = []

    def found(expected: str, instead: str) -> None:
        breaches.append(ContractBreach(check.name, check.section, expected, instead))

    await check.run(examiner, found)
    return breaches


def _add(report: ConformanceReport, breach: ContractBreach, told: Callable[[str], None]) -> None:
    report.breaches.append(breach)
    told(str(breach))
