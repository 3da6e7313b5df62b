"""The result of a titration as files: JSON, a fragment of TOML, and a picture."""

import json
from collections.abc import Callable
from pathlib import Path

from replay.titration.recorded import RecordedStaircase
from replay.titration.titration import Titration
from stimloop.errors import ConfigError, os_error_text
from stimloop.library.input_errors import InputError
from stimloop.titrating.fragment import as_json, fragment
from stimloop.titrating.picture import save


def write_files(
    recorded: RecordedStaircase, found: Titration, out: Path, warn: Callable[[str], None]
) -> list[Path]:
    """Write ``titration.json``, ``.toml`` and ``.png`` to a folder, which is made; return them.

    Parameters
    ----------
    recorded, found
        The session, and what was computed from it.
    out : Path
        The folder.
    warn : callable
        Told where there is no picture, as what draws it is not installed.

    Raises
    ------
    ConfigError
        Where the folder cannot be written: one line.
    """
    files = [out / f"titration.{suffix}" for suffix in ("json", "toml", "png")]
    try:
        out.mkdir(parents=True, exist_ok=True)
        content = json.dumps(as_json(found), indent=2, ensure_ascii=False)
        files[0].write_text(f"{content}\n", encoding="utf-8")
        files[1].write_text(fragment(recorded, found), encoding="utf-8")
        save(recorded, found, files[2])
    except InputError as error:
        warn(f"no picture: {error}")
        files.pop()
    except OSError as error:
        raise ConfigError(
            f"{out}: expected a folder that can be written (another one: --out FOLDER), "
            f"{os_error_text(error)}"
        ) from error
    return files
