"""The sensory trick: a touch that makes proprioception weigh more, and the posture error less."""

from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from numpy.typing import NDArray


class SensoryTrick(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of a dystonic drive a sensory trick leaves.

    Prediction (precision 1) and proprioception (precision p) are integrated: a steady bias of the
    prediction leaves the share ``1 / (1 + p)`` of itself as the error of posture, and the dystonic
    drive is taken to be proportional to that error. The trick multiplies p by g.

    Parameters
    ----------
    precision : float
        p, of proprioception without the trick, over that of the prediction.
    gain : float
        g, while the trick is held.
    decay_s : float
        Time constant with which g goes back to 1 after it.
    """

    precision: Annotated[float, Meta(gt=0.0, le=100.0)] = 0.5
    gain: Annotated[float, Meta(ge=1.0, le=100.0)] = 5.0
    decay_s: Annotated[float, Meta(gt=0.0, le=600.0)] = 2.0

    def share_left(
        self, time_s: NDArray[np.float64], *, is_held: bool, released_s: float | None
    ) -> NDArray[np.float64]:
        """Return the share of the dystonic drive that is left.

        Parameters
        ----------
        time_s : ndarray of float64, shape (n_samples,)
            When.
        is_held : bool
            Whether the trick is held all that time.
        released_s : float, optional
            When it was last let go; None where it never was.

        Returns
        -------
        ndarray of float64, shape (n_samples,)
            1 without a trick, ``(1 + p) / (1 + g p)`` while it is held.

        Examples
        --------
        >>> SensoryTrick(precision=0.5, gain=5.0).share_left(
        ...     np.zeros(1), is_held=True, released_s=None
        ... )
        array([0.42857143])
        """
        if is_held:
            gain = np.full_like(time_s, self.gain)
        elif released_s is None:
            gain = np.ones_like(time_s)
        else:
            gain = 1.0 + (self.gain - 1.0) * np.exp((released_s - time_s) / self.decay_s)
        left: NDArray[np.float64] = (1.0 + self.precision) / (1.0 + gain * self.precision)
        return left
