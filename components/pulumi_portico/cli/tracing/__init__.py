"""Follows a request through a stack: what takes it, and why nothing else does."""

from .answers import Answer, Considered, Outcome
from .entries import answers_of
from .request import Request, parse_request

__all__ = ["Answer", "Considered", "Outcome", "Request", "answers_of", "parse_request"]
