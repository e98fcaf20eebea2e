"""What a real nginx keeps on its disk of a response that a slow client reads."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.real_nginx import program, why_not
from tools.settings_table import data

_MIB = 2**20
_RESPONSE = 64 * _MIB


def on_disk(process: int, folder: Path) -> int:
    """The bytes of the temporary files, which nginx deletes when it has opened them, of a process and its children."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    files = [entry for pid in (process, *children) for entry in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(file.stat().st_blocks * 512 for file in files if file.readlink().is_relative_to(folder))


def peak(folder: Path, size: str | None) -> int:
    """The most that nginx has on its disk of a response to a client that reads none of it."""
    (folder / "html").mkdir()
    with (folder / "html" / "large").open("wb") as file:
        file.truncate(_RESPONSE)
    temporary = folder / "temporary"
    limit = "" if size is None else f"proxy_max_temp_file_size {size};"
    # The workers of a root's nginx can't read its folder otherwise.
    user = "user root;" if os.geteuid() == 0 else ""
    kinds = ("client_body", "fastcgi", "uwsgi", "scgi")
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/pid; {user} events {{}}\n"
        f"http {{ access_log off; proxy_temp_path {temporary};"
        + "".join(f" {kind}_temp_path {folder}/{kind};" for kind in kinds)
        + f" server {{ listen unix:{folder}/target; root {folder}/html; }}"
        f" server {{ listen unix:{folder}/door; location / {{ proxy_pass http://unix:{folder}/target; {limit} }} }} }}"
    )
    command = [program(), "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors"), "-p", str(folder)]
    with subprocess.Popen(command) as nginx, socket.socket(socket.AF_UNIX) as client:
        try:
            while not (folder / "door").exists():
                time.sleep(0.05)
            client.connect(str(folder / "door"))
            client.sendall(b"GET /large HTTP/1.0\r\n\r\n")
            found = []
            for _ in range(15):
                time.sleep(0.1)
                found.append(on_disk(nginx.pid, temporary))
            return max(found)
        finally:
            nginx.terminate()


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
@pytest.mark.parametrize("controller", ["f5-nginx", "ingress-nginx"])
def test_a_gateway_keeps_no_response_on_its_disk(controller: str, tmp_path: Path) -> None:
    assert peak(tmp_path, data(controller, {})["proxy-max-temp-file-size"]) == 0


@pytest.mark.skipif(why_not() is not None, reason=str(why_not()))
def test_nginx_itself_keeps_all_of_it(tmp_path: Path) -> None:
    assert peak(tmp_path, None) > _RESPONSE * 0.9
