"""`config check` and `config schema`: mistakes of a configuration file, and its JSON Schema."""

import hashlib

import msgspec
import typer

from stimloop.commands.arguments import AsJson, ConfigFile, print_json, print_line, warn

app = typer.Typer(
    name="config",
    help="Check a configuration file, or print what one may hold.",
    no_args_is_help=True,
)


@app.command("check")
def check(config: ConfigFile = None, *, as_json: AsJson = False) -> None:
    """Check a configuration file and the files that it names, without any network.

    What it says of streams not yet seen is checked when they are opened.
    """
    from stimloop import config as configuration
    from stimloop.recommended import allowed_text

    loaded = configuration.load(config, with_files=True)
    name = config or "the default rig"
    for warning in (
        *configuration.stimulation_warnings(loaded),
        *configuration.needless_words(loaded),
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


@app.command("schema")
def schema() -> None:
    """Print the JSON Schema of the configuration file."""
    from stimloop import config as configuration

    print_json(configuration.schema())
