"""`broker-config`: writes a set-up of mosquitto in which every user has a role and few rights."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stimloop.commands.arguments import ConfigFile, print_line
from stimloop.errors import ConfigError, FaultError, found_text

if TYPE_CHECKING:
    from stimloop.config import Config

app = typer.Typer()

_File = Path | None


@app.command("broker-config")
def broker_config(
    folder: Annotated[Path, typer.Argument(help="Where to write it; where it is used, too.")],
    config: ConfigFile = None,
    *,
    host: Annotated[
        list[str] | None,
        typer.Option(
            help="A name or address of the broker's machine; may be given more than once."
        ),
    ] = None,
    bind: Annotated[str, typer.Option(help="The one address to listen on; all without.")] = "",
    port: Annotated[
        int, typer.Option(min=1, max=65535, help="For the service and devices.")
    ] = 8883,
    operator_port: Annotated[
        int, typer.Option(min=1, max=65535, help="For operators and displays.")
    ] = 8884,
    operator: Annotated[
        list[str] | None, typer.Option(help="Name of an operator; may be given more than once.")
    ] = None,
    certificate: Annotated[
        _File, typer.Option(help="The broker's certificate, in PEM; one is made without.")
    ] = None,
    key: Annotated[_File, typer.Option(help="The key of --certificate.")] = None,
    ca: Annotated[
        _File, typer.Option(help="Who signed --certificate; the system's authorities without.")
    ] = None,
    client_certificates: Annotated[
        bool,
        typer.Option(
            "--client-certificates", help="Clients need a certificate beside their password."
        ),
    ] = False,
) -> None:
    """Write a hardened mosquitto configuration: TLS, a password for each user, access by role."""
    from stimloop import config as configuration
    from stimulators.broker.access import Users
    from stimulators.broker.certificates import CertificateError
    from stimulators.broker.mosquitto import Hardened, write_hardened

    rig = configuration.load(config)
    devices = [device.id for device in rig.devices]
    try:
        users = Users(rig=rig.rig.name, devices=devices, operators=operator or ["operator"])
        wanted = Hardened(
            users=users,
            hosts=host or [rig.broker.host],
            port=port,
            operator_port=operator_port,
            bind=bind,
            certificate=None if certificate is None else certificate.resolve(),
            key=None if key is None else key.resolve(),
            ca_file=ca,
            client_certificates=client_certificates,
            tables=_tables(rig),
        )
    except ValueError as error:
        raise ConfigError(f"broker-config: {error}") from error
    try:
        file = write_hardened(folder, wanted)
    except OSError as error:
        raise ConfigError(
            f"{folder}: expected a folder that can be written, {found_text(error)}"
        ) from error
    except CertificateError as error:
        raise FaultError(str(error)) from error
    print_line(f"mosquitto -c {file}")
    for user in users.names:
        print_line(f"{user}: {folder / 'clients' / user / 'address.toml'}")


def _tables(rig: "Config") -> dict[str, Any]:
    """Return the tables of a rig from which an operator's commands judge what devices report."""
    import tomllib

    from stimloop.config import to_toml

    written = tomllib.loads(to_toml(rig).decode())
    return {name: written[name] for name in ("devices", "gate", "signing") if name in written}
