"""The events of a recorded live session, in plain files independent of the journal's format."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from stimloop.config import Config
from streamer.config import LoopConfig
from streamer.events import Chunk, Event, Happening
from streamer.source import StreamInfo

#: The recorded one, see `record_live.py`.
LIVE = Path(__file__).parent / "live"

#: Today's name of an event whose name was another one when the session was recorded.
_NAMES: dict[str, str] = {}


@dataclass(frozen=True)
class LiveSession:
    """A rig, its streams, and every (now, event) in order.

    Parameters
    ----------
    rig_toml : str
        The resolved configuration.
    session : str
        Name of the session.
    infos : tuple of StreamInfo
        The streams as they were found.
    steps : tuple of (float, Event)
        The service's clock, and what the loop was fed then.
    """

    rig_toml: str
    session: str
    infos: tuple[StreamInfo, ...]
    steps: tuple[tuple[float, Event], ...]

    @property
    def config(self) -> LoopConfig:
        """The part of the configuration that the loop reads."""
        return msgspec.toml.decode(self.rig_toml, type=Config).loop

    def write(self, folder: Path) -> None:
        """Write `rig.toml`, `events.jsonl` (a line each) and `samples.npz` (all chunks)."""
        folder.mkdir(exist_ok=True)
        (folder / "rig.toml").write_text(self.rig_toml, "utf-8")
        # The name of the recording machine is removed: nothing depends on it.
        infos = [msgspec.to_builtins(replace(info, hostname="")) for info in self.infos]
        lines: list[dict[str, Any]] = [{"session": self.session, "infos": infos}]
        chunks: list[tuple[int, float, Chunk]] = []
        for step, (now_s, event) in enumerate(self.steps):
            if isinstance(event, Chunk):
                chunks.append((step, now_s, event))
            else:
                lines.append({"step": step, "now_s": now_s, **msgspec.to_builtins(event)})
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        (folder / "events.jsonl").write_text(text, "utf-8")
        steps, nows_s, events = zip(*chunks, strict=True)
        np.savez_compressed(
            folder / "samples.npz",
            step=np.array(steps),
            now_s=np.array(nows_s),
            n_samples=np.array([len(each.timestamps_s) for each in events]),
            samples=np.concatenate([each.samples for each in events]),
            timestamps_s=np.concatenate([each.timestamps_s for each in events]),
        )

    @classmethod
    def read(cls, folder: Path) -> "LiveSession":
        """Read what `write` wrote."""
        about, *lines = map(json.loads, (folder / "events.jsonl").read_text("utf-8").splitlines())
        infos = msgspec.convert(about["infos"], tuple[StreamInfo, ...])
        steps = dict(_chunks(infos[0].name, folder / "samples.npz"))
        for line in lines:
            named = {**line, "type": _NAMES.get(line["type"], line["type"])}
            steps[named.pop("step")] = (
                named.pop("now_s"),
                msgspec.convert(named, Happening),
            )
        return cls(
            (folder / "rig.toml").read_text("utf-8"),
            about["session"],
            infos,
            tuple(steps[step] for step in range(len(steps))),
        )


def _chunks(stream: str, file: Path) -> Iterator[tuple[int, tuple[float, Event]]]:
    with np.load(file) as kept:
        ends = kept["n_samples"].cumsum()
        samples, timestamps_s = kept["samples"], kept["timestamps_s"]
        for step, now_s, n_samples, end in zip(
            kept["step"].tolist(),
            kept["now_s"].tolist(),
            kept["n_samples"].tolist(),
            ends.tolist(),
            strict=True,
        ):
            first = end - n_samples
            rows = slice(first, end)
            yield step, (now_s, Chunk(stream, first, samples[rows], timestamps_s[rows]))
