"""Which of several running services an operator's request is for."""

from collections.abc import Mapping

from stimulators.operator.operator_link import OperatorError, SaidStatus


class SeveralServicesError(OperatorError):
    """More than one service runs, and none alone drives a device; the text names them."""


def addressed(rig: str, services: Mapping[str, SaidStatus]) -> str:
    """Return the session that drives a device; where none does, the only one that runs.

    Raises
    ------
    OperatorError
        Where no service is heard.
    SeveralServicesError
        Where several could be meant.
    """
    if not services:
        raise OperatorError(f"rig {rig}: no service answers: is `stimloop run` running?")
    driving = [session for session, said in services.items() if said.status.drives]
    candidates = driving or list(services)
    if len(candidates) == 1:
        return candidates[0]
    each = "; ".join(
        f"session {session} ({said.status.state}"
        f"{', drives ' + ', '.join(said.status.drives) if said.status.drives else ''})"
        for session, said in sorted(services.items())
    )
    raise SeveralServicesError(
        f"rig {rig}: expected one service, found {len(services)}: {each}: end all but one of them"
    )
