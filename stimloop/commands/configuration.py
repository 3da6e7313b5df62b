"""`config check`, `config import` and `config schema`: a rig's file checked, made, described."""

import hashlib
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stimloop.commands.arguments import (
    AsJson,
    ConfigFile,
    print_json,
    print_line,
    print_toml,
    warn,
)
from stimloop.errors import ConfigError, found_text

app = typer.Typer(
    name="config",
    help="Check a configuration file, make one of an implant's file, or print what one may hold.",
    no_args_is_help=True,
)


@app.command("check")
def check(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Check a configuration file and the files that it names, without any network.

    What it says of streams not yet seen is checked when they are opened.
    """
    from stimloop import config as configuration
    from stimloop.checking.recommended_bounds import outside_recommended
    from stimloop.recommended import allowed_text

    loaded = configuration.load(config, with_files=True)
    name = config or "the default rig"
    for warning in (
        *configuration.stimulation_warnings(loaded),
        *outside_recommended(loaded),
        *configuration.needless_words(loaded),
        *configuration.sign_warnings(loaded),
        *configuration.machine_warnings(loaded),
    ):
        warn(f"{name}: {warning}")
    digest = hashlib.sha256(msgspec.json.encode(loaded.loop)).hexdigest()
    if as_json:
        print_json({"file": str(name), "digest": digest, "allow": loaded.rig.allow})
        return
    if allowed := allowed_text(loaded):
        print_line(f"{name}: {allowed}")
    print_line(f"{name}: holds, digest {digest}")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="A configuration or report of an implant's programs, or a session folder."
        ),
    ],
    *,
    device: Annotated[
        str | None, typer.Option(help="Of a session, only this device; all of them without.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The new file; without it, the fragment is printed.")
    ] = None,
) -> None:
    """Make a TOML fragment for a rig of an implant's own file, recognized by what is in it.

    Of a recorded session it is the control arm yoked: the amounts that each device was sent, by
    the time since it was engaged, around the policy that the session had.

    What has no counterpart is warned of, by its path in that file. A fragment has no limits of a
    device: whoever drives one writes them down. Merged into a rig, `config check` says what that
    still lacks.
    """
    from stimloop.importing.fragment import fragment_of

    fragment = fragment_of(file, device)
    for warning in fragment.warnings:
        warn(f"{file}: {warning}")
    if out is None:
        print_toml(fragment.toml)
        return
    try:
        with out.open("x", encoding="utf-8", newline="\n") as new:
            new.write(fragment.toml)
    except FileExistsError as error:
        raise ConfigError(
            f"{out}: expected a new file, found one: name another with --out"
        ) from error
    except OSError as error:
        raise ConfigError(
            f"{out}: expected a file that can be written, {found_text(error)}"
        ) from error
    print_line(f"{out}: made of {file} ({fragment.format})")


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the configuration file."""
    from stimloop import config as configuration

    print_json(configuration.schema())
