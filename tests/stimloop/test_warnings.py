"""A warning of a library is one line with its subject, without source code."""

import sys
import warnings

import pytest

from stimloop.__main__ import main


def test_a_warning_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["stimloop", "config", "schema"])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        with pytest.raises(SystemExit) as ending:
            main()
        warnings.warn("compiled kernels:\nthey cannot be kept", RuntimeWarning, stacklevel=1)
    assert ending.value.code == 0
    assert capsys.readouterr().err == "stimloop: compiled kernels: they cannot be kept\n"
