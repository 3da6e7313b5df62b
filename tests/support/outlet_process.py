"""An LSL outlet in a process of its own, which can be killed while it pushes samples.

Each line on stdin is a number of samples to push; sample k of the outlet's life holds k in
every channel. The first line on stdout says that the outlet is there.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Self

import pylsl


class OutletProcess:
    """Runs this file as a child process; a context manager that ends it."""

    def __init__(self, **stream: object) -> None:
        self._stream = stream

    def __enter__(self) -> Self:
        self.child = subprocess.Popen(
            [sys.executable, str(Path(__file__)), json.dumps(self._stream)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "there\n"
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def push(self, n_samples: int) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(f"{n_samples}\n")
        self.child.stdin.flush()

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            assert pipe is not None
            pipe.close()


def main() -> None:
    stream = json.loads(sys.argv[1])
    labels = stream.pop("labels", None)
    info = pylsl.StreamInfo(**stream)
    if labels:
        info.set_channel_labels(labels)
    outlet = pylsl.StreamOutlet(info)
    sys.stdout.write("there\n")
    sys.stdout.flush()
    n_pushed = 0
    for line in sys.stdin:
        for k in range(n_pushed, n_pushed + int(line)):
            outlet.push_sample([float(k)] * info.channel_count(), 1000.0 + k / 100.0)
        n_pushed += int(line)


if __name__ == "__main__":
    main()
