"""What `DeviceSettings.json` says of a session: contacts of channels, rate of its spectra."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from replay.readers.implants.rcs.packets import scan

#: ``SampleRate`` of time-domain packets.
RATES_HZ: Final = {0: 250.0, 1: 500.0, 2: 1000.0}
#: ``SampleRate`` of accelerometer packets.
ACCELEROMETER_RATES_HZ: Final = {0: 64.0, 1: 32.0, 2: 16.0, 3: 8.0, 4: 4.0}
#: Contacts of a lead; the two channels of the second lead count on from there.
_N_CONTACTS: Final = 8


class DeviceSettings(NamedTuple):
    """What the streams need.

    Parameters
    ----------
    contacts : dict of int to str
        For each channel's key, its contacts as ``+3-1``.
    power_rate_hz : float or None
        Spectra a second.
    n_montages : int
        How many different sets of contacts were configured.
    """

    contacts: dict[int, str]
    power_rate_hz: float | None
    n_montages: int


def read_settings(folder: Path, warnings: list[str]) -> DeviceSettings:
    """Return the settings of a session's first configuration; of none where there is no file."""
    file = folder / "DeviceSettings.json"
    if not file.is_file():
        return DeviceSettings({}, None, 0)
    montages: list[dict[int, str]] = []
    rate_hz: float | None = None
    for record in scan(file, "", warnings):
        sensing = record.content.get("SensingConfig")
        if not isinstance(sensing, dict):
            continue
        if channels := sensing.get("timeDomainChannels"):
            montage = {key: _contacts(key, each) for key, each in enumerate(channels)}
            if montage not in montages:
                montages.append(montage)
        interval_ms = (sensing.get("fftConfig") or {}).get("interval")
        if rate_hz is None and interval_ms:
            rate_hz = 1000.0 / float(interval_ms)
    return DeviceSettings(montages[0] if montages else {}, rate_hz, len(montages))


def _contacts(key: int, channel: dict[str, Any]) -> str:
    """Return ``+3-1``; each input is a bit, the case none.

    Examples
    --------
    >>> _contacts(0, {"plusInput": 8, "minusInput": 2}), _contacts(2, {"plusInput": 1})
    ('+3-1', '+8-case')
    """
    shift = _N_CONTACTS * (key // 2)
    plus, minus = (_contact(int(channel.get(name, 0)), shift) for name in _INPUTS)
    return f"+{plus}-{minus}"


_INPUTS: Final = ("plusInput", "minusInput")


def _contact(bits: int, shift: int) -> str:
    return "case" if bits == 0 else str(bits.bit_length() - 1 + shift)
