"""Plays wire vectors to this device, in CPython or MicroPython: run_vectors.py FOLDER NAME..."""

import json
import sys

from main import random_hex
from stim_device import Device


def make(vector: dict) -> Device:
    """Return the device of a vector."""
    nonces = [vector["nonce"]]
    return Device(
        vector["device"],
        vector["rig"],
        vector["instance"],
        lambda: nonces.pop() if nonces else random_hex(),
        keys=vector["keys"],
        newest_session=vector["newest_session"],
    )


def main(folder: str, names: list) -> int:
    """Print what is wrong, a line each; return how many lines there are."""
    sys.path.append(folder)
    from run import Player

    n_wrong = 0
    for name in names:
        with open(folder + "/" + name + ".json") as file:
            vector = json.load(file)
        for line in Player(vector, make(vector), json.loads).play():
            print(name + ": " + line)
            n_wrong += 1
    print(len(names), "vectors,", n_wrong, "wrong")
    return n_wrong


if __name__ == "__main__":
    sys.exit(1 if main(sys.argv[1], sys.argv[2:]) else 0)
