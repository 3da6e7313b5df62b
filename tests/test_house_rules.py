"""Rules of this project that no linter can check, and that a linter is set up for others."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PACKAGES = ("detectors", "stimulators", "streamer", "replay", "stimloop")
_CLOCK = _ROOT / "streamer" / "clock.py"
_TIMELESS = {"struct_time", "strftime", "gmtime", "strptime"}
_CLOCK_READERS = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "pylsl": {"local_clock"},
    "uuid": {"uuid1", "uuid4"},
}
#: Files of Python in one folder.
_N_FILES_MAX = 16
_EDGES = {
    "aiomqtt",
    "asyncio",
    "datetime",
    "io",
    "logging",
    "multiprocessing",
    "os",
    "pathlib",
    "pylsl",
    "random",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "threading",
    "time",
}


def _files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((_ROOT / folder).rglob("*.py"))]


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _clock_readings(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in {"time", "pylsl", "uuid"}:
            for name in node.names:
                is_timeless = node.module == "time" and name.name in _TIMELESS
                is_other = node.module != "time" and name.name not in _CLOCK_READERS[node.module]
                if not (is_timeless or is_other):
                    yield f"line {node.lineno}: from {node.module} import {name.name}"
        elif isinstance(node, ast.Attribute):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else ""
            owner = node.value.id if isinstance(node.value, ast.Name) else owner
            if node.attr in _CLOCK_READERS.get(owner, ()) or (
                owner == "time" and node.attr not in _TIMELESS
            ):
                yield f"line {node.lineno}: {owner}.{node.attr}"


def _taken_from_numba(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and "numba" in _imported(ast.Module([node], [])):
            yield "jit"  # all of it
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numba"):
            yield from (name.name for name in node.names)


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize(
    "reading",
    [
        "import time\nt = time.monotonic()\n",
        "from time import perf_counter\n",
        "import datetime\nt = datetime.datetime.now()\n",
        "from datetime import datetime\nt = datetime.now()\n",
        "import pylsl\nt = pylsl.local_clock()\n",
        "from pylsl import local_clock\n",
        "import uuid\nname = uuid.uuid4()\n",
    ],
)
def test_the_search_for_clocks_finds_each_kind(reading: str) -> None:
    assert list(_clock_readings(ast.parse(reading)))


def test_only_one_file_reads_a_clock() -> None:
    found = {
        str(path.relative_to(_ROOT)): readings
        for path in _files(*_PACKAGES)
        if (readings := list(_clock_readings(_tree(path))))
    }
    assert list(found) == [str(_CLOCK.relative_to(_ROOT))], found


@pytest.mark.parametrize(
    "reading",
    [
        "import time\n\nnow = time.time()\n",
        "from time import monotonic\n\nnow = monotonic()\n",
        "import time\n\nnow = time.perf_counter_ns()\n",
        "import time\n\nnow = time.clock_gettime(time.CLOCK_BOOTTIME)\n",
        "import datetime\n\nnow = datetime.datetime.now(tz=datetime.UTC)\n",
        "import pylsl\n\nnow = pylsl.local_clock()\n",
        "import uuid\n\nname = uuid.uuid4()\n",
    ],
)
@pytest.mark.parametrize(("name", "is_banned"), [("loop.py", True), ("clock.py", False)])
def test_the_linter_bans_clocks_everywhere_but_there(
    reading: str, name: str, *, is_banned: bool
) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251"]
    done = subprocess.run(
        [*command, "--no-cache", "--stdin-filename", f"streamer/{name}", "-"],
        input=reading,
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == int(is_banned), done.stdout + done.stderr
    assert ("TID251" in done.stdout) == is_banned


@pytest.mark.parametrize("package", ["detectors", "stimulators", "streamer"])
def test_the_live_packages_do_not_know_that_recordings_are_played_again(package: str) -> None:
    knowing = [path for path in _files(package) if "replay" in path.read_text("utf-8").lower()]
    assert knowing == []


def test_detectors_touch_nothing_but_their_input() -> None:
    # Compiled kernels are kept on disk, and users are told that compiling takes time.
    keeping = _ROOT / "detectors" / "compiling"
    found = {
        str(path.relative_to(_ROOT)): edges
        for path in _files("detectors")
        if path.parent != keeping and (edges := _EDGES & set(_imported(_tree(path))))
    }
    assert found == {}


def test_kernels_are_compiled_to_give_the_same_bits_every_time() -> None:
    found = [
        f"{path.relative_to(_ROOT)} line {node.value.lineno}: {node.arg}"
        for path in _files("detectors")
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.keyword)
        and node.arg in {"fastmath", "parallel"}
        and not (isinstance(node.value, ast.Constant) and node.value.value is False)
    ]
    assert found == []


def _is_kernel(path: Path) -> bool:
    return path.parent == _ROOT / "detectors" / "kernels" or path.stem.endswith("_kernel")


def test_kernels_are_made_in_one_way() -> None:
    compiling = _ROOT / "detectors" / "compiling"
    importing = {
        path: {"njit", "jit"} & names
        for path in _files(*_PACKAGES)
        if path.parent != compiling and (names := set(_taken_from_numba(_tree(path))))
    }
    assert {path: names for path, names in importing.items() if names} == {}
    assert [path for path in importing if not _is_kernel(path)] == []


def test_kernels_are_in_files_that_say_so() -> None:
    compiled = [
        path
        for path in _files(*_PACKAGES)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ImportFrom) and node.module == "detectors.compiling.kernel"
    ]
    assert len(compiled) > 20
    assert [path for path in compiled if not _is_kernel(path)] == []


def test_a_folder_is_seen_at_a_glance() -> None:
    rooms = (*_PACKAGES, "tests", "benchmarks")
    counts = Counter(path.parent.relative_to(_ROOT) for path in _files(*rooms))
    assert {room: n_files for room, n_files in counts.items() if n_files > _N_FILES_MAX} == {}


def test_no_test_waits_for_time_to_pass() -> None:
    word = "sleep" + "("
    assert [path for path in _files("tests") if word in path.read_text("utf-8")] == []
