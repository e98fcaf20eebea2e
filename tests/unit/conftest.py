"""Outputs stand among the parameters of tests, so the event loop must be there before they are collected."""

from hypothesis import HealthCheck, settings
from pulumi_portico.testing import ensure_event_loop

ensure_event_loop()
# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("portico", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("portico")
