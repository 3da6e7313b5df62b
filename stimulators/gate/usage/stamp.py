"""When a device sent a word: as far as the stamp in it can be believed."""

from stimulators.gate.usage.recent import RECENT_S
from stimulators.wire.messages import DeviceStatus


def earliest_said_s(
    said: DeviceStatus, session: str, *, done_s: float, now_s: float
) -> float | None:
    """Return the earliest time, on the service's clock, at which the device can have sent a word.

    Parameters
    ----------
    said : DeviceStatus
        The word.
    session : str
        Name of our session: a stamp of another service's clock is not looked at.
    done_s : float
        When the newest command was sent that the word says is done.
    now_s : float
        When the word came.

    Returns
    -------
    float or None
        None where no stamp is there, or where it cannot be: in the future, before a command that
        the word knows of, or more than a minute ago.
    """
    if not said.said_us or said.said_clock != session or said.said_uncertainty_us < 0:
        return None
    said_s, uncertainty_s = said.said_us / 1e6, said.said_uncertainty_us / 1e6
    earliest_s, latest_s = said_s - uncertainty_s, said_s + uncertainty_s
    if earliest_s > now_s or latest_s < max(done_s, now_s - RECENT_S):
        return None
    return max(earliest_s, done_s)
