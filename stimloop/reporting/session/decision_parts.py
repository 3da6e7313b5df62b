"""Parts of a session's page that show what was decided: amounts, latency, quality."""

from typing import Final

import numpy as np

from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting.page import Page, Picture, Section, Table
from stimloop.reporting.session.material import LATENCY_MS, Material, counts_of

_N_NOTES: Final = 40


def add_decision_parts(page: Page, material: Material) -> None:
    """Add amounts, latency and quality, and say which of them are missing, and why."""
    for title, made in (
        ("Amounts", _amounts(material)),
        ("Latency", _latency(material)),
        ("Quality", _quality(material)),
        ("Commands and refusals", _commands(material)),
    ):
        if isinstance(made, str):
            page.left_out.append((title, made))
        else:
            page.sections.append(made)


def _amounts(material: Material) -> Section | str:
    devices = [
        each
        for each in material.config.devices
        if material.wanted[each.id].points or material.highest[each.id].points
    ]
    if not material.config.devices:
        return "the rig has no device"
    if not devices:
        return "no device was ever driven, and no policy wanted anything"
    pictures: list[Picture] = []
    for number, device in enumerate(devices):
        with paint.drawing():
            figure = paint.new_figure(8.0, 2.8)
            axis = figure.subplots()
            lowest, highest = material.lowest[device.id], material.highest[device.id]
            if highest.points:
                axis.plot(
                    *highest.stairs(), color=colours.GREEN, lw=3.2, alpha=0.8, label="applied"
                )
                axis.plot(*lowest.stairs(), color=colours.GREEN, lw=1.0, linestyle=":")
            axis.plot(
                *material.allowed[device.id].stairs(), color=colours.BLACK, lw=1.2, label="allowed"
            )
            axis.plot(
                *material.wanted[device.id].stairs(),
                color=colours.VERMILION,
                lw=1.2,
                linestyle="--",
                label="wanted",
            )
            axis.axhline(device.safe_amount, color=paint.GREY, lw=1.0, linestyle="-.", label="safe")
            axis.set_xlabel("seconds")
            axis.set_ylabel("mA" if device.unit == "ma" else "level")
            axis.set_xlim(0.0, max(material.length_s, 1e-3))
            axis.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=4, fontsize=8)
            svg = paint.svg_of(figure, f"amounts-{number}")
        caption = (
            f"Device {device.id}. Dashed red: what the policy wanted; black: what the gate sent; "
            "green: what the device may have given, the lowest as dots where that is not certain."
        )
        pictures.append(Picture(svg, caption))
    return Section(title="Amounts: wanted, allowed, applied", pictures=pictures)


def _latency(material: Material) -> Section | str:
    if not material.is_timed:
        return "it ran in virtual time, in which nothing takes any time"
    drawn = {name: counts for name, counts in material.latency.items() if counts.sum()}
    if not drawn:
        return "no policy decided anything, and no device answered"
    with paint.drawing():
        figure = paint.new_figure(7.5, 2.8)
        axis = figure.subplots()
        styles = ((colours.BLUE, "-"), (colours.VERMILION, "--"))
        for (name, counts), (colour, style) in zip(drawn.items(), styles, strict=False):
            share, n_all = counts_of(counts)
            axis.stairs(
                share,
                LATENCY_MS,
                color=colour,
                linestyle=style,
                lw=1.6,
                label=f"{name} (n = {n_all})",
            )
        axis.set_xscale("log")
        axis.xaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
        used = np.flatnonzero(sum(drawn.values()))
        axis.set_xlim(
            LATENCY_MS[max(used[0] - 3, 0)], LATENCY_MS[min(used[-1] + 4, LATENCY_MS.size - 1)]
        )
        axis.set_xlabel("milliseconds")
        axis.set_ylabel("share")
        axis.legend(loc="upper right")
        svg = paint.svg_of(figure, "latency")
    caption = (
        "Software only, by the service's clock: from the newest sample of a hop to the decision on "
        "it, and from a command to the device's answer. Filters and windows come on top: each "
        "detector declares its delay."
    )
    rows = [[name, *_quantiles(counts)] for name, counts in drawn.items()]
    table = Table(["", "n", "median, ms", "99 %, ms", "longest, ms"], rows)
    return Section(title="Latency", pictures=[Picture(svg, caption)], tables=[table])


def _quantiles(counts: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[str]:
    """Return number, median, 99 % and the longest, as the upper edges of their bins."""
    upto = np.cumsum(counts) / counts.sum()
    edges = [LATENCY_MS[int(np.searchsorted(upto, each)) + 1] for each in (0.5, 0.99)]
    longest = LATENCY_MS[int(np.flatnonzero(counts)[-1]) + 1]
    return [str(int(counts.sum())), *(f"{each:.3g}" for each in (*edges, longest))]


def _quality(material: Material) -> Section | str:
    drawn = {name: each for name, each in material.valid.items() if each.values.size}
    if not drawn:
        return "no detector gave an estimate"
    kinds = sorted({kind for _, kind, _ in material.notes})
    with paint.drawing():
        figure = paint.new_figure(8.0, 0.9 + 0.3 * (len(drawn) + len(kinds)))
        axis = figure.subplots()
        for row, shares in enumerate(drawn.values()):
            end_s = shares.values.size * shares.step_s
            axis.imshow(
                shares.values[None, :],
                extent=(0.0, end_s, row + 0.4, row - 0.4),
                aspect="auto",
                interpolation="nearest",
                cmap="cividis",
                vmin=0.0,
                vmax=1.0,
            )
        for row, kind in enumerate(kinds, len(drawn)):
            at_s = [time_s for time_s, each, _ in material.notes if each == kind]
            axis.plot(at_s, [row] * len(at_s), "|", color=colours.VERMILION, markersize=12, mew=1.5)
        axis.set_yticks(range(len(drawn) + len(kinds)), [*drawn, *kinds])
        axis.set_ylim(len(drawn) + len(kinds) - 0.5, -0.5)
        axis.set_xlim(0.0, max(material.length_s, 1e-3))
        axis.set_xlabel("seconds")
        axis.grid(visible=False)
        svg = paint.svg_of(figure, "quality")
    caption = (
        "Each detector's row: light where all hops are valid, dark where none is (at first while "
        "windows fill); red ticks: flaws of the samples, by their kind."
    )
    rows = [[f"{time_s:.3f}", kind, text] for time_s, kind, text in material.notes[:_N_NOTES]]
    more = material.n_notes - len(rows)
    title = f"Notes on the samples{f', the first {len(rows)}; {more} more' if more > 0 else ''}"
    tables = [Table(["s", "Kind", "What"], rows, title)] if rows else []
    return Section(title="Quality", pictures=[Picture(svg, caption)], tables=tables)


def _commands(material: Material) -> Section | str:
    if not material.n_commands and not material.refused:
        return "nothing was sent and nothing refused"
    rows = [["commands sent", str(material.n_commands)]]
    rows += [[f"refused: {reason}", str(n)] for reason, n in material.refused.most_common()]
    return Section(title="Commands and refusals", tables=[Table(["", "Number"], rows)])
