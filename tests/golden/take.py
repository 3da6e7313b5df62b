"""Take the golden values anew: ``python -m tests.golden.take [NAME ...]``, where they are meant to.

What is detected and decided is a promise to everybody who has recorded a session. So each change
of these files is named in CHANGELOG.md, with its reason and the new digest, which the test wants.
"""

import json
import os
import sys
from pathlib import Path

from tests.golden.sessions import SESSIONS

VALUES = Path(__file__).parent / "values"


def main() -> None:
    """Write the values of the named sessions, or of all."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    data_dir = Path(os.environ.get("STIMLOOP_DATA", beside))
    VALUES.mkdir(exist_ok=True)
    for name in sys.argv[1:] or SESSIONS:
        text = json.dumps(SESSIONS[name](data_dir), indent=1)
        (VALUES / f"{name}.json").write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
