"""`report`: one self-contained page of a session, a score or a sweep."""

from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import print_line
from stimloop.terminal.progress import progress

app = typer.Typer()


@app.command("report")
def report(
    path: Annotated[
        Path,
        typer.Argument(
            help="A session folder, a score (stimloop score --out), or a sweep's folder."
        ),
    ],
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            help="File for the page; without, report.html in the folder, or beside the score."
        ),
    ] = None,
) -> None:
    """Write one HTML page of a session, a score or a sweep, which opens offline and prints.

    Nothing of it is loaded from elsewhere, so that it can be sent and kept as one file.
    """
    from stimloop.reporting.kinds import kind_of

    kind = kind_of(path)
    target = out or kind.beside(path)
    with progress("reading records") as advance:
        text = kind.page(path, lambda n_done: advance(n_done, None))
    target.write_text(text, encoding="utf-8")
    print_line(f"page: {target}")
