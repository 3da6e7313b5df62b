"""What a sweep maximises, and how two sets of parameters compare."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from replay.sweeping.figures import Figure

Maximise: TypeAlias = Literal["sensitivity", "balanced_accuracy", "overlap"]

#: Below everything else: there is no figure at all.
_NOTHING: Final = -4.0


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """What is maximised, and what must be kept to.

    Parameters
    ----------
    maximise : {"balanced_accuracy", "sensitivity", "overlap"}
        The figure. A sensitivity needs a limit beside it: it is 1 for what is always on.
    false_positives_per_min_max : float, optional
        The limit of false positives.

    Raises
    ------
    ValueError
        Where a sensitivity has no limit.

    Examples
    --------
    >>> goal = Goal(maximise="sensitivity", false_positives_per_min_max=2.0)
    >>> goal.is_kept({"false_positives_per_min": Figure(value=1.5)})
    True
    """

    maximise: Maximise = "balanced_accuracy"
    false_positives_per_min_max: Annotated[float, Meta(ge=0.0)] | None = None

    def __post_init__(self) -> None:
        if self.maximise == "sensitivity" and self.false_positives_per_min_max is None:
            raise ValueError(
                'false_positives_per_min_max: expected a limit with maximise = "sensitivity", '
                "which is 1 for a detector that is always on, found none"
            )

    @property
    def text(self) -> str:
        """What is maximised, in words."""
        limit = self.false_positives_per_min_max
        what = self.maximise.replace("_", " ")
        return what if limit is None else f"{what} with at most {limit:g} false positives a minute"

    def is_kept(self, figures: Mapping[str, Figure]) -> bool:
        """Return whether the limit is kept."""
        limit, found = self.false_positives_per_min_max, figures["false_positives_per_min"].value
        return limit is None or (found is not None and found <= limit)

    def is_above_chance(self, figures: Mapping[str, Figure]) -> bool:
        """Return whether the figure is above what chance gives."""
        found = figures[self.maximise]
        return found.value is not None and (found.null is None or found.value > found.null)

    def worth(self, figures: Mapping[str, Figure]) -> float:
        """Return one number to maximise: the figure, and below 0 where it does not count.

        Examples
        --------
        >>> goal = Goal(maximise="sensitivity", false_positives_per_min_max=2.0)
        >>> goal.worth(
        ...     {
        ...         "sensitivity": Figure(value=0.9, null=0.5),
        ...         "false_positives_per_min": Figure(value=4.0),
        ...     }
        ... )
        -1.5

        Notes
        -----
        From -1 to -2 the limit is not kept, the further the less, and from -2 to -3 the figure is
        not above chance (as of detections that are always on), so that a search finds its way out.
        """
        found = figures[self.maximise]
        if found.value is None:
            return _NOTHING
        if not self.is_above_chance(figures):
            return found.value - (found.null or 0.0) - 2.0
        if self.is_kept(figures):
            return found.value
        limit = self.false_positives_per_min_max or 0.0
        excess = (figures["false_positives_per_min"].value or 0.0) - limit
        return -1.0 - excess / (excess + max(limit, 1.0))
