"""The help of every command is shown as it is written: nothing in brackets is lost."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest
import typer

from stimloop.__main__ import run_command
from stimloop.app import app


def _commands(command: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield words, command
    for name, inner in sorted(getattr(command, "commands", {}).items()):
        yield from _commands(inner, (*words, name))


_ALL = dict(_commands(typer.main.get_command(app), ()))


def _written(text: str | None) -> list[str]:
    """Return the words of a help text; a bracket may have a backslash before it."""
    return (text or "").partition("\f")[0].replace("\\[", "[").split()


@pytest.mark.parametrize("words", _ALL, ids=" ".join)
def test_the_help_of_a_command_has_every_word_that_was_written(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    assert run_command([*words, "--help"]) == 0
    shown = set(capsys.readouterr().out.split())
    command = _ALL[words]
    texts = [command.help, *(getattr(each, "help", None) for each in command.params)]
    missing = {word for text in texts for word in _written(text)} - shown
    hidden = [each.help for each in command.params if getattr(each, "hidden", False)]
    assert missing <= {word for text in hidden for word in _written(text)}


def test_no_file_takes_the_place_of_anothers_command() -> None:
    groups = [each.typer_instance for each in app.registered_groups if each.typer_instance]
    named = [
        each.name
        for group in groups
        for each in ([group.info] if group.info.name else group.registered_commands)
    ]
    assert len(named) == len(set(named))
    assert set(named) == {words[0] for words in _ALL if len(words) == 1}


def test_some_help_does_stand_in_brackets() -> None:
    texts = [
        getattr(each, "help", None) or "" for command in _ALL.values() for each in command.params
    ]
    assert sum("\\[" in text for text in texts) >= 2


def test_without_a_file_a_replay_takes_no_default_rig(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERMINAL_WIDTH", "200")
    assert run_command(["replay", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "without one beta power and bursts of every channel" in told
    assert "default rig" not in told


def test_the_version_is_printed_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["--version"]) == 0
    assert capsys.readouterr() == (f"stimloop {metadata.version('stimloop')}\n", "")
