"""The picture of the guide of sessions: why one command was sent.

``python -m benchmarks.figures.explain`` runs the default rig for 40 s, with its simulated patient,
broker and device, and draws ``docs/pictures/explain.png`` from the journal of that session: the
second step of a rise, as long after the loop was closed as there is one.
``python -m benchmarks.figures.explain SESSION`` draws a session that is there.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.figures import drawing
from replay.explanation.explain import explain_command
from stimloop.library.results.explanation_picture import draw_explanation
from stimloop.library.session import Session

_PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "explain.png"
_DURATION_S = 40
_WINDOW_S = 1.5


def second_step(session: Path) -> int:
    """Return the number of the last command that goes on with a rise."""
    commands = Session(session).arrays("commands")
    amounts, numbers = commands["amount"].tolist(), commands["seq"].tolist()
    rises = [
        int(numbers[index])
        for index in range(2, len(amounts))
        if amounts[index] > amounts[index - 1] > amounts[index - 2]
    ]
    return rises[-1]


def main() -> int:
    """Run the default rig, unless a session is named, and draw."""
    with tempfile.TemporaryDirectory() as folder:
        session = Path(sys.argv[1]) if sys.argv[1:] else Path(folder) / "session"
        if not sys.argv[1:]:
            rig = [sys.executable, "-m", "stimloop", "run", "--session", str(session)]
            subprocess.run([*rig, "--duration", str(_DURATION_S)], check=True)
        told = explain_command(session, second_step(session), window_s=_WINDOW_S)
        figure = draw_explanation(told)
        figure.savefig(_PICTURE, dpi=drawing.DPI, metadata={"Software": None})
    print(_PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
