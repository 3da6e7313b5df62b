"""Several streams on one grid: matched by corrected time, whatever order they come in."""

from collections.abc import Mapping, Sequence
from itertools import chain, pairwise
from typing import Final

import numpy as np

from detectors.alignment.backlog import Backlog
from detectors.alignment.resampler import Resampler, reach_s
from detectors.alignment.state import no_rows
from detectors.block import Block, Break, StreamLayout
from detectors.kernels.trust import RESTART

#: Seconds, counted in rows, that a row waits for a stream that gives samples of other times. A
#: stream that gives none is parted from the others after its `silence_s`.
OVERDUE_S: Final = 30.0
#: Share of the reference's rate up to which the grid shows the other streams as they are.
FLAT_TO: Final = 0.4


class Aligner:
    """Makes blocks of one grid out of the blocks of several streams.

    Parameters
    ----------
    layouts : sequence of StreamLayout
        Two streams or more, of different names.
    channels : mapping of str to sequence of str
        For each stream the labels that are wanted, at least one.

    Attributes
    ----------
    layout : StreamLayout
        The grid: the rate of the slowest stream, the channels of all, in the order of the streams.
        A label that several streams have becomes ``stream/label``.
    reference : str
        The slowest stream by its nominal rate, the first of them; the grid is its samples.
    delay_s : float
        A row is given when every other stream is this far beyond it.

    Raises
    ------
    ValueError
        Where two channels end up with one label.

    Notes
    -----
    The reference's samples stay as they are. Every other stream is low-passed at half the
    reference's nominal rate and evaluated at the smoothed, corrected times of its samples: a mean
    of the samples within ten periods of the reference on either side, weighted by a
    Kaiser-windowed sinc of their distance in time. So no true rate, no drift and no offset of a
    clock matters; phases stay as they are, and up to 0.4 of the reference's rate so do amplitudes,
    to 0.001. What is beyond 0.6 of it, and would be aliased, is damped by 65 dB.

    Each row depends on the samples alone, and is summed in the order of time: any interleaving of
    the streams' blocks, cut anywhere, gives the same bits. Of each other stream a row carries all
    taint among the samples that it is made of. It is ``MISSING``, and the last value stands in,
    where those are not all there: in a gap, before the stream begins, around a restart or a
    `Break`, while the stream is silent. A row is ``RESTART``, in all columns, where the reference
    restarts, and where another stream is found again after its restart.

    Rows wait until every stream has passed them. A silent one is known by a `Break`, which settles
    what waits. Streams whose clocks disagree never pass each other: what waits for more than 30 s
    of samples is then given up, row by row; here alone, an interleaving that differs by that much
    shows.
    """

    def __init__(
        self, layouts: Sequence[StreamLayout], channels: Mapping[str, Sequence[str]]
    ) -> None:
        reference = min(layouts, key=lambda layout: layout.rate_hz)
        self.reference = reference.name
        self.delay_s = reach_s(reference.rate_hz)
        self.layout = StreamLayout(
            "+".join(layout.name for layout in layouts), reference.rate_hz, _joined(channels)
        )
        self._streams = tuple(layout.name for layout in layouts)
        self._n_overdue = round(OVERDUE_S * reference.rate_hz)
        self._others: list[Resampler] = []
        first = 0
        for layout in layouts:
            wanted = channels[layout.name]
            columns = np.array([layout.channels.index(label) for label in wanted], dtype=np.int64)
            if layout is reference:
                self._columns = columns
                self._own = slice(first, first + len(wanted))
            else:
                self._others.append(
                    Resampler(
                        layout,
                        columns,
                        reference.rate_hz,
                        number=len(self._others),
                        first_column=first,
                    )
                )
            first += len(wanted)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._rows = Backlog(no_rows(len(self._others), len(self.layout.channels)))
        self._epoch = dict.fromkeys(self._streams, 0)
        self._silent: frozenset[str] = frozenset()
        for other in self._others:
            other.reset()

    def update(self, block: Block) -> list[Block]:
        """Take the next block of one of the streams; return the rows that all have now passed.

        Blocks are of consecutive rows: there are several only where the reference left out samples.
        """
        if block.after is not None:
            self._begin_epoch(block.stream, block.after)
        n_overdue = 0
        if block.stream == self.reference:
            n_overdue = max(0, len(self._rows) - self._n_overdue)
            self._add_rows(block)
        for other in self._others:
            if block.stream == other.name:
                other.add(block, self._epoch[block.stream])
            other.fill(self._rows, n_overdue)
        return self._take_rows(min(other.n_done for other in self._others))

    def _begin_epoch(self, stream: str, after: Break) -> None:
        """Begin a stream's next epoch; a break of streams that are not here begins none."""
        self._epoch[stream] = sum(after.n_breaks[name] for name in self._epoch)
        if stream == self.reference:
            self._silent = after.silent
        for other in self._others:
            other.begin_epoch(self._epoch[stream], after.next_sample[other.name])

    def _add_rows(self, block: Block) -> None:
        """Put the reference's samples into the queue as rows of the grid."""
        n_rows = block.time_s.size
        self._rows.extend(n_rows)
        new = slice(len(self._rows) - n_rows, None)
        self._rows["sample"][new] = np.arange(block.first_sample, block.first_sample + n_rows)
        self._rows["time_s"][new] = block.time_s
        self._rows["epoch"][new] = self._epoch[self.reference]
        self._rows["is_silent"][new] = [other.name in self._silent for other in self._others]
        self._rows["restarts"][new] = (block.taint[:, self._columns[0]] & RESTART) != 0
        self._rows["samples_uv"][new, self._own] = block.samples_uv[:, self._columns]
        self._rows["taint"][new, self._own] = block.taint[:, self._columns]

    def _take_rows(self, n_rows: int) -> list[Block]:
        """Return the first rows of the grid, which leave the queue."""
        if not n_rows:
            return []
        sample = self._rows["sample"][:n_rows].copy()
        time_s = self._rows["time_s"][:n_rows].copy()
        samples_uv = self._rows["samples_uv"][:n_rows].copy()
        taint = self._rows["taint"][:n_rows].copy()
        taint[self._rows["restarts"][:n_rows]] |= np.uint16(RESTART)
        self._rows.drop(n_rows)
        for other in self._others:
            other.drop_rows(n_rows)
        edges = [0, *(np.flatnonzero(np.diff(sample) != 1) + 1).tolist(), n_rows]
        return [
            Block(self.layout.name, int(sample[a]), samples_uv[a:b], time_s[a:b], taint[a:b])
            for a, b in pairwise(edges)
        ]


def _joined(channels: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    every = list(chain.from_iterable(channels.values()))
    labels = tuple(
        f"{stream}/{label}" if every.count(label) > 1 else label
        for stream, wanted in channels.items()
        for label in wanted
    )
    if len(set(labels)) < len(labels):
        raise ValueError(f"channels: expected different labels, found {', '.join(labels)}")
    return labels
