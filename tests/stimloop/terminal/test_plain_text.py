"""Text from elsewhere reaches a terminal only as visible characters."""

import ast
import io
import json
import os
import re
import subprocess
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from detectors.conditioning.conditioner import Note
from stimloop.__main__ import run_command
from stimloop.commands.arguments import print_json, print_line, warn
from stimloop.live.news import news
from stimloop.terminal.line_writer import LineWriter
from stimloop.terminal.plain_console import PlainConsole
from stimloop.terminal.plain_text import plain, plain_json, plain_toml
from stimulators.decisions import Notice, Refusal, StateChanged
from stimulators.refusals import RefusalReason
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import StreamChanged
from tests.support.programs import COMMAND

_ROOT = Path(__file__).parents[3]
_PACKAGES = ("detectors", "stimulators", "streamer", "replay", "stimloop")

_HOSTILE = [
    "\x1b[2J\x1b[H",  # clears the screen
    "\x1b]0;title\x07",
    "\x9b2J",  # the same in one character
    "a\r\nstn: stopped at 0 mA",  # forges a line
    "a\nb\vc\fd\x85e\u2028f\u2029g",
    "\x08\x08\x7f",
    "\u202eAm 3\u202c",  # shows "3 mA"
    "\u2066\u2069\u200e\u200f\u061c",
    "\u200b\ufeff\u00ad\U000e0041",  # shows nothing
    "\ud800",
    "e" + "\u0301" * 300,  # covers the lines around it
    "\u3164\u115f\u2800",
    "[red]STN[/red] [link=http://example.org]x[/link] :warning:",
]
#: What a terminal takes for an order.
_SEQUENCES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[^\[]|\x9b")
_ANY = st.text(st.characters(exclude_categories=[]), max_size=40) | st.sampled_from(_HOSTILE)


def steering(printed: str) -> list[str]:
    """Return everything in a text that is no visible character, space or line break."""
    unfit = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    return [each for each in printed if each != "\n" and unicodedata.category(each) in unfit]


# Functions that escape a text.


@pytest.mark.parametrize("text", _HOSTILE)
def test_what_steers_is_a_visible_escape(text: str) -> None:
    made = plain(text)
    assert steering(made) == []
    assert "\n" not in made
    assert plain(made) == made
    assert made.encode("utf-8")


def test_escapes_name_the_characters() -> None:
    assert plain("stn\x1b[2J\n\u202e\x9b\ud800\U000e0041") == (
        r"stn\x1b[2J\n\u202e\x9b\ud800\U000e0041"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "STN_L_13 µV ±0.5 Ω",
        "Prüfung, Stimulation à 3 mA",
        "Электрод 1",
        "左手 ギター 왼손",
        "يد يسرى",
        "יד שמאל",
        "हाथ का नियंत्रण",
        "tay trái é ệ",
        "มือซ้ายที่นี่",
        "🙂",
    ],
)
def test_letters_of_every_language_stay(text: str) -> None:
    assert plain(text) == text


def test_marks_on_one_letter_are_bounded() -> None:
    made = plain("e" + "\u0301" * 300 + "f\u0301")
    assert made == "e" + "\u0301" * 4 + "\\u0301" * 296 + "f\u0301"


@given(_ANY)
def test_any_text_becomes_one_line_that_steers_nothing(text: str) -> None:
    made = plain(text)
    assert steering(made) == []
    assert "\n" not in made
    assert plain(made) == made


@given(st.recursive(_ANY, lambda inner: st.lists(inner) | st.dictionaries(_ANY, inner)))
def test_json_stays_the_same_document(value: object) -> None:
    made = plain_json(json.dumps(value, indent=2, ensure_ascii=False))
    assert json.loads(made) == value
    assert steering(made) == []


