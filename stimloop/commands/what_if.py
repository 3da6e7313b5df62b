"""`what-if`: shows what each fault does in each state, by trying it on the real gate and device."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from stimloop.commands.arguments import AsJson, ConfigFile, print_json, print_line
from stimloop.errors import ConfigError

if TYPE_CHECKING:
    from replay.what_if.what_if import FaultRow

app = typer.Typer()


@app.command("what-if")
def what_if(
    config: ConfigFile = None,
    *,
    out: Annotated[
        Path | None, typer.Option(help="File for the page with pictures (HTML, self-contained).")
    ] = None,
    fault: Annotated[
        list[str] | None, typer.Option(help="Only this fault; may be given several times.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what each fault does in each state: the real gate and device run in virtual time."""
    from replay.what_if.page import page
    from replay.what_if.states import NotReachedError
    from replay.what_if.what_if import STATES, WHAT_IF_FAULTS, rows
    from stimloop import config as configuration
    from stimloop.terminal.progress import progress_of_named

    loaded = configuration.load(config)
    named = str(config or "the default rig")
    if not loaded.devices:
        raise ConfigError(f"{named}: $.devices: expected at least one device, found none")
    known = {each.name: each for each in WHAT_IF_FAULTS}
    unknown = [name for name in fault or () if name not in known]
    if unknown:
        raise ConfigError(f"--fault: expected one of {', '.join(known)}, found {unknown[0]!r}")
    faults = [known[name] for name in fault] if fault else list(WHAT_IF_FAULTS)
    found: list[FaultRow] = []
    try:
        n_rows = len(STATES) * len(faults)
        with progress_of_named("trying faults") as advance:
            advance(0, n_rows, faults[0].name)
            for row in rows(loaded.loop, faults=faults):
                found.append(row)
                advance(len(found), n_rows, row.fault)
    except NotReachedError as error:
        raise ConfigError(f"{named}: the rig cannot be brought to every state: {error}") from error
    if out is not None:
        out.write_text(page(found, loaded.devices, loaded.rig.name), encoding="utf-8")
    if as_json:
        print_json(msgspec.to_builtins(found))
    elif out is None:
        _print_table(found)
    else:
        print_line(f"page: {out}")


def _print_table(rows: "list[FaultRow]") -> None:
    from replay.what_if.page import rest_of, stood_in, way_back_of
    from replay.what_if.stand_ins import WHY

    print_line(WHY)
    for text in stood_in(rows):
        print_line(f"  {text}")
    before = ""
    for row in rows:
        if row.fault != before:
            print_line("")
            print_line(f"{row.fault}: {row.sentence}")
            before = row.fault
        noticed = "not noticed" if row.noticed_s is None else f"noticed after {row.noticed_s:.2f} s"
        print_line(
            f"  from {row.state}: {noticed}, then {row.state_after}; at the safe amount: "
            f"{rest_of(row)}; back: {', '.join(way_back_of(row))}"
        )
        for text in row.sees:
            print_line(f"      {text}")
