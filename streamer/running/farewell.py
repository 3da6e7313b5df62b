"""The end of a session: its devices are asked to be safe, and their word is waited for."""

from stimulators.gate.gate import SafetyGate
from stimulators.wire.messages import Control
from stimulators.wire.received import ControlHeard

#: Who asks for it, where no operator does.
SERVICE_OPERATOR = "service"
#: How long the end of a session waits for the devices' word, beyond their way down to safe.
_FAREWELL_S = 1.0
#: A request that is not acted on within this time is too old.
_VALID_US = 1_000_000


def last_request(session: str, now_us: int, text: str) -> ControlHeard:
    """Return the event that disarms a rig because its session ends.

    Parameters
    ----------
    session : str
        Its name.
    now_us : int
        The service's clock.
    text : str
        Why, for the record.
    """
    message = Control(
        request_id=f"{session}-end",
        session=session,
        operator=SERVICE_OPERATOR,
        issued_us=now_us,
        expires_us=now_us + _VALID_US,
        action="disarm",
        text=text,
    )
    return ControlHeard(message=message, retained=False)


def patience_s(gate: SafetyGate) -> float:
    """Return how long the devices have to say that they are at their safe amounts."""
    return gate.way_down_s + _FAREWELL_S
