"""Charge and on-time of a device, in the form that is kept over a restart."""

import msgspec

BIN_US = 2_000_000


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Charge and on-time of a device up to one moment.

    Parameters
    ----------
    bins_fc : tuple of int
        Charge in femtocoulomb, in bins of `BIN_US`; the newest last.
    newest_us : int
        How long ago the newest bin began.
    on_us : int
        How long the amount has been above the safe amount, up to when it last was; 0 where
        that is over.
    off_us : int
        How long ago the amount last was above the safe amount.
    counted_us : int
        How far charge and on-time reach back.
    """

    bins_fc: tuple[int, ...] = ()
    newest_us: int = 0
    on_us: int = 0
    off_us: int = 0
    counted_us: int = 0

    def after(self, away_us: int) -> "Counts":
        """Return the counts `away_us` later, in which the device gave nothing."""
        return msgspec.structs.replace(
            self,
            newest_us=self.newest_us + away_us,
            off_us=self.off_us + away_us,
            counted_us=self.counted_us + away_us,
        )

    def with_unknown(self, unknown_us: int, charge_fc: int) -> "Counts":
        """Return the highest counts that are possible after a time in which nothing was counted.

        Parameters
        ----------
        unknown_us : int
            The time that was not counted: all of it may have been above the safe amount.
        charge_fc : int
            The most charge that may have been delivered in it.
        """
        n_bins, newest_us = divmod(self.newest_us + unknown_us, BIN_US)
        bins_fc = (*(self.bins_fc or (0,)), *[0] * n_bins)
        return Counts(
            bins_fc=(*bins_fc[:-1], bins_fc[-1] + charge_fc),
            newest_us=newest_us,
            on_us=(self.on_us + self.off_us if self.on_us else 0) + unknown_us,
            off_us=0,
            counted_us=self.counted_us + unknown_us,
        )
