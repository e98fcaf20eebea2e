"""Headless Chromium: what a page looks like there, measured by a script in it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Scheme = Literal["light", "dark"]
# As Chromium numbers them.
_SCHEMES: dict[Scheme, int] = {"dark": 0, "light": 1}
_FLAGS = (
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
    "--enable-logging=stderr",
)
_SECONDS = 60
_MEASURED = re.compile(r'<pre id="measured">(.*?)</pre>', re.S)


@dataclass(frozen=True)
class Seen:
    """What the browser made of a page."""

    measured: Any
    """What the script returned."""
    console: tuple[str, ...]
    """What the page wrote on its console: errors, refusals."""


def chromium() -> str | None:
    """The browser, where there is one."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def look(page: str, script: str, folder: Path, scheme: Scheme = "light", wide: int = 1280) -> Seen:
    """Open a copy of the HTML page, and run the body of a function in it, whose value is JSON."""
    program = chromium()
    assert program is not None
    measuring = (
        f"<script>addEventListener('load',()=>{{const measured=(()=>{{{script}}})();"
        "const out=document.createElement('pre');out.id='measured';out.textContent=JSON.stringify(measured);"
        "document.body.append(out)})</script>"
    )
    file = folder / "page.html"
    file.write_text(page.replace("</body>", f"{measuring}</body>"), encoding="utf-8")
    # Chromium refuses its sandbox to root.
    root = ("--no-sandbox",) if os.geteuid() == 0 else ()
    done = subprocess.run(
        [
            program,
            *_FLAGS,
            *root,
            f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
            f"--window-size={wide},900",
            f"--user-data-dir={folder / 'profile'}",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    )
    found = _MEASURED.search(done.stdout)
    assert found, f"the script did not come to its end: {done.stderr}"
    console = tuple(line for line in done.stderr.splitlines() if ":CONSOLE" in line)
    return Seen(json.loads(html.unescape(found[1])), console)
