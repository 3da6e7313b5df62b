"""All commands, in one place."""

import typer

from stimloop.commands import (
    broker,
    configuration,
    keys,
    operator,
    recordings,
    run,
    simulated,
    streams,
    what_if,
)

app = typer.Typer(
    name="stimloop",
    help=(
        "Real-time closed-loop neurophysiology: LSL in, a decision, MQTT out. "
        "Research software, not a medical device."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command("run")(run.run)
app.command("replay")(recordings.replay)
app.command("play")(recordings.play)
app.command("verify")(recordings.verify)
app.command("patient")(simulated.patient)
app.command("device")(simulated.device)
app.command("arm")(operator.arm)
app.command("disarm")(operator.disarm)
app.command("pause")(operator.pause)
app.command("resume")(operator.resume)
app.command("stop")(operator.stop)
app.command("status")(operator.status)
app.command("streams")(streams.streams)
app.command("what-if")(what_if.what_if)
app.command("broker-config")(broker.broker_config)
app.add_typer(configuration.app, name="config")
app.add_typer(keys.app, name="keys")
