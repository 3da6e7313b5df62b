"""A detector and all it reads, run on Gaussian noise: what chance alone makes of it."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import msgspec
import numpy as np

from detectors.block import Block, StreamLayout, Taint
from detectors.detector import DetectorConfig
from detectors.estimates import Estimates
from detectors.null_simulation.noise_spectrum import NoiseSpectrum

if TYPE_CHECKING:
    from detectors.chain import DetectorChain

#: Channels of a detector that leaves open which there are: they cost most detectors little more
#: than one, and each adds as much to know.
_N_CHANNELS: Final = 8
_SD_UV: Final = 10.0
#: Keys that tables have had only since `detectors.estimates.VERSION` was 3: the noise of a table
#: without them is what it was.
_LATER: Final = frozenset({"centre_hz", "update_s"})


class NullSimulation:
    """Simulates detectors of the rig on Gaussian noise, apart from the rig.

    Parameters
    ----------
    configs : tuple of DetectorConfig
        A chain; what its last detector gives is wanted.
    layouts : mapping of str to StreamLayout
        The streams of the rig.
    chain : type of DetectorChain
        What runs them.

    Notes
    -----
    Each channel of the noise is independent of the others. It has no rhythm that holds its phase;
    its envelope comes and goes as its spectrum and the filters let it.

    The noise is seeded from the tables and the rates, so the same rig gets the same noise.
    """

    def __init__(
        self,
        configs: tuple[DetectorConfig, ...],
        layouts: Mapping[str, StreamLayout],
        chain: "type[DetectorChain]",
    ) -> None:
        self._configs = configs
        read = {each.name for config in configs for each in config.reads if each.kind == "stream"}
        self._layouts = {name: layout for name, layout in layouts.items() if name in read}
        self._chain = chain
        # What a user writes and the streams say, not what a class is called: that may change.
        streams = [(each.name, each.rate_hz, each.channels) for each in self._layouts.values()]
        self._key = msgspec.json.encode(([_written(each) for each in configs], streams))

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NullSimulation) and self._key == other._key

    def run(
        self, n_samples: int, spectrum: NoiseSpectrum | None = None
    ) -> Iterator[list[Estimates]]:
        """Yield what the wanted detector gives on a stretch of noise, then on the next, for ever.

        Parameters
        ----------
        n_samples : int
            Samples of a stretch, of the first stream; the others have as many seconds.
        spectrum : NoiseSpectrum, optional
            Of every channel; white without it. A stretch of it does not go on where the one before
            ended, so the stream restarts.
        """
        chain, layouts = self._made()
        wanted = self._configs[-1].id
        digest = hashlib.sha256(self._key).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
        first_rate_hz = next(iter(layouts.values())).rate_hz
        seen_samples = dict.fromkeys(layouts, 0)
        while True:
            made: list[Estimates] = []
            for name, layout in layouts.items():
                length = round(n_samples * layout.rate_hz / first_rate_hz)
                block = _noise(layout, seen_samples[name], length, random, spectrum)
                seen_samples[name] += length
                made += [
                    seen.estimates
                    for seen in chain.update(block)
                    if seen.estimates.detector == wanted
                ]
            yield made

    def _made(self) -> "tuple[DetectorChain, dict[str, StreamLayout]]":
        labels = tuple(str(number) for number in range(_N_CHANNELS))
        layouts = {name: replace(layout, channels=labels) for name, layout in self._layouts.items()}
        try:
            return self._chain(_of_all_channels(self._configs), layouts), layouts
        except ValueError:
            # One of them names channels in a way of its own: so it gets those it names.
            return self._chain(self._configs, self._layouts), self._layouts


def _of_all_channels(configs: Sequence[DetectorConfig]) -> list[DetectorConfig]:
    return [
        msgspec.structs.replace(config, channels=())
        if "channels" in config.__struct_fields__
        else config
        for config in configs
    ]


def _noise(
    layout: StreamLayout,
    first_sample: int,
    n_samples: int,
    random: np.random.Generator,
    spectrum: NoiseSpectrum | None,
) -> Block:
    shape = (n_samples, len(layout.channels))
    taint = np.zeros(shape, dtype=np.uint16)
    if first_sample == 0 or spectrum is not None:
        taint[:1] = np.uint16(Taint.RESTART)
    return Block(
        layout.name,
        first_sample,
        random.normal(0.0, _SD_UV, shape)
        if spectrum is None
        else spectrum.noise(n_samples, shape[1], random),
        (first_sample + np.arange(n_samples)) / layout.rate_hz,
        taint,
    )


def _written(config: DetectorConfig) -> dict[str, Any]:
    """Return a table without the later keys that it does not use: they would reseed the noise."""
    table: dict[str, Any] = msgspec.to_builtins(config)
    return {key: each for key, each in table.items() if each is not None or key not in _LATER}
