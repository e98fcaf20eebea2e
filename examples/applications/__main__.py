"""Builds the application that the stack's file describes, and exports its outputs."""

from pulumi_portico.stack import build_stack

build_stack()
