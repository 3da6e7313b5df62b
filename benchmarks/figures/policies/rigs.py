"""The rigs of the table of policies: arms, the blocks of the guide, variants, negative controls."""

from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import Any, Final

from benchmarks.figures.policies.course import Course
from benchmarks.figures.policies.runs import (
    Case,
    arm,
    blocks,
    changed,
    recorded_course,
    run,
    tables,
)

#: How long the loop is closed.
CLOSED_S: Final = 180.0
CONTINUOUS_MA: Final = 3.0
#: The name of a control in which the patient moves.
MOVES: Final = "moves for half of the time"
_N_PROCESSES: Final = 2
_DEAF: Final = {"damping_added_per_s_max": 0.0}
_WITHOUT_BETA: Final = {"scale_uv": 0.01}
_ANOTHER_SEED: Final = 2
#: Samples are not used for so long after each change of the amplitude.
_BLANKED: Final[dict[str, Any]] = {"kind": "stimulation_blanking", "settle_s": 0.5}


def policies() -> dict[str, Case]:
    """Return the rigs of the first table: arms, then the guide's blocks."""
    arms = {"off": arm("off"), "constant": arm("constant", always_ma=CONTINUOUS_MA)}
    found = arms | {name: Case(tables(block)) for name, block in blocks().items()}
    return {f"`{name}`": each for name, each in found.items()}


def variants() -> dict[str, Case]:
    """Return rigs that differ from a block by one thing."""
    block = blocks()
    fast = tables(block["threshold"])
    fast["detectors"][0]["window_s"] = 0.2
    found: dict[str, Case] = {"`threshold`, smoothed 200 ms instead of 400": Case(fast)}
    for onset_s in (0.0, 6.0):
        found[f"`dual_threshold`, onset {onset_s:g} s instead of 1.2"] = changed(
            block["dual_threshold"], onset_upper_s=onset_s, onset_lower_s=onset_s
        )
    return found


def negative_controls() -> dict[str, Case]:
    """Return rigs in which a policy cannot do what it is for."""
    block = blocks()
    found = {
        f"`{name}`, who does not respond": changed(block[name], patient=_DEAF)
        for name in ("threshold", "dual_threshold", "pi")
    }
    found |= {
        f"`{name}`, no beta": changed(block[name], patient=_WITHOUT_BETA)
        for name in ("threshold", "dual_threshold", "burst_trigger")
    }
    wrong = changed(block["dual_threshold"], expected_sign="rises")
    found["`dual_threshold`, wrong sign"] = wrong
    found |= {
        f"`{name}`, {MOVES}": changed(block[name], kind="moves")
        for name in ("threshold", "dual_threshold", "proportional")
    }
    for name in ("threshold", "dual_threshold", "proportional"):
        heard = f"`{name}`, an artifact at each step"
        found[heard] = changed(block[name], kind="artifact")
        found[f"{heard}, blanked"] = changed(block[name], kind="artifact", artifacts=[_BLANKED])
    return found


def yoked() -> Case:
    """Return the guide's `yoked` with a whole course: of its single threshold, another patient."""
    rig = tables(blocks()["yoked"])
    of_another = changed(blocks()["threshold"], patient={"seed": _ANOTHER_SEED})
    rig["policies"][0]["course"] = recorded_course(of_another, CLOSED_S)
    return Case(rig)


def run_all() -> dict[str, Course]:
    """Run every rig of the table."""
    rigs = policies() | variants() | negative_controls()
    rigs["`yoked`"] = yoked()
    with ProcessPoolExecutor(_N_PROCESSES, get_context("spawn")) as pool:
        return dict(zip(rigs, pool.map(run, rigs.values(), repeat(CLOSED_S)), strict=True))
