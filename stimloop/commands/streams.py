"""`streams`: lists the streams on the LSL network."""

from pathlib import Path
from typing import Annotated

import typer

from stimloop.commands.arguments import AsJson, print_json, print_line
from stimloop.errors import DoesNotHoldError

app = typer.Typer()


@app.command("streams")
def streams(
    config: Annotated[
        Path | None, typer.Argument(help="Take the [lsl] table from this configuration.")
    ] = None,
    *,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=600.0, help="How long to listen to them.")
    ] = 2.0,
    as_json: AsJson = False,
) -> None:
    """List the streams on the network with rate, channels, units and ages: 1 if there is none.

    Without CONFIG the network is that of liblsl's own configuration file; the default rig has one
    of its own: `stimloop streams config.toml` shows it.
    """
    import msgspec

    from stimloop import config as configuration
    from stimloop.terminal.streams_text import stream_lines
    from streamer.clock import now_s
    from streamer.lsl.listing import listed_streams
    from streamer.lsl.network import LslConfig

    network = LslConfig() if config is None else configuration.load(config).lsl
    found = listed_streams(network, listen_s=seconds, now_s=now_s)
    if as_json:
        print_json(msgspec.to_builtins(found))
    else:
        for line in stream_lines(found):
            print_line(line)
    if not found:
        raise DoesNotHoldError(
            "expected a stream on the network, found none: start the amplifier's sender, and look "
            "that [lsl] (session_id, scope, peers) is what the sender has, and that no firewall "
            f"holds UDP port {network.base_port - 1} and ports {network.base_port} to "
            f"{network.base_port + 31}"
        )
