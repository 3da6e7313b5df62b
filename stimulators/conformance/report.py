"""What trying a device came to."""

from typing import NamedTuple


class Finding(NamedTuple):
    """One thing that a device does otherwise than the contract says.

    Parameters
    ----------
    check : str
        The check that found it.
    section : str
        The section of the contract, `docs/asyncapi.yaml`.
    expected, found : str
        In a few words each.
    """

    check: str
    section: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.check}: expected {self.expected}, found {self.found} [{self.section}]"


class Untried(NamedTuple):
    """A check that was not tried, and why."""

    check: str
    why: str

    def __str__(self) -> str:
        return f"{self.check}: not tried, {self.why}"


class Report:
    """All that was tried on a device.

    Attributes
    ----------
    tried : list of str
        Names of the checks that were tried.
    findings : list of Finding
        What is missing; empty where nothing is.
    untried : list of Untried
        What could not be tried.
    """

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.findings: list[Finding] = []
        self.untried: list[Untried] = []
