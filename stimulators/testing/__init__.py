"""The laws of a policy, for ours and for those of other packages; needs pytest's hypothesis.

A class of another package that says `examples`, a tuple of its configurations, is held against
every law by

>>> from stimulators.policies.threshold import Threshold
>>> from stimulators.testing import check_policy
>>> check_policy(Threshold, n_examples=3)

An example may drive the devices ``stn`` and ``stn_right`` (from 0 to 3 mA, safe at 0.5 mA, program
``adbs``) and ``band`` (level from 0 to 0.8), and may read any detectors: their measures are made
up. What is called ``is_on`` or ``is_open`` is 0 or 1, what is called ``threshold`` is 1, and all
else is below 1 while that is off and above it while it is on. Detections come where that changes.
"""

from stimulators.testing.laws import LAWS, check_policy
from stimulators.testing.policy_example import PolicyExample, examples_of

__all__ = ["LAWS", "PolicyExample", "check_policy", "examples_of"]
