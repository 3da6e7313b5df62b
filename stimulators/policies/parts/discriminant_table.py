"""The table of a policy with linear discriminants, and checks that its keys agree."""

from collections.abc import Iterator
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from stimulators.policies.parts.amplitude_config import Amount, Level
from stimulators.policies.policy import MeasureRead, PolicyConfig, Thresholds

N_FEATURES_MAX: Final = 4
N_DISCRIMINANTS_MAX: Final = 2
#: Levels of a discriminant: the table of states has rows of this length.
N_COLUMNS: Final = 3

Rate: TypeAlias = Annotated[float, Meta(gt=0.0, le=1000.0)]
State: TypeAlias = Amount | Literal["hold"]
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=65535)]


class FeatureConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One feature of a discriminant: ``weight * multiplier * (mean - subtrahend)``.

    Parameters
    ----------
    of, channel, measure : str
        The detector, its channel, which may be left out where it has one, and its measure.
    weight, multiplier, subtrahend : float
        Multiplier and subtrahend normalise the feature.

    Examples
    --------
    >>> FeatureConfig(of="beta", measure="power", subtrahend=4.0).weight
    1.0
    """

    of: str
    channel: str = ""
    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "value"
    weight: Level = 1.0
    multiplier: Level = 1.0
    subtrahend: Level = 0.0


class DiscriminantConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One discriminant.

    Parameters
    ----------
    features : tuple of FeatureConfig
        From one to four.
    lower_threshold, upper_threshold : float
        Above the lower the level is 1, above the upper 2; without an upper one it is 0 or 1.
    update_features : int
        Number of hops whose mean is one update, without overlap.
    onset_updates, termination_updates : int
        Number of consecutive updates above a threshold after which it is passed, and of consecutive
        updates not above it after which it no longer is; 0 counts as 1.
    holdoff_updates : int
        Number of updates that are ignored when the device is driven anew.
    blanking_features : int
        After a change of the level, updates that come fewer hops later than this are ignored.
    blanks_both : bool
        Whether a change of this level also blanks the other discriminant, for the other's own
        `blanking_features`.

    Examples
    --------
    >>> features = (FeatureConfig(of="beta", measure="power"),)
    >>> table = DiscriminantConfig(features=features, lower_threshold=6.0, update_features=10)
    >>> table.n_levels
    2
    """

    features: tuple[FeatureConfig, ...]
    lower_threshold: Level
    upper_threshold: Level | None = None
    update_features: Annotated[int, Meta(ge=1, le=65535)]
    onset_updates: _Count = 0
    termination_updates: _Count = 0
    holdoff_updates: _Count = 0
    blanking_features: _Count = 0
    blanks_both: bool = False

    def __post_init__(self) -> None:
        wrong = []
        if not 1 <= len(self.features) <= N_FEATURES_MAX:
            wrong.append(
                f"features: expected from 1 to {N_FEATURES_MAX} tables, found {len(self.features)}"
            )
        elif all(each.weight * each.multiplier == 0.0 for each in self.features):
            wrong.append(
                "features: expected a weight and a multiplier other than 0 in one of them, or "
                "nothing counts, found none"
            )
        if self.upper_threshold is not None and self.upper_threshold < self.lower_threshold:
            wrong.append(
                f"upper_threshold: expected at least lower_threshold ({self.lower_threshold:g}), "
                f"found {self.upper_threshold:g}"
            )
        if wrong:
            raise ValueError("\n".join(wrong))

    @property
    def n_levels(self) -> int:
        """How many levels it has."""
        return 2 if self.upper_threshold is None else 3


