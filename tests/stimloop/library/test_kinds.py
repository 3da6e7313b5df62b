"""Every installed kind is in the library by the name of its class, documented and typed."""

import ast
import doctest
import inspect
from collections.abc import Iterator
from importlib import metadata
from typing import get_args

import pytest

import stimloop as sl
from detectors.conditioning.artifacts.path import AnyArtifactConfig
from detectors.detector import DetectorConfig, Reads
from detectors.registry import GROUP, REGISTRY, find
from stimloop.library.kinds import factories, stub

_OWN = [
    *(each.__name__ for each in REGISTRY.detectors.values()),
    *(each.__name__.removesuffix("Config") for each in get_args(AnyArtifactConfig)),
]


class RootConfig(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="root"):
    """A table of another package.

    Parameters
    ----------
    stream : str
        Name of the stream.
    power : int
        Which root.
    """

    stream: str
    power: int = 2

    @property
    def reads(self) -> tuple[Reads, ...]:
        return (Reads("stream", "stream", self.stream),)


class Root:
    """Return the root of every sample."""

    config_type = RootConfig


@pytest.fixture
def from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install a kind of another package."""
    found = find([metadata.EntryPoint("root", f"{__name__}:Root", GROUP)])
    assert not found.refused
    monkeypatch.setattr(factories, "REGISTRY", found)
    factories.factories.cache_clear()
    yield
    factories.factories.cache_clear()
    vars(sl).pop("Root", None)


@pytest.mark.parametrize("name", _OWN)
def test_every_kind_is_there_with_its_keys_and_its_docstring(name: str) -> None:
    kind = getattr(sl, name)
    assert name in dir(sl)
    config_type = inspect.signature(kind).return_annotation
    assert tuple(inspect.signature(kind).parameters) == config_type.__struct_fields__
    text = inspect.getdoc(kind) or ""
    for key in config_type.__struct_fields__:
        assert key in text.partition("Parameters\n")[2]
    examples = doctest.DocTestFinder().find(kind, name, module=False, globs={})
    assert sum(len(each.examples) for each in examples) >= 2
    for each in examples:
        assert doctest.DocTestRunner().run(each).failed == 0


@pytest.mark.usefixtures("from_elsewhere")
def test_a_kind_of_another_package_is_there_too() -> None:
    assert sl.Root("root", power=3) == RootConfig(id="root", stream="", power=3)  # type: ignore[attr-defined]
    assert "Root" in dir(sl)
    assert "Which root." in (sl.Root.__doc__ or "")  # type: ignore[attr-defined]
    with pytest.raises(sl.InputError, match="detector 'root': power: expected a whole number"):
        sl.Root("root", power="x")  # type: ignore[attr-defined]


def test_what_is_no_kind_is_told_with_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"expected a kind .*BandPower.*found 'Bandpower'"):
        sl.Bandpower  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="no attribute 'detct'"):
        sl.detct  # type: ignore[attr-defined]  # noqa: B018


def test_the_types_are_those_of_the_kinds() -> None:
    written = ast.dump(ast.parse(stub.FILE.read_text("utf-8")))
    assert written == ast.dump(ast.parse(stub.text())), "python -m stimloop.library.kinds.stub"


def test_a_part_of_a_kind_is_there_by_its_own_name() -> None:
    gate = sl.AmplitudeGate(amplitude_uv_min=3.0)
    peaks = sl.TargetPhase("peaks", of="rhythm", gate=gate)
    assert peaks.gate == gate
    calibrated = sl.TargetPhase("peaks", of="rhythm", gate=sl.Percentile(50, calibrate_s=5))
    assert (calibrated.gate.percentile, calibrated.gate.calibrate_s) == (50.0, 5.0)
