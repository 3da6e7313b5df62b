"""What a device gave before this service began, from a file that is read at the start."""

from typing import Self

import msgspec


class DevicePast(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The counted charge and time above safe of one device at one time.

    Parameters
    ----------
    device : str
        Its id.
    known_age_s : float
        How long ago that moment was; infinite where nothing is known.
    charges : tuple of (float, float)
        Age in seconds, counted from the same now, and charge in µC, the oldest first.
    unknown : tuple of int
        Places in `charges` of what nobody counted: a word of the device may say that it was less.
    charges_lowest : tuple of (float, float) or None
        The same as `charges`, of what was given for sure; None where all of it was.
    on_s : float
        How long it had been above its safe amount then.
    """

    device: str
    known_age_s: float
    charges: tuple[tuple[float, float], ...] = ()
    unknown: tuple[int, ...] = ()
    charges_lowest: tuple[tuple[float, float], ...] | None = None
    on_s: float = 0.0

    def aged(self, by_s: float) -> Self:
        """Return the same counts, older by this time."""
        lowest = self.charges_lowest
        return msgspec.structs.replace(
            self,
            known_age_s=self.known_age_s + by_s,
            charges=tuple((age_s + by_s, charge_uc) for age_s, charge_uc in self.charges),
            charges_lowest=lowest
            and tuple((age_s + by_s, charge_uc) for age_s, charge_uc in lowest),
        )
