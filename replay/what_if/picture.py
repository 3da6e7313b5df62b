"""A small picture of what a device gave around a fault, as SVG written by hand."""

from collections.abc import Sequence
from html import escape

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _MARGIN = 300, 86, 14


def picture(
    given: Points, wished: Points, *, safe: float, highest: float, end_s: float, title: str
) -> str:
    """Return one picture.

    Parameters
    ----------
    given, wished : sequence of (float, float)
        What the device gave and what the policy wanted: seconds since the fault began, amount.
    safe, highest : float
        The device's safe amount, and the top of the picture.
    end_s : float
        The right edge.
    title : str
        What a screen reader says.
    """
    scale_x = (_WIDTH - 2 * _MARGIN) / end_s
    scale_y = (_HEIGHT - 2 * _MARGIN) / (highest or 1.0)

    def at(time_s: float, amount: float) -> str:
        x = _MARGIN + min(max(time_s, 0.0), end_s) * scale_x
        return f"{x:.1f},{_HEIGHT - _MARGIN - amount * scale_y:.1f}"

    def stairs(points: Points) -> str:
        corners: list[str] = []
        before: float | None = None
        for time_s, amount in points:
            if before is not None:
                corners.append(at(time_s, before))
            corners.append(at(time_s, amount))
            before = amount
        if before is not None:
            corners.append(at(end_s, before))
        return " ".join(corners)

    left, right = at(0.0, safe), at(end_s, safe)
    x_end = _WIDTH - _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'width="{_WIDTH}" height="{_HEIGHT}" role="img">'
        f"<title>{escape(title)}</title>"
        f'<polyline class="safe" points="{left} {right}"/>'
        f'<polyline class="wished" points="{stairs(wished)}"/>'
        f'<polyline class="given" points="{stairs(given)}"/>'
        f'<text x="{_MARGIN}" y="{_HEIGHT - 2}">0 s</text>'
        f'<text x="{x_end}" y="{_HEIGHT - 2}" text-anchor="end">{end_s:g} s</text>'
        f'<text x="{_MARGIN}" y="10">{highest:g}</text>'
        "</svg>"
    )
