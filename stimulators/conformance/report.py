"""The result of checking a device."""

from typing import NamedTuple


class ContractBreach(NamedTuple):
    """One way in which a device breaks the contract.

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
    """A check that was not run, and why."""

    check: str
    why: str

    def __str__(self) -> str:
        return f"{self.check}: not tried, {self.why}"


class ConformanceReport:
    """The result of all checks of one device.

    Attributes
    ----------
    tried : list of str
        Names of the checks that were tried.
    breaches : list of ContractBreach
        What is missing; empty where nothing is.
    untried : list of Untried
        What could not be tried.
    """

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.breaches: list[ContractBreach] = []
        self.untried: list[Untried] = []
