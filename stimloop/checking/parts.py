"""The tables of a file that have no mistake in themselves, even where other tables have one."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from replay.patient.patient import PatientConfig
from stimulators.gate_config import GateConfig
from stimulators.wire.keys.files import SigningConfig
from stimulators.wire.mqtt import BrokerConfig
from streamer.config import RigSection

if TYPE_CHECKING:
    from stimloop.checking.tables import Reading
    from stimloop.config import Config


class Table(NamedTuple):
    """One table of a list.

    Parameters
    ----------
    path : str
        Where it stands: ``$.detectors[0]``.
    name : str
        Its name or id; empty where it has none that is a text.
    kind : str
        Its kind; empty where it has none.
    config : Any
        Its struct; None where something in it is wrong.
    keys : mapping of str to Any
        What its keys say, where each of them is right; empty where one is not.
    """

    path: str
    name: str
    kind: str
    config: Any
    keys: Mapping[str, Any]

    @property
    def position(self) -> int:
        """Its position in the list, from 0."""
        return int(self.path.rpartition("[")[2][:-1])


class Parts(NamedTuple):
    """All tables; a single table with a mistake is None, a table that was left out its default."""

    streams: tuple[Table, ...]
    detectors: tuple[Table, ...]
    policies: tuple[Table, ...]
    devices: tuple[Table, ...]
    rig: RigSection | None
    gate: GateConfig | None
    broker: BrokerConfig | None
    signing: SigningConfig | None
    patient: PatientConfig | None
    has_signing: bool

    @classmethod
    def of_reading(cls, reading: "Reading", tables: Mapping[str, Any]) -> "Parts":
        """Return the tables of a file that was read, with or without mistakes in it."""

        def single(key: str, default: Any = None) -> Any:  # noqa: ANN401 a struct or None
            return reading.parts.get(f"$.{key}") if key in tables else default

        def many(key: str, name: str) -> tuple[Table, ...]:
            found = tables.get(key)
            return tuple(
                _table(f"$.{key}[{index}]", each, name, reading)
                for index, each in enumerate(found if isinstance(found, list) else ())
            )

        return cls(
            many("streams", "name"),
            many("detectors", "id"),
            many("policies", "id"),
            many("devices", "id"),
            single("rig"),
            single("gate", GateConfig()),
            single("broker", BrokerConfig()),
            single("signing"),
            single("patient"),
            "signing" in tables,
        )

    @classmethod
    def of_config(cls, config: "Config") -> "Parts":
        """Return the tables of a valid configuration."""

        def many(key: str, name: str) -> tuple[Table, ...]:
            return tuple(
                Table(
                    f"$.{key}[{index}]",
                    getattr(each, name),
                    _kind(each),
                    each,
                    msgspec.structs.asdict(each),
                )
                for index, each in enumerate(getattr(config, key))
            )

        return cls(
            many("streams", "name"),
            many("detectors", "id"),
            many("policies", "id"),
            many("devices", "id"),
            config.rig,
            config.gate,
            config.broker,
            config.signing,
            config.patient,
            config.signing is not None,
        )

    @property
    def real(self) -> list[Table]:
        """The devices that are not simulated."""
        return [each for each in self.devices if each.config and not each.config.simulated]


def _table(path: str, value: object, name: str, reading: "Reading") -> Table:
    given = value if isinstance(value, dict) else {}
    said, kind = given.get(name), given.get("kind")
    config, unfit = reading.parts.get(path), reading.unfit.get(path)
    keys = unfit.keys if unfit is not None else {}
    return Table(
        path,
        said if isinstance(said, str) else "",
        kind if isinstance(kind, str) else "",
        config,
        keys if config is None else msgspec.structs.asdict(config),
    )


def _kind(table: Any) -> str:  # noqa: ANN401 any struct of a list
    tag = table.__struct_config__.tag
    return tag if isinstance(tag, str) else getattr(table, "kind", "")
