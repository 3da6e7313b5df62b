"""Means of powers over blocks of spectra that do not overlap, as implants compute them."""

import numpy as np

from detectors.block import Block
from detectors.estimates import Estimates
from detectors.kernels.trust import RESTART


class UpdateMean:
    """Averages blocks of estimates of a fixed number, counted from the last restart.

    Parameters
    ----------
    detector : str
        Id of the detector.
    n_updates : int
        Estimates of each mean.
    n_outputs : int
        Outputs of each estimate.

    Notes
    -----
    A mean stands at the newest of its estimates. It is valid where all of them are.
    """

    def __init__(self, detector: str, n_updates: int, n_outputs: int) -> None:
        self._detector = detector
        self._n_updates = n_updates
        self._n_outputs = n_outputs
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._n_taken = 0
        self._sum = np.zeros(self._n_outputs)
        self._are_valid = np.ones(self._n_outputs, dtype=np.bool_)

    def update(self, block: Block, powers: Estimates) -> Estimates:
        """Return the means that the estimates of a block complete."""
        restarts = (block.first_sample + np.flatnonzero(block.taint[:, 0] & RESTART)).tolist()
        n_hops = powers.sample.size
        made = Estimates.empty(
            self._detector, (self._n_taken + n_hops) // self._n_updates, self._n_outputs
        )
        n_made = 0
        for hop in range(n_hops):
            while restarts and restarts[0] <= powers.sample[hop]:
                restarts.pop(0)
                self.reset()
            self._n_taken += 1
            self._sum += powers.values[hop]
            self._are_valid &= powers.valid[hop]
            if self._n_taken == self._n_updates:
                made.sample[n_made] = powers.sample[hop]
                made.time_s[n_made] = powers.time_s[hop]
                made.valid[n_made] = self._are_valid
                made.values[n_made] = np.where(self._are_valid, self._sum / self._n_updates, 0.0)
                n_made += 1
                self.reset()
        if restarts:
            self.reset()
        return made.first(n_made)
