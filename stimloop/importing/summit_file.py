"""The keys of `adaptive_config.json` as the programs of Summit RC+S read it, and their ranges."""

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

#: Written in place of an amplitude where the state holds the present one.
HOLD_MA: Final = 25.5
#: Of `RiseTimes` and `FallTimes`: what one milliampere a second is written as.
ONE_MA_PER_S: Final = 65536
N_STATES: Final = 9
N_INPUTS_MAX: Final = 4

_Number: TypeAlias = Annotated[float, Meta(ge=-1e12, le=1e12)]
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=65535)]
_Amplitude: TypeAlias = Annotated[float, Meta(ge=0.0, le=HOLD_MA)]
_Vector: TypeAlias = tuple[_Number, _Number, _Number, _Number]


class SummitInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Which powers a discriminant reads: two bands of each of four channels."""

    Ch0Band0: bool
    Ch0Band1: bool
    Ch1Band0: bool
    Ch1Band1: bool
    Ch2Band0: bool
    Ch2Band1: bool
    Ch3Band0: bool
    Ch3Band1: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The inputs that are used, in the order in which vectors hold their numbers."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name))


class SummitDiscriminant(msgspec.Struct, frozen=True, kw_only=True):
    """``LD0`` or ``LD1``; only the second says whether it is used.

    Parameters
    ----------
    B0, B1 : float
        The lower and the upper threshold; the upper one counts where `DualThreshold` is true.
    UpdateRate, StateChangeBlankingUponStateChange : int
        Counted in powers, of which the implant has one each FFT interval.
    OnsetDuration, TerminationDuration, HoldOffOnStartupTime : int
        Counted in updates.
    """

    B0: _Number
    UpdateRate: Annotated[int, Meta(ge=1, le=65535)]
    OnsetDuration: _Count
    TerminationDuration: _Count
    HoldOffOnStartupTime: _Count
    StateChangeBlankingUponStateChange: _Count
    DualThreshold: bool
    Inputs: SummitInputs
    WeightVector: _Vector
    NormalizationMultiplyVector: _Vector
    NormalizationSubtractVector: _Vector
    B1: _Number = 0.0
    FractionalFixedPointValue: Annotated[int, Meta(ge=0, le=31)] = 0
    BlankBothLD: bool = False
    IsEnabled: bool = False

    def __post_init__(self) -> None:
        wrong = []
        if self.DualThreshold and self.B1 < self.B0:
            wrong.append(f"B1: expected at least B0 ({self.B0:g}), found {self.B1:g}")
        n_used = len(self.Inputs.names)
        if not 1 <= n_used <= N_INPUTS_MAX:
            wrong.append(f"Inputs: expected from 1 to {N_INPUTS_MAX} that are true, found {n_used}")
        elif not any(self.factor(position) for position in range(n_used)):
            wrong.append(
                "WeightVector: expected a weight and a multiplier other than 0 for an input that "
                "is true, found none"
            )
        if wrong:
            raise ValueError("\n".join(wrong))

    @property
    def n_levels(self) -> int:
        """How many levels it has."""
        return 3 if self.DualThreshold else 2

    def factor(self, position: int) -> float:
        """Return weight times normalization of an input, by its position among those in use."""
        return self.WeightVector[position] * self.NormalizationMultiplyVector[position]


class UnusedDiscriminant(msgspec.Struct, frozen=True, kw_only=True):
    """The part of ``LD1`` that says whether it is used."""

    IsEnabled: bool = False


class SummitProgram(msgspec.Struct, frozen=True, kw_only=True):
    """The amplitude of one program in each state, and how fast it changes."""

    RiseTimes: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    FallTimes: Annotated[int, Meta(ge=0, le=2**32 - 1)]
    State0AmpInMilliamps: _Amplitude
    State1AmpInMilliamps: _Amplitude
    State2AmpInMilliamps: _Amplitude
    State3AmpInMilliamps: _Amplitude
    State4AmpInMilliamps: _Amplitude
    State5AmpInMilliamps: _Amplitude
    State6AmpInMilliamps: _Amplitude
    State7AmpInMilliamps: _Amplitude
    State8AmpInMilliamps: _Amplitude
    RateTargetInHz: _Number | None = None

    @property
    def amplitudes_ma(self) -> tuple[float, ...]:
        """The amplitude of each state, 25.5 for one that holds."""
        return tuple(getattr(self, f"State{state}AmpInMilliamps") for state in range(N_STATES))

    @property
    def is_used(self) -> bool:
        """Whether any state has an amplitude."""
        return any(each != HOLD_MA for each in self.amplitudes_ma)


class SummitAdaptive(msgspec.Struct, frozen=True, kw_only=True):
    """The amplitudes of the states."""

    Program0: SummitProgram
    Program1: SummitProgram | None = None
    Program2: SummitProgram | None = None
    Program3: SummitProgram | None = None
    Rates: dict[str, Any] | None = None

    @property
    def used(self) -> dict[str, SummitProgram]:
        """The programs that have an amplitude in any state."""
        programs = {name: getattr(self, name) for name in self.__struct_fields__ if name != "Rates"}
        return {name: each for name, each in programs.items() if each and each.is_used}


class FirstDetection(msgspec.Struct, frozen=True, kw_only=True):
    """The discriminants of a file of which only the first is used."""

    LD0: SummitDiscriminant
    LD1: UnusedDiscriminant = UnusedDiscriminant()


class BothDetections(msgspec.Struct, frozen=True, kw_only=True):
    """The discriminants of a file that uses both."""

    LD0: SummitDiscriminant
    LD1: SummitDiscriminant


class OneDiscriminantFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that uses the first discriminant alone: what the other says is passed over."""

    Detection: FirstDetection
    Adaptive: SummitAdaptive


class TwoDiscriminantsFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that uses both discriminants."""

    Detection: BothDetections
    Adaptive: SummitAdaptive
