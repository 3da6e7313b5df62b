"""Which sets of parameters are tried: all of a grid, or those that a search asks for."""

import importlib
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from replay.sweeping.workers import WorkersError

#: A set of parameters: each by its key path.
Values: TypeAlias = dict[str, Any]

#: Trials that a search draws at random before it models anything.
_N_STARTUP: Final = 10


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A key of the rig's file, and what is tried for it.

    Parameters
    ----------
    path : str
        Its key path: ``detectors[burst].threshold.percentile``.
    values : tuple of any plain data
        What is tried; empty where it is a range.
    low, high : float, optional
        The range that is searched.
    step : float, optional
        Of the range.
    log : bool
        Whether the range is searched by its logarithm.
    whole : bool
        Whether it takes whole numbers alone.
    """

    path: str
    values: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    whole: bool = False

    @property
    def tried(self) -> tuple[Any, ...]:
        """The values, or both ends of the range."""
        if self.values or self.low is None or self.high is None:
            return self.values
        ends = (self.low, self.high)
        return tuple(map(int, ends)) if self.whole else ends


class SearchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a search goes.

    Parameters
    ----------
    n_trials : int
        Sets of parameters that are tried.
    seed : int
        Of all random numbers.
    at_once : int
        Sets that are asked for together, before any of their results is told. It decides what
        is tried, the number of workers does not.
    """

    n_trials: int
    seed: int
    at_once: int


def n_of_grid(parameters: Sequence[Parameter]) -> int:
    """Return how many sets a grid has.

    Examples
    --------
    >>> n_of_grid([Parameter(path="a", values=(1, 2)), Parameter(path="b", values=(1, 2, 3))])
    6
    """
    return math.prod(len(each.values) for each in parameters)


def grid(parameters: Sequence[Parameter]) -> Iterator[Values]:
    """Yield every set of a grid, the last parameter changing first.

    Examples
    --------
    >>> list(grid([Parameter(path="a", values=(1, 2)), Parameter(path="b", values=(3,))]))
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    paths = [each.path for each in parameters]
    for values in itertools.product(*(each.values for each in parameters)):
        yield dict(zip(paths, values, strict=True))


class Search:
    """A search by Optuna's tree-structured Parzen estimator, in batches.

    Parameters
    ----------
    parameters : sequence of Parameter
        What is searched.
    options : SearchOptions
        How.

    Raises
    ------
    WorkersError
        Where Optuna is not installed.

    Notes
    -----
    The sets of a batch are asked for one after the other and their results told in the same
    order, whatever the order in which they became known: so a search is a function of its seed and
    of the results, and of neither workers nor time.

    References
    ----------
    J. Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011.
    """

    def __init__(self, parameters: Sequence[Parameter], options: SearchOptions) -> None:
        try:
            optuna = importlib.import_module("optuna")
        except ImportError as error:
            raise WorkersError(
                "a search: expected optuna, found none: pip install 'stimloop[validate]'"
            ) from error
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(
            seed=options.seed, n_startup_trials=_N_STARTUP, constant_liar=True
        )
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._failed = optuna.trial.TrialState.FAIL
        self._parameters = tuple(parameters)
        self._space = {each.path: _distribution(optuna, each) for each in parameters}
        self._options = options
        self._n_asked = 0
        self._trials: list[Any] = []

    def ask(self) -> list[Values]:
        """Return the next batch; empty once all trials were asked for."""
        n_now = min(self._options.at_once, self._options.n_trials - self._n_asked)
        self._n_asked += n_now
        self._trials = [self._study.ask(self._space) for _ in range(n_now)]
        return [self._values(each.params) for each in self._trials]

    def tell(self, worths: Sequence[float | None]) -> None:
        """Say what each set of the batch is worth, in its order; None where that is not known."""
        for trial, worth in zip(self._trials, worths, strict=True):
            if worth is None:
                self._study.tell(trial, state=self._failed)
            else:
                self._study.tell(trial, worth)

    def _values(self, drawn: Mapping[str, Any]) -> Values:
        # Of listed values a study knows the numbers: it takes neither lists nor tables.
        return {
            each.path: each.values[drawn[each.path]] if each.values else drawn[each.path]
            for each in self._parameters
        }


def _distribution(optuna: Any, parameter: Parameter) -> Any:  # noqa: ANN401 of optuna
    kinds = optuna.distributions
    if parameter.values:
        return kinds.CategoricalDistribution(range(len(parameter.values)))
    low, high, step = parameter.low, parameter.high, parameter.step
    if parameter.whole:
        whole_step = 1 if step is None else int(step)
        return kinds.IntDistribution(int(low or 0), int(high or 0), parameter.log, whole_step)
    return kinds.FloatDistribution(low, high, parameter.log, step)