@given(_ANY.filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_toml_stays_the_same_document(text: str) -> None:
    for is_shown in (lambda _: True, str.isascii):
        made = plain_toml(tomli_w.dumps({"label": [text]}), is_shown)
        assert tomllib.loads(made) == {"label": [text]}
        assert steering(made) == []
    assert made.isascii()


# Every way to a terminal.


def _console() -> tuple[PlainConsole, io.StringIO]:
    file = io.StringIO()
    return PlainConsole(file=file), file


def _through_console(text: str) -> str:
    console, file = _console()
    console.print(text)
    return file.getvalue()


def _through_table(text: str) -> str:
    console, file = _console()
    table = Table(box=None)
    table.add_column(text)
    table.add_row(text)
    table.add_row(Text(text))
    with Live(Group(table, Text(text), text), console=console, refresh_per_second=1.0):
        pass
    return file.getvalue()


def _through_lines(text: str) -> str:
    file = io.StringIO()
    with LineWriter(file) as lines:
        lines.write(text)
    return file.getvalue()


def _through_news(text: str) -> str:
    outcome = Outcome(
        notes=(Note(text, 0, text, text),),
        decisions=(
            StateChanged("active", "safe", text),
            Notice(text, text),
            Refusal(RefusalReason.LIMITS, found=text, expected=text),
        ),
    )
    file = io.StringIO()
    with LineWriter(file) as lines:
        for event in (LinkChanged(is_up=False, reason=text), StreamChanged(text, "lost", text)):
            for line in news(event, outcome):
                lines.write(f"1.000  {getattr(line, 'text', line)}")
    return file.getvalue()


@pytest.mark.parametrize("text", _HOSTILE)
@pytest.mark.parametrize(
    "way",
    [_through_console, _through_table, _through_lines, _through_news],
    ids=lambda x: x.__name__,
)
def test_no_display_is_steered(way: Callable[[str], str], text: str) -> None:
    printed = way(text)
    assert printed.strip()
    assert steering(printed) == []


@pytest.mark.parametrize("text", _HOSTILE)
@pytest.mark.parametrize("way", [print_line, warn, print_json])
def test_no_command_s_line_is_steered_nor_broken(
    way: Callable[[str], None], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    way(text)
    captured = capsys.readouterr()
    printed = captured.out + captured.err
    assert steering(printed) == []
    assert printed.count("\n") == 1


def test_markup_in_a_cell_is_text() -> None:
    assert "[red]STN[/red] [link=http://example.org]x[/link] :warning:" in _through_console(
        _HOSTILE[-1]
    )


class _Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def _drawn(text: str) -> str:
    """Return all that is sent to a screen by a table that is drawn again and again."""
    file = _Screen()
    console = PlainConsole(file=file)
    assert console.is_terminal
    table = Table(box=None)
    table.add_column("label")
    table.add_row(text)
    with Live(Group(table, Text(text, "red"), text), console=console, auto_refresh=False) as live:
        live.refresh()
    return file.getvalue()


@pytest.mark.parametrize("text", [each for each in _HOSTILE if "\n" not in each])
def test_on_a_screen_only_rich_s_own_styles_and_moves_are_sent(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "3000")
    drawn = _drawn(text)
    assert set(_SEQUENCES.findall(drawn)) == set(_SEQUENCES.findall(_drawn("STN")))
    assert set(steering(_SEQUENCES.sub("", drawn))) <= {"\r"}


@pytest.mark.parametrize("text", [each for each in _HOSTILE if "/" not in each])
def test_a_file_of_a_hostile_name_is_one_plain_line(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["config", "check", str(tmp_path / f"{text[:60]}.toml")]) == 2
    told = capsys.readouterr().err
    assert steering(told) == []
    assert told.count("\n") == 1


def test_what_a_file_says_is_plain_too(tmp_path: Path) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text('detectors = []\n[rig]\nname = "\\u001b[2J\\u202e"\n', encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "config", "check", os.fsencode(rig), "\udcff"],
        capture_output=True,
        check=False,
        cwd=_ROOT,
    )
    assert done.returncode == 2
    assert steering(done.stderr.decode()) == []


# The law: no other way there is.


#: The embedded broker, in a process of its own, only says why it cannot use its port.
_OUTSIDE = {"stimulators/broker/embedded.py"}
_NUMBERS = tuple("dfgeFGE%")


_MAKING_PLAIN = {"plain", "plain_json", "plain_toml"}


def _is_plain(node: ast.expr) -> bool:
    """Return whether an expression can only be our own text, or escaped text."""
    if isinstance(node, ast.JoinedStr):
        return all(_is_plain(each) for each in node.values)
    if isinstance(node, ast.FormattedValue):
        return _is_plain(node.value) or _is_number(node.format_spec)
    if isinstance(node, ast.BinOp):
        return _is_plain(node.left) and _is_plain(node.right)
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id in {
            "plain",
            "plain_json",
            "plain_toml",
        }
    if isinstance(node, ast.Name):
        return node.id.isupper()
    return isinstance(node, ast.Constant)


def _is_number(spec: ast.expr | None) -> bool:
    last = spec.values[-1] if isinstance(spec, ast.JoinedStr) and spec.values else None
    return isinstance(last, ast.Constant) and str(last.value).endswith(_NUMBERS)


def _raw_prints(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        is_print = called in {"print", "rich.print", "os.write"} or called.endswith(
            (".echo", ".secho", ".print_exc", "stdout.write", "stderr.write", "buffer.write")
        )
        if is_print and not all(_is_plain(each) for each in node.args):
            yield f"line {node.lineno}: {ast.unparse(node)}"
        if called.endswith((".writelines", "StreamHandler", "basicConfig")):
            yield f"line {node.lineno}: {called}"
        if called.rpartition(".")[2] == "Console":
            yield f"line {node.lineno}: a console that is no PlainConsole"


@pytest.mark.parametrize(
    "source",
    [
        "print(label)",
        "sys.stdout.write(label)",
        "sys.stderr.write(f'{label}\\n')",
        "sys.stderr.write(f'{label!r}\\n')",
        "sys.stderr.write(f'{label:>20}\\n')",
        "sys.stderr.write('stimloop: ' + label)",
        "sys.stdout.buffer.write(label.encode())",
        "typer.echo(label)",
        "typer.secho(f'{label}')",
        "console = Console()",
        "console = rich.console.Console(stderr=True)",
        "logging.basicConfig()",
    ],
)
def test_the_search_for_raw_prints_finds_each_kind(source: str) -> None:
    assert list(_raw_prints(source))


@pytest.mark.parametrize(
    "source",
    [
        "sys.stdout.write('done\\n')",
        "sys.stdout.write(f'{READY}\\n')",
        "sys.stderr.write(f'{_CLEAR}waiting {left_s:.0f} s for {plain(name)}')",
        "sys.stdout.write(f'{plain_json(document)}\\n')",
        "console = PlainConsole(stderr=True)",
        "file.write(label)",
    ],
)
def test_it_lets_plain_ones_pass(source: str) -> None:
    assert list(_raw_prints(source)) == []


def test_nothing_is_printed_raw() -> None:
    found = {
        name: raw
        for package in _PACKAGES
        for path in sorted((_ROOT / package).rglob("*.py"))
        if (name := path.relative_to(_ROOT).as_posix()) not in _OUTSIDE
        and (raw := list(_raw_prints(path.read_text(encoding="utf-8"))))
    }
    assert found == {}
