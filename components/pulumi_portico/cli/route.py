"""`portico route`: which service receives a request, and why no other route matches it."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from ..args.similar_names import nearest
from ..untyped import Data
from .console import shown, usage_error, write
from .exits import Exit
from .options import FolderOption, JsonOption, StackOption

if TYPE_CHECKING:
    from rich.console import Console

    from .tracing import Answer, Request

__all__ = ["route"]

_VERSION = 3
_METHOD_AND_URL = 2


def route(
    request: Annotated[
        list[str], typer.Argument(metavar="REQUEST", help="A URL, or a method and a URL. The default scheme is http.")
    ],
    stack: StackOption = None,
    folder: FolderOption = None,
    client: Annotated[
        Optional[str], typer.Option("--from", metavar="ADDRESS", help="The client's IP address.", show_default=False)
    ] = None,
    header: Annotated[
        Optional[list[str]],
        typer.Option("--header", "-H", metavar="NAME: VALUE", help="A header of the request. Can be repeated."),
    ] = None,
    via: Annotated[
        Optional[str],
        typer.Option("--via", metavar="NAME", help="Only this gateway or load balancer.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show which service receives a request, and why no other route matches it.

    Shows the result at each gateway and load balancer that clients can connect to, because only DNS knows which of
    them a name leads to. The exit code is 0 if a service receives the request, or if the stack redirects it or sets the
    response. It is 1 if no client can connect, or if every controller rejects the request by itself, such as with 404.
    """
    from .project import find_stack
    from .tracing import answers_of

    parsed = _parsed(request, client, header or [])
    found = find_stack(stack, folder)
    answers = _only(via, answers_of(found.plan, parsed))
    if as_json:
        write(json.dumps(_as_data(found.name, parsed, answers), indent=2) + "\n")
    else:
        from .console import stdout

        _print(stdout(), parsed, answers)
    if not any(answer.is_served for answer in answers):
        raise typer.Exit(Exit.FAILED)


def _parsed(words: list[str], client: Optional[str], headers: list[str]) -> "Request":
    from .tracing import InvalidRequest, parse_request

    if len(words) > _METHOD_AND_URL:
        raise usage_error("only a method and a URL, or a URL", option="REQUEST")
    method = words[0] if len(words) == _METHOD_AND_URL else "GET"
    try:
        return parse_request(words[-1], method, client, headers)
    except InvalidRequest as error:
        # The message names the URL, the address, or the header.
        raise usage_error(str(error)) from error


def _only(via: Optional[str], answers: "list[Answer]") -> "list[Answer]":
    """The answers of the entry that the user chose."""
    if via is None:
        return answers
    names = sorted(answer.entry for answer in answers)
    if via not in names:
        close = nearest(via, names)
        hint = f"; did you mean {close}?" if close else ""
        known = ", ".join(names) or "none"
        raise usage_error(f"clients can't connect to {via}, only to: {known}{hint}", option="--via")
    return [answer for answer in answers if answer.entry == via]


def _as_data(stack: str, request: "Request", answers: "Sequence[Answer]") -> Data:
    requested = {"method": request.method, "url": request.url, "from": request.client}
    found = [answer.as_data() for answer in answers]
    return {"version": _VERSION, "stack": stack, "request": requested, "answers": found}


def _print(console: "Console", request: "Request", answers: "Sequence[Answer]") -> None:
    console.print(shown(str(request), "bold"))
    if not answers:
        console.print("The stack has no gateway and no load balancer that clients can connect to.")
    for answer in answers:
        console.print()
        _print_answer(console, answer)


def _print_answer(console: "Console", answer: "Answer") -> None:
    from rich.padding import Padding
    from rich.table import Table

    from .tracing import Outcome

    styles = {
        Outcome.SERVICE: "green",
        Outcome.REDIRECT: "cyan",
        Outcome.RESPONSE: "yellow",
        Outcome.UNREACHABLE: "red",
    }
    way = " -> ".join(hop.text for hop in answer.hops) or answer.entry
    console.print(shown(f"{way}: ", "bold") + shown(answer.text, styles[answer.outcome]))
    if not answer.candidates:
        return
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for candidate in answer.candidates:
        mark, style = ("match", "") if candidate.matches else ("-", "dim")
        columns = (mark, candidate.match, candidate.leads_to, candidate.reason.text)
        table.add_row(*(shown(column, style) for column in columns))
    console.print(Padding(table, (0, 0, 0, 2)))
