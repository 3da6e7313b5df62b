"""What a device gave before this service began: kept in a file, read once at the start."""

import msgspec


class DevicePast(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one device's charge and on-time up to a moment.

    Parameters
    ----------
    device : str
        Its id.
    known_age_s : float
        How long ago that moment was; infinite where nothing is known.
    charges : tuple of (float, float)
        Age in seconds, counted from the same now, and charge in µC, the oldest first.
    on_s : float
        How long it had been above its safe amount then.
    """

    device: str
    known_age_s: float
    charges: tuple[tuple[float, float], ...] = ()
    on_s: float = 0.0
