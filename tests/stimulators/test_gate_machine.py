"""The gate against its oracle, and its memory."""

from hypothesis import HealthCheck, settings

from tests.stimulators.gate_machine import GateMachine

TestGate = GateMachine.TestCase
TestGate.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
