"""Line length keeps the laws of a detector: ``pip install 'stimloop[testing]' pytest``."""

import pytest
from line_length import LineLength

from detectors.testing import HeldLaw, laws_of


@pytest.mark.parametrize("law", laws_of(LineLength), ids=str)
def test_it_keeps_the_laws(law: HeldLaw) -> None:
    """Each law, on each of its examples."""
    law.hold()
