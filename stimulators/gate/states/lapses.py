"""Lapses (a lease that ended, a stall of the service): how long and how often they may be."""

import math

from stimulators.gate.usage.budgets import RateBudget
from stimulators.gate_config import GateConfig


class Lapses:
    """Notices stalls of the service, and counts lapses.

    Parameters
    ----------
    timing : GateConfig
        The longest lapse, the lapses in a minute, and the length of a lease.
    """

    def __init__(self, timing: GateConfig) -> None:
        self._timing = timing
        self._budget = RateBudget(timing.lapses_per_min_max, 60.0)
        self._lapsed_s = -math.inf
        self._ticked_s: float | None = None

    def note_tick(self, now_s: float) -> None:
        """Note that the service is running now."""
        self._ticked_s = now_s

    def take_stall(self, now_s: float) -> float | None:
        """Return the length of a stall longer than a lease, once; None without one."""
        if self._ticked_s is None or now_s - self._ticked_s <= self._timing.lease_s:
            return None
        stalled_s = now_s - self._ticked_s
        self._ticked_s = now_s
        return stalled_s

    def count(self, reason: str, lasted_s: float, now_s: float) -> str | None:
        """Count a lapse; return why the rig must go safe, where it is too long or one too many."""
        timing = self._timing
        if lasted_s > timing.hold_s_max:
            return f"{reason}, longer than hold_s_max ({timing.hold_s_max:g} s)"
        # A lapse within a lease of another is its consequence: a stall ends the lease of every
        # device, and is counted once.
        if now_s - self._lapsed_s > timing.lease_s:
            if not self._budget.has_room(now_s):
                return f"{reason}, after {timing.lapses_per_min_max} lapses within a minute"
            self._budget.take(now_s)
            self._lapsed_s = now_s
        return None