class LinearDiscriminantConfig(
    PolicyConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="linear_discriminant",
):
    """A `[[policies]]` table of kind ``linear_discriminant``.

    Parameters
    ----------
    device, program : str
        The device it drives, and one of its programs; optional where it has only one.
    discriminants : tuple of DiscriminantConfig
        One or two. It decides at the hops of the first feature's detector.
    states_ma, states_level : tuple of float or "hold"
        The amount of each state, in the device's unit: with one discriminant three, of levels 0, 1
        and 2; with two nine, those of the first discriminant's levels for each of the second's.
        ``"hold"`` stays where the ramp is. The lowest and the highest are its own clip.
    rise_ma_per_s, fall_ma_per_s, rise_level_per_s, fall_level_per_s : float
        How fast the amount changes; no default.
    step_ma, step_level : float
        Steps of the device: what is wanted is a whole number of them. 0 for none.
    expected_sign : {"falls", "rises"}
        What the first discriminant does as the amount rises, or the second, where the amounts
        follow that alone: ``falls`` where higher levels have the higher amounts, ``rises`` where
        they have the lower. No default unless the device is simulated: then what the states say.
    sign_watch_s : float
        How long the highest amount is given before the sign is judged: see `SignWatch`.

    Examples
    --------
    >>> table = {
    ...     "id": "adaptive",
    ...     "kind": "linear_discriminant",
    ...     "device": "stn",
    ...     "states_ma": [1.0, "hold", 2.5],
    ...     "rise_ma_per_s": 0.5,
    ...     "fall_ma_per_s": 0.5,
    ...     "discriminants": [
    ...         {
    ...             "features": [{"of": "beta", "measure": "power"}],
    ...             "lower_threshold": 6.0,
    ...             "upper_threshold": 12.0,
    ...             "update_features": 10,
    ...         }
    ...     ],
    ... }
    >>> [read.key for read in msgspec.convert(table, LinearDiscriminantConfig).reads]
    ['discriminants[0].features[0].of']
    """

    device: str
    program: str = ""
    discriminants: tuple[DiscriminantConfig, ...]
    states_ma: tuple[State, ...] | None = None
    states_level: tuple[State, ...] | None = None
    rise_ma_per_s: Rate | None = None
    fall_ma_per_s: Rate | None = None
    rise_level_per_s: Rate | None = None
    fall_level_per_s: Rate | None = None
    step_ma: Amount = 0.0
    step_level: Amount = 0.0
    expected_sign: Literal["falls", "rises"] | None = None
    sign_watch_s: Annotated[float, Meta(ge=5.0, le=3600.0)] = 30.0

    def __post_init__(self) -> None:
        n_found = len(self.discriminants)
        if not 1 <= n_found <= N_DISCRIMINANTS_MAX:
            raise ValueError(f"discriminants: expected one or two tables, found {n_found}")
        wrong = [*self._wrong_states("states_ma"), *self._wrong_states("states_level")]
        if wrong:
            raise ValueError("\n".join(wrong))

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """The features, in order."""
        return tuple(
            MeasureRead(
                f"discriminants[{at}].features[{position}].of", each.of, each.channel, each.measure
            )
            for at, discriminant in enumerate(self.discriminants)
            for position, each in enumerate(discriminant.features)
        )

    @property
    def drives(self) -> tuple[str, ...]:
        """The device."""
        return (self.device,)

    @property
    def compares_with(self) -> Thresholds | None:
        """The thresholds of the only discriminant; of two no single value is compared."""
        first, *others = self.discriminants
        if others:
            return None
        upper, lower = first.upper_threshold, first.lower_threshold
        return Thresholds(lower if upper is None else upper, lower)

    def _wrong_states(self, key: str) -> Iterator[str]:
        """Yield an error for each key that does not fit the number of levels."""
        states: tuple[State, ...] | None = getattr(self, key)
        n_columns, *n_rows = (each.n_levels for each in self.discriminants)
        n_states = N_COLUMNS * (N_COLUMNS if n_rows else 1)
        if states is not None and len(states) != n_states:
            yield f'{key}: expected {n_states}, each an amount or "hold", found {len(states)}'
            return
        for state, amount in enumerate(states or ()):
            row, column = divmod(state, N_COLUMNS)
            is_reached = column < n_columns and row < (n_rows[0] if n_rows else 1)
            if amount != "hold" and not is_reached:
                yield (
                    f'{key}[{state}]: expected "hold", as without an upper_threshold no level '
                    f"leads to this state, found {amount:g}"
                )
