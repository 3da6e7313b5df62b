"""`inspect`: what a recording, or each of a folder, has in it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line, warn
from stimloop.errors import ConfigError, DoesNotHoldError, os_error_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from replay.inspection.inspected import Inspection
    from replay.readers.reader import Reader

app = typer.Typer()

Search = Annotated[
    str, typer.Option("--search", help="Where peaks are searched for, as LOW,HIGH in Hz.")
]


@app.command("inspect")
def inspect(
    path: Annotated[Path, typer.Argument(help="A recording, or a folder of recordings.")],
    *,
    search: Search = "6,35",
    picture: Annotated[
        Path | None, typer.Option(help="Draw one page, as its suffix says: .png, .svg or .pdf.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look a recording over: streams, rates, gaps, flaws, lines, spectra, 1/f and peaks.

    Of a folder: a line each file. 0 if there is a spectrum of any channel, else 1.
    """
    search_hz = search_of(search)
    is_folder = path.is_dir() and not _is_recording(path)
    if is_folder and picture is not None:
        raise ConfigError(f"--picture: expected one recording with it, found the folder {path}")
    if is_folder:
        _inspect_folder(path, search_hz, as_json=as_json)
        return
    found = _inspect_file(path, search_hz)
    if as_json:
        print_json(found.as_dict())
    else:
        from stimloop.validating.inspection_text import inspection_lines

        for line in inspection_lines(found):
            print_line(line)
    if picture is not None:
        save_picture("stimloop.validating.inspection_picture", found, picture)
        if not as_json:
            print_line(str(picture))
    if not any(each.has_spectrum for each in found.streams):
        raise DoesNotHoldError(f"{path}: no channel has a spectrum: {_why(found)}")


def search_of(text: str) -> tuple[float, float]:
    """Return the band of the option --search.

    Raises
    ------
    ConfigError
        Where it is none.
    """
    from stimloop.library.input_errors import InputError
    from stimloop.library.validation.inspection import require_search

    try:
        edges = [float(each) for each in text.split(",")]
    except ValueError:
        raise ConfigError(f"--search: expected LOW,HIGH in Hz, found {text!r}") from None
    try:
        require_search(edges)
    except InputError as error:
        raise ConfigError(f"--search: {str(error).partition(': ')[2]}") from error
    return edges[0], edges[1]


def save_picture(module: str, found: Any, file: Path) -> None:  # noqa: ANN401 any result
    """Draw a result by the `save` of a module, whose matplotlib is loaded only then.

    Raises
    ------
    ConfigError
        Where there is no matplotlib, or the file cannot be written.
    """
    import importlib

    from stimloop.library.input_errors import InputError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        importlib.import_module(module).save(found, file)
    except InputError as error:
        text = str(error).replace("stimloop[notebook]", "stimloop[validate]")
        raise ConfigError(f"--picture: {text}") from error
    except (OSError, ValueError) as error:
        reason = os_error_text(error) if isinstance(error, OSError) else str(error)
        raise ConfigError(
            f"--picture: expected a file that can be written, as .png, .svg or .pdf: {reason}"
        ) from error


def _inspect_file(path: Path, search_hz: tuple[float, float]) -> "Inspection":
    from replay import readers
    from stimloop.library.validation.inspection import inspect_opened
    from stimloop.terminal.progress import progress
    from streamer.errors import StreamError

    try:
        with progress(f"inspecting {path.name}") as advance:
            return inspect_opened(readers.open(path), search_hz, advance)
    except StreamError as error:
        raise ConfigError(_one_line(path, str(error))) from error


def _inspect_folder(folder: Path, search_hz: tuple[float, float], *, as_json: bool) -> None:
    """Inspect each file of a folder, and of those below; one that fails does not end the rest."""
    from stimloop.validating.inspection_text import summary_line

    results: list[dict[str, Any]] = []
    n_files = n_opened = n_spectra = 0
    for path in _recordings_below(folder):
        n_files += 1
        try:
            found = _inspect_file(path, search_hz)
        except Exception as error:  # noqa: BLE001 no file may end what is said of the others
            reason = _one_line(path, f"{error}" or type(error).__name__)
            results.append({"path": str(path), "problem": reason})
            if not as_json:
                print_line(f"{path}: not opened: {reason.removeprefix(f'{path}: ')}")
            continue
        n_opened += 1
        n_spectra += any(each.has_spectrum for each in found.streams)
        if as_json:
            results.append(found.as_dict())
        else:
            print_line(summary_line(found))
    if as_json:
        print_json(results)
    else:
        print_line(f"{folder}: {n_opened} of {n_files} files opened")
    if not n_spectra:
        raise DoesNotHoldError(f"{folder}: expected a recording with a spectrum, found none")


def _recordings_below(folder: Path) -> "Iterator[Path]":
    """Yield files and folders that are recordings, in the order of their names."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        warn(os_error_text(error))
        return
    for path in inside:
        if path.name.startswith("."):
            continue
        if path.is_dir() and not _is_recording(path):
            yield from _recordings_below(path)
        else:
            yield path


def _is_recording(path: Path) -> bool:
    """Return whether a format is a folder, and this is one."""
    from replay.readers.registry import REGISTRY

    if not path.is_dir():
        return False
    return any(_recognizes(each, path) for each in REGISTRY.readers)


def _recognizes(reader: "Reader", path: Path) -> bool:
    try:
        return bool(reader.recognizes(path, b""))
    except Exception:  # noqa: BLE001 one that fails on another's folder does not know it
        return False


def _one_line(path: Path, text: str) -> str:
    first = " ".join(text.split())
    return first if first.startswith(str(path)) else f"{path}: {first}"


def _why(found: "Inspection") -> str:
    problems = [
        f"{stream.name}: {problem}"
        for stream in found.streams
        for problem in dict.fromkeys([stream.problem, *(each.problem for each in stream.channels)])
        if problem
    ]
    return "; ".join(problems[:3]) or "there is no signal in it"
