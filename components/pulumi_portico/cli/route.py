"""`portico route`: what takes a request, and why nothing else does."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from ..errors import write_nearest
from .console import shown, usage_error, write
from .exits import Exit
from .options import FolderOption, JsonOption, StackOption

if TYPE_CHECKING:
    from rich.console import Console

    from .tracing import Answer, Request

__all__ = ["route"]

_MOST = 2


def route(
    request: Annotated[
        list[str], typer.Argument(metavar="REQUEST", help="A URL, or a method and a URL. Without a scheme, http.")
    ],
    stack: StackOption = None,
    folder: FolderOption = None,
    client: Annotated[
        Optional[str], typer.Option("--from", metavar="ADDRESS", help="The client's IP address.", show_default=False)
    ] = None,
    header: Annotated[
        Optional[list[str]],
        typer.Option("--header", "-H", metavar="NAME: VALUE", help="A header of the request; may be repeated."),
    ] = None,
    via: Annotated[
        Optional[str],
        typer.Option("--via", metavar="NAME", help="Ask this gateway or load balancer alone.", show_default=False),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say which route and service take a request, and why the others don't.

    Every way into the stack is asked, as only DNS knows which one a name leads to. Leaves with 1 where nothing takes
    the request.
    """
    from .project import find_stack
    from .tracing import Outcome, answers_of

    asked = _asked(request, client, header or [])
    found = find_stack(stack, folder)
    answers = answers_of(found.plan, asked)
    if via is not None:
        names = sorted(it.entry for it in answers)
        if via not in names:
            fix = write_nearest(via, names)
            said = f"{via} is no way into the stack; there are {', '.join(names) or 'none'}{f' ({fix})' if fix else ''}"
            raise usage_error(said, option="--via")
        answers = [it for it in answers if it.entry == via]
    if as_json:
        write(json.dumps(_plain(found.name, asked, answers), indent=2) + "\n")
    else:
        from .console import stdout

        _print(stdout(), asked, answers)
    if all(it.outcome is Outcome.NOTHING for it in answers):
        raise typer.Exit(Exit.FAILED)


def _asked(words: list[str], client: Optional[str], headers: list[str]) -> "Request":
    from .tracing import parse_request

    if len(words) > _MOST:
        raise usage_error("is a method and a URL, or a URL alone", option="REQUEST")
    method = words[0] if len(words) == _MOST else "GET"
    try:
        return parse_request(words[-1], method, client, headers)
    except ValueError as error:
        # It may be the address or a header that is wrong; the message says which.
        raise usage_error(str(error)) from error


def _plain(stack: str, request: "Request", answers: "list[Answer]") -> dict[str, Any]:
    asked = {"method": request.method, "url": request.url, "from": request.client}
    return {"version": 1, "stack": stack, "request": asked, "answers": [asdict(it) for it in answers]}


def _print(console: "Console", request: "Request", answers: "list[Answer]") -> None:
    console.print(shown(str(request), "bold"))
    if not answers:
        console.print("Nothing of the stack is reached from outside.")
    for answer in answers:
        console.print()
        _print_one(console, answer, http=request.http)


def _print_one(console: "Console", answer: "Answer", *, http: bool) -> None:
    from rich.padding import Padding
    from rich.table import Table

    from .tracing import Outcome

    styles = {Outcome.SERVICE: "green", Outcome.REDIRECT: "cyan", Outcome.ANSWER: "yellow", Outcome.NOTHING: "red"}
    way = " -> ".join(answer.enters_by) or answer.entry
    said = shown(f"{way}: ", "bold") + shown(answer.text, styles[answer.outcome])
    console.print(said)
    if answer.outcome is Outcome.SERVICE and http and answer.path:
        console.print(Padding(shown(f"{answer.leads_to} gets {answer.path}"), (0, 0, 0, 2), expand=False))
    if not answer.considered:
        return
    # Before the route that fits is asked, another rule may have answered.
    fits = "takes" if answer.outcome is Outcome.SERVICE else "fits"
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for it in answer.considered:
        mark = fits if it.takes else "not"
        style = "" if it.takes else "dim"
        table.add_row(*(shown(text, style) for text in (mark, it.what, it.leads_to, it.why)))
    console.print(Padding(table, (0, 0, 0, 2)))
