"""`confirm`: an operator's yes to a rise, in the stage of that name."""

from typing import TYPE_CHECKING, Annotated

import typer

from stimloop.commands.arguments import print_line
from stimloop.commands.operator import Operator, RigArgument, ask_rig, operator_name
from stimloop.errors import DoesNotHoldError, FaultError
from stimloop.rigs.operator_keys import load_operator_keys
from stimloop.rigs.which_rig import ChosenRig, the_rig
from stimloop.terminal.plain_text import plain

if TYPE_CHECKING:
    from stimulators.operator.confirming import Waiting
    from stimulators.wire.keys.keys import Keys
    from stimulators.wire.messages import RiseOffer

app = typer.Typer()

#: How often the operator is asked anew where a newer offer replaced the one that was shown.
_N_ASKED_MAX = 20


@app.command("confirm")
def confirm(
    config: RigArgument = None,
    *,
    operator: Operator = None,
    device: Annotated[
        str | None, typer.Option(help="Ask about this device alone; about each without.")
    ] = None,
) -> None:
    """Show each rise that waits for a yes, and ask: 0 once the rig took one, 1 where it did not."""
    from stimulators.operator.confirming import waiting
    from streamer.clock import now_s

    rig = the_rig(config)
    name = plain(rig.known.name)
    keys = load_operator_keys(rig.known, operator=operator)
    asked: set[tuple[str, int]] = set()
    taken: list[bool] = []
    while len(asked) < _N_ASKED_MAX:
        found = ask_rig(waiting(rig.known, now_s=now_s, device=device, keys=keys), rig)
        new = [each for each in found.offers if (found.session, each.offer) not in asked]
        if not new:
            break
        asked.add((found.session, new[0].offer))
        taken.append(_ask_about(rig, found, new[0], operator or operator_name(), keys))
    if not asked:
        stage = plain(found.stage or "not told")
        raise DoesNotHoldError(
            f"{name}: no rise waits for a yes ({plain(found.state)}, stage {stage})"
        )
    if not any(taken):
        raise DoesNotHoldError(f"{name}: nothing was confirmed, so nothing rises")


def _ask_about(
    rig: ChosenRig, found: "Waiting", offer: "RiseOffer", operator: str, keys: "Keys"
) -> bool:
    """Show one rise and ask about it; return whether the rig took a yes."""
    from stimloop.terminal.offer_text import amount_of, offer_text, why_text
    from stimulators.operator.asking import request
    from streamer.clock import now_s

    about = plain(f"{rig.known.name}: {offer.device}")
    left_s = (offer.until_us - found.now_us) / 1e6
    print_line(f"{about}: {plain(offer_text(offer))}")
    print_line(f"{about}: {plain(why_text(offer))}")
    print_line(f"{about}: a yes is good for {offer.confirm_s:g} s, the offer for {left_s:.0f} s")
    if not typer.confirm(f"{about}: let it rise to {amount_of(offer)}?"):
        print_line(f"{about}: not confirmed, so it does not rise")
        return False
    said = request(
        rig.known,
        "confirm",
        operator=operator,
        now_s=now_s,
        session=found.session,
        offer=offer,
        keys=keys,
    )
    result = ask_rig(said, rig)
    if not result.is_answered:
        raise FaultError(
            f"{about}: expected an answer of session {plain(result.session)} to the yes, found "
            "none in time: look at `stimloop status`"
        )
    if result.refused:
        print_line(f"{about}: the yes was refused: {plain(result.refused)}")
        return False
    print_line(f"{about}: may rise to {amount_of(offer)} for {offer.confirm_s:g} s")
    return True
