"""The laws of policies, as tests that you run on a policy of your own, without a checkout.

``pip install 'stimloop[testing]'``, list `examples` (configurations) in your class, and write a
test::

    import pytest
    from graded import Graded
    from stimulators.testing import laws_of


    @pytest.mark.parametrize("law", laws_of(Graded), ids=str)
    def test_it_keeps_the_law(law):
        law.hold()

An example may drive the devices ``stn`` and ``stn_right`` (from 0 to 3 mA, safe at 0.5 mA, program
``adbs``) and ``band`` (level from 0 to 0.8), and may read any detectors, whose measures are
simulated. Measures named ``is_on`` or ``is_open`` are 0 or 1, those named ``threshold`` are 1, and
all others are below 1 while those are off and above it while they are on. Detections come where
that changes.
"""

from importlib.util import find_spec

if find_spec("hypothesis") is None:
    raise ImportError(
        "stimulators.testing: expected hypothesis, found it not installed: "
        "pip install 'stimloop[testing]'"
    )
if not __debug__:
    raise ImportError("stimulators.testing: expected assertions, found Python started with -O")

from stimulators.testing.laws import HeldLaw, laws_of
from stimulators.testing.policy_example import PolicyExample, examples_of

__all__ = ["HeldLaw", "PolicyExample", "examples_of", "laws_of"]
