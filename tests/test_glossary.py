"""The glossary names code that exists, in alphabetical order."""

import re
from pathlib import Path

_ROOT = Path(__file__).parents[1]
_ENTRY = re.compile(
    r"^\*\*(?P<term>[^*]+)\*\*: (?P<text>.+?)\s\(`(?P<name>\w+)`,\s`(?P<file>[\w/.]+)`\)$"
)


def _entries() -> list[re.Match[str]]:
    paragraphs = (_ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").split("\n\n")[2:]
    matches = [_ENTRY.match(" ".join(each.split())) for each in paragraphs]
    broken = [each for each, found in zip(paragraphs, matches, strict=True) if found is None]
    assert broken == []
    return [each for each in matches if each is not None]


def test_every_term_has_the_place_that_defines_it() -> None:
    missing = []
    for entry in _entries():
        file = _ROOT / entry["file"]
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        if re.search(rf"\b{entry['name']}\b", text) is None:
            missing.append((entry["term"], entry["name"], entry["file"]))
    assert missing == []


def test_terms_are_in_order_and_none_is_there_twice() -> None:
    terms = [entry["term"].casefold() for entry in _entries()]
    assert terms == sorted(set(terms))


def test_a_definition_is_one_to_three_sentences() -> None:
    long = [entry["term"] for entry in _entries() if not 1 <= entry["text"].count(". ") + 1 <= 3]
    assert long == []
