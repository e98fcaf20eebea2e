"""Outputs stand among the parameters of tests, so the event loop must be there before they are collected."""

from pulumi_portico.testing import ensure_event_loop

ensure_event_loop()
