"""Traces a request through a stack: which service receives it, and why no other route matches it."""

from .answers import Answer, Candidate, Hop, HopKind, Outcome
from .entries import answers_of
from .reasons import InvalidRequest, RouteReason
from .request import Request, parse_request

__all__ = [
    "Answer",
    "Candidate",
    "Hop",
    "HopKind",
    "InvalidRequest",
    "Outcome",
    "Request",
    "RouteReason",
    "answers_of",
    "parse_request",
]
