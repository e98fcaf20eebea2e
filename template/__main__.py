"""Builds what the stack's file picks, and exports its outputs."""

from pulumi_portico.stack import build_stack

build_stack()
