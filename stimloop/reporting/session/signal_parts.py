"""Parts of a session's page that show signals, from the trace to bursts beside their null."""

from stimloop.reporting.page import Page, Section
from stimloop.reporting.session.event_part import event_part
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.rhythm_parts import burst_part, phase_part
from stimloop.reporting.session.spectral_parts import coherence_part, coupling_part, spectra_part
from stimloop.reporting.session.trace_part import trace_part


def add_signal_parts(page: Page, material: Material) -> None:
    """Add the parts of each stream that is shown, and say which parts are missing, and why."""
    unseen = [each for each in material.loop.conditioners if each not in material.views]
    if unseen:
        page.left_out.append(
            ("Streams", f"{', '.join(unseen)}: no detector reads them, or three are shown already")
        )
    for number, (name, view) in enumerate(material.views.items()):
        if view.raw.start_s is None:
            page.left_out.append((f"Signals of {name}", "it gave no sample"))
            continue
        page.sections.append(trace_part(name, view, material))
        for title, made in (
            ("Round events", event_part(name, view, material, number)),
            ("Spectra", spectra_part(name, view, number)),
            ("Coherence", coherence_part(view, number)),
            ("Coupling of phase and amplitude", coupling_part(view, number)),
            ("Phases of events", phase_part(view, material, number)),
            ("Bursts beside their null", burst_part(name, view, material, number)),
        ):
            if isinstance(made, str):
                page.left_out.append((f"{title} of {name}", made))
            else:
                page.sections.append(Section(title=f"{title}: {name}", **made))
