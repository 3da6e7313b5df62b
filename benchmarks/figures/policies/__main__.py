"""Every policy on the simulated patient: the pictures and tables of "From a paper to a rig".

``python -m benchmarks.figures.policies`` runs each block of the guide
``docs/guides/from-a-paper-to-a-rig.md`` in virtual time, with control arms, some variants and
negative controls, prints a table, and draws ``docs/pictures/policies.png``. One seed.
"""

import sys
from pathlib import Path
from typing import Final

from benchmarks.figures import drawing
from benchmarks.figures.policies.picture import draw
from benchmarks.figures.policies.rigs import run_all
from benchmarks.figures.policies.table import table

_PICTURE: Final = Path(__file__).parents[3] / "docs" / "pictures" / "policies.png"


def main() -> int:
    """Print the table and draw."""
    courses = run_all()
    for line in table(courses):
        print(line)
    with drawing.house_style():
        figure = draw({name.strip("`"): each for name, each in courses.items()})
        figure.savefig(_PICTURE, dpi=drawing.DPI, metadata={"Software": None})
    print(_PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
