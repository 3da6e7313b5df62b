"""Lists the files that are mutated, and the tests that judge each."""

import hashlib
from pathlib import Path

from benchmarks.mutants.code import code_of, helpers_of

#: A folder or file of sources, and the folders or files of tests that judge it. Tests that start a
#: broker or a process judge nothing here: they are slow, and what they see depends on the machine.
_ROOMS = {
    "stimulators/limits.py": ("tests/stimulators/test_limits.py",),
    "stimulators/device_config.py": ("tests/stimulators/test_limits.py",),
    "stimulators/way_out.py": ("tests/stimulators/test_limits.py",),
    "stimulators/gate_config.py": ("tests/stimulators/test_limits.py",),
    "stimulators/device": ("tests/stimulators/device",),
    "stimulators/gate": ("tests/stimulators/gate",),
}
#: The end that speaks MQTT, which is proven against real brokers, and what is only read by people.
_NOT_MUTATED = {Path("stimulators/device/device_link.py"), Path("stimulators/gate/remedies.py")}
_NO_JUDGES = {Path("tests/stimulators/device/test_device_link.py")}


def rooms() -> list[Path]:
    """Return all files that are mutated."""
    found = (path for each in _ROOMS for path in _files(Path(each), "*.py"))
    return [path for path in found if path not in _NOT_MUTATED and path.name != "__init__.py"]


def judges(room: Path) -> list[Path]:
    """Return the files of tests that judge a file."""
    names = next(tests for source, tests in _ROOMS.items() if room.is_relative_to(source))
    found = (path for each in names for path in _files(Path(each), "test_*.py"))
    return [path for path in found if path not in _NO_JUDGES]


def state_of(room: Path, killer: str) -> str:
    """Return a digest of all code that a result depends on.

    Parameters
    ----------
    room : Path
        The file that was mutated.
    killer : str
        The test that killed a mutant, which rests on it and on what it imports from the tests;
        empty for a survivor, which rests on all tests.
    """
    tests = judges(room)
    name, _, test = killer.partition("::")
    if (one := Path(name)) in tests:
        parts = [code_of(one, test.partition("[")[0]), *map(code_of, helpers_of(one))]
    else:
        parts = list(map(code_of, (*helpers(), *tests)))
    return hashlib.sha256("\0".join((code_of(room), *parts)).encode()).hexdigest()


def helpers() -> list[Path]:
    """Return the shared files of the tests, from all folders."""
    found = Path("tests/stimulators").rglob("*.py")
    return sorted(path for path in found if not path.name.startswith("test_"))


def _files(path: Path, pattern: str) -> list[Path]:
    return [path] if path.is_file() else sorted(path.rglob(pattern))
