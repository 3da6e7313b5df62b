"""Repeated findings are reported now and then, and all of them are counted."""

from detectors.conditioning.findings import Finding, Repetitions


def _samples(given: Repetitions, samples: list[int], kind: str, subject: str = "") -> list[str]:
    findings = [Finding(sample, kind, subject, str(sample)) for sample in samples]
    return [finding.text for finding in given.pass_on(findings)]


def test_repetitions_are_held_back_and_counted_with_the_next_that_passes() -> None:
    given = Repetitions(100, {})
    assert _samples(given, [5, 6, 104, 105, 106, 300], "late") == [
        "5",
        "105 (2 more like it before)",
        "300 (1 more like it before)",
    ]


def test_other_kinds_and_other_subjects_are_no_repetitions() -> None:
    given = Repetitions(100, {"gap": 0})
    assert _samples(given, [5], "late") == ["5"]
    assert _samples(given, [5], "late", "a") == ["5"]
    assert _samples(given, [5, 6, 7], "gap") == ["5", "6", "7"]
