"""liblsl's own configuration file, and what of it our `[lsl]` table puts out of force."""

import configparser
import os
from pathlib import Path

from streamer.lsl.network import LslConfig, liblsl_settings

#: Names the file; where it is not set, liblsl looks in these places, in this order.
_VARIABLE = "LSLAPICFG"
_NAME = "lsl_api.cfg"
_OF_SYSTEM = Path("/etc/lsl_api") if os.name == "posix" else Path("C:/etc/lsl_api")
#: By the key of liblsl's section `lab` our own key, and the value that says nothing.
_KEYS = (("SessionID", "session_id", "default"), ("KnownPeers", "peers", "{}"))


def own_file() -> Path | None:
    """Return the file that liblsl reads by itself; None where there is none."""
    named = os.environ.get(_VARIABLE)
    paths = [Path(named)] if named else []
    paths += [Path(_NAME), Path.home() / "lsl_api" / _NAME, _OF_SYSTEM / _NAME]
    return next((each for each in paths if each.is_file()), None)


def replaced_settings(network: LslConfig, file: Path | None) -> list[str]:
    """Return a warning for each setting of liblsl's own file that an `[lsl]` table replaces unsaid.

    Parameters
    ----------
    network : LslConfig
        The table. One that has a key of its own replaces the whole file, not that key alone.
    file : Path or None
        The file that liblsl reads by itself.
    """
    if file is None or not liblsl_settings(network):
        return []
    said = _section_lab(file)
    warnings: list[str] = []
    for key, ours, nothing in _KEYS:
        value = said.get(key.lower(), nothing).strip()
        if value in {"", nothing} or getattr(network, ours):
            continue
        if ours == "peers" and network.scope == "machine":
            continue  # looks at this machine alone, and says so
        written = value if ours == "session_id" else value.strip("{} ")
        quoted = [f'"{each.strip()}"' for each in written.split(",")]
        text = quoted[0] if ours == "session_id" else f"[{', '.join(quoted)}]"
        warnings.append(
            f"$.lsl.{ours}: expected what {file} has, as [lsl] takes the place of that file, found "
            f"none: {key} = {value} is not in force; write {ours} = {text}"
        )
    return warnings


def _section_lab(file: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(strict=False, interpolation=None, allow_no_value=True)
    try:
        parser.read_string(file.read_text(encoding="utf-8", errors="replace"))
    except (OSError, configparser.Error):
        return {}
    return {key: value or "" for key, value in parser["lab"].items()} if "lab" in parser else {}
