"""The seam between the reference device and the thing that gives its amount."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Hardware(Protocol):
    """What gives a device's amount: a current source, a motor, a sound program.

    The reference device decides; hardware does as it is told, and says where it cannot. Each method
    returns at once, and raises OSError where what it was told cannot be done: then the device says
    on its `info` that it is gone, with that text, and ends. What the hardware gives once nobody
    tells it anything is for the hardware to see to: a box needs a timer of its own.
    """

    def give(self, amount: float, program: str) -> None:
        """Give this amount from now on.

        Parameters
        ----------
        amount : float
            In the device's unit: mA, or level from 0 to 1. It moves by the slew limit already.
        program : str
            The program in effect; empty for a device without programs.

        Notes
        -----
        Called every few milliseconds, before anybody is told of the amount, whether it changed or
        not: a call that does not come is how hardware knows that the device is gone.
        """
        ...

    def fire(self, amount: float, program: str) -> None:
        """Give one trigger, now: all of its pulses, unless `cut` ends them."""
        ...

    def cut(self, amount: float, program: str) -> None:
        """End at once what triggers still give, and give this amount, as by `give`.

        Called at a stop, where the lease or the link ended, and where an amplitude command comes
        while pulses of a trigger may go on; also where none do, and more than once.
        """
        ...

    def close(self) -> None:
        """Give nothing from now on: the device ends, or `give` has failed. Raises nothing."""
        ...


class NoHardware:
    """A simulated device: it gives nothing to anybody."""

    def give(self, amount: float, program: str) -> None:
        """Do nothing."""

    def fire(self, amount: float, program: str) -> None:
        """Do nothing."""

    def cut(self, amount: float, program: str) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""
