"""The laws of a detector, for whoever writes one: run them on your own, without a checkout.

``pip install 'stimloop[testing]'``, say `examples` in your class, and in a test of yours::

    import pytest
    from detectors.testing import laws_of
    from line_length import LineLength


    @pytest.mark.parametrize("law", laws_of(LineLength), ids=str)
    def test_it_keeps_the_law(law):
        law.hold()
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError(
        "detectors.testing: expected hypothesis, found it not installed: "
        "pip install 'stimloop[testing]'"
    )
if not __debug__:
    raise ImportError("detectors.testing: expected assertions, found Python started with -O")

from detectors.testing.subject import LAYOUT, Example, StreamSamples
from detectors.testing.suite import HeldLaw, laws_of

__all__ = ["LAYOUT", "Example", "HeldLaw", "StreamSamples", "laws_of"]
