"""A place of its own on this machine for a real node: namespaces and a control group, and their removal.

A kubelet and a containerd expect a machine to themselves: fixed folders, fixed sockets, firewall
rules, kernel settings. Here they get a network namespace, a mount namespace that lays private
folders over the fixed ones, and a control group that all pods are below. So nothing of the machine
is changed, two nodes may run at once, and whatever is left of a node that was killed can be told
from everything else, and removed.

A node lives no longer than the process that opened its place: that process holds a lock, which ends
with it however it ends, and whoever opens the next place removes those that nobody holds any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from pathlib import Path
from typing import IO

import psutil

from tools.console import fail

# Gone after a reboot, as are the namespaces and groups it tells of.
_HOMES = Path("/run/portico")
_CGROUPS = Path("/sys/fs/cgroup")
_KILL_SECONDS = 20
# The node is on this machine: no proxy is between its programs.
_PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


class Isolation:
    """One place, named for the folder whose node it is for."""

    def __init__(self, folder: Path) -> None:
        """:param folder: The node's folder; what a killed node leaves is deleted together with it."""
        self.folder = folder.absolute()
        self.name = "portico-" + hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        self.cgroup = f"/{self.name}"
        self._held: IO[str] | None = None

    def open(self, address: str) -> bool:
        """Make the place, and answer whether it is new; ``address`` is the node's, with its prefix length."""
        if self._held is not None:
            return False
        with _one_at_a_time():
            _remove_abandoned()
            self._hold()
            _make_network(self.name, address)
            self._make_mounts()
            for path in _cgroup_parents():
                (path / self.name).mkdir(exist_ok=True)
        return True

    def lay_over(self, place: Path, source: Path) -> None:
        """Make ``source``, a file or a folder, seen as ``place``."""
        if source.is_dir():
            place.mkdir(parents=True, exist_ok=True)
        _run(*self.enter(), "mount", "--bind", str(source), str(place))

    def empty(self, place: Path) -> None:
        """Make the folder be seen empty. What is written there goes with the place."""
        place.mkdir(parents=True, exist_ok=True)
        _run(*self.enter(), "mount", "-t", "tmpfs", "-o", "mode=0755", "portico", str(place))

    def close(self) -> None:
        """Kill whatever still runs in the place, and remove it."""
        with _one_at_a_time():
            if self._held is None and not _hold_if_abandoned(_HOMES / self.name):
                return
            _destroy(self.name)
            if self._held is not None:
                self._held.close()
                self._held = None

    def enter(self) -> list[str]:
        """What comes before a command that is to run in the place."""
        proxies = [f"--unset={it}" for it in sorted(os.environ) if it.lower() in _PROXY_VARIABLES]
        return [
            *(["env", *proxies] if proxies else []),
            "nsenter",
            f"--net={_network(self.name)}",
            f"--mount={_mount_file(self.name)}",
        ]

    def _hold(self) -> None:
        home = _HOMES / self.name
        home.mkdir(exist_ok=True)
        held = (home / "holder").open("a")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.close()
            fail(f"another process runs a real node in {self.folder}")
        self._held = held
        (home / "folder").write_text(str(self.folder))

    def _make_mounts(self) -> None:
        """Make the mount namespace, and keep it by a file."""
        file = _mount_file(self.name)
        # A file keeps a mount namespace only where mounts are not shared with other namespaces.
        file.parent.mkdir(exist_ok=True)
        _run("mount", "-t", "tmpfs", "portico", str(file.parent))
        _run("mount", "--make-private", str(file.parent))
        file.touch()
        # Slave: what the machine unmounts goes here too, so that nothing is kept alive by this copy.
        _run("unshare", f"--mount={file}", "--propagation", "slave", "true")


def _network(name: str) -> Path:
    return Path("/run/netns", name)


def _mount_file(name: str) -> Path:
    return _HOMES / name / "namespaces" / "mount"


def _make_network(name: str, address: str) -> None:
    """A network with loopback and one address, and a route through it to everywhere, which leads nowhere."""
    _run("ip", "netns", "add", name)
    # Both ends of the pair are in the namespace: it only has to be up. Kernels for small virtual
    # machines lack the dummy device that would do as well.
    _run("ip", "-netns", name, "link", "add", "node0", "type", "veth", "peer", "name", "node1")
    for device in ("lo", "node0", "node1"):
        _run("ip", "-netns", name, "link", "set", device, "up")
    _run("ip", "-netns", name, "address", "add", address, "dev", "node0")
    # Without a route to it, a Service's address is refused before the firewall rules can rewrite it.
    _run("ip", "-netns", name, "route", "add", "default", "dev", "node0")


def _cgroup_parents() -> list[Path]:
    """The root of each hierarchy that the kubelet keeps groups in: one for each controller, or one for all."""
    if not (_CGROUPS / "cgroup.controllers").exists():
        return [it for it in _CGROUPS.iterdir() if it.is_dir() and it.name != "unified" and not it.is_symlink()]
    offered = (_CGROUPS / "cgroup.controllers").read_text().split()
    for controller in ("cpu", "cpuset", "memory", "pids"):
        if controller in offered:
            with contextlib.suppress(OSError):  # refused where it is already so, in some containers
                (_CGROUPS / "cgroup.subtree_control").write_text(f"+{controller}")
    return [_CGROUPS]


@contextlib.contextmanager
def _one_at_a_time() -> Generator[None]:
    _HOMES.mkdir(mode=0o700, exist_ok=True)
    with (_HOMES / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _hold_if_abandoned(home: Path) -> bool:
    """Whether the place is there and nobody holds it."""
    if not home.is_dir():
        return False
    with (home / "holder").open("a") as holder:
        try:
            fcntl.flock(holder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    # Let go again, but nobody can take it: whoever wants to waits for `_one_at_a_time`.
    return True


def remove_abandoned() -> None:
    """Remove the places, and the folders, of nodes whose process has ended without doing so."""
    if _HOMES.is_dir():
        with _one_at_a_time():
            _remove_abandoned()


def _remove_abandoned() -> None:
    for home in _HOMES.glob("portico-*"):
        if _hold_if_abandoned(home):
            record = home / "folder"
            folder = Path(record.read_text()) if record.exists() else None
            _destroy(home.name)
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)


def _destroy(name: str) -> None:
    """Remove the place, however much of it there is. Its processes are known by the place they are in."""
    _kill_all(name)
    namespaces = _mount_file(name).parent
    for path in (namespaces / "mount", namespaces):
        if os.path.ismount(path):
            _run("umount", str(path))
    if _network(name).exists():
        _run("ip", "netns", "delete", name)
    for root in _cgroup_roots(name):
        # The deepest first: a group with another in it cannot go.
        for group, _, _ in os.walk(root, topdown=False):
            _remove_group(Path(group))
    shutil.rmtree(_HOMES / name)


def _remove_group(group: Path) -> None:
    """Remove a group that has no process left; for a moment after the last one the kernel still refuses."""
    deadline = time.monotonic() + _KILL_SECONDS
    while group.exists():
        with contextlib.suppress(OSError):
            group.rmdir()
            return
        if time.monotonic() > deadline:
            fail(f"the control group {group} cannot be removed")
        time.sleep(0.02)


def _kill_all(name: str) -> None:
    deadline = time.monotonic() + _KILL_SECONDS
    while processes := _processes(name):
        if time.monotonic() > deadline:
            fail(f"processes of {name} do not end: {', '.join(str(it.pid) for it in processes)}")
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=1)


def _processes(name: str) -> list[psutil.Process]:
    """The node's own programs, which are in its network, and the pods', which are in its group."""
    ids: set[int] = set()
    if _network(name).exists():
        listed = subprocess.run(["ip", "netns", "pids", name], check=False, stdout=subprocess.PIPE, text=True)
        ids.update(map(int, listed.stdout.split()))
    for root in _cgroup_roots(name):
        for file in root.rglob("cgroup.procs"):
            with contextlib.suppress(OSError):  # the group has just gone
                ids.update(map(int, file.read_text().split()))
    found: list[psutil.Process] = []
    for number in ids - {0, os.getpid()}:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(number)
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def _cgroup_roots(name: str) -> list[Path]:
    return [it for it in (_CGROUPS / name, *_CGROUPS.glob(f"*/{name}")) if it.is_dir() and not it.parent.is_symlink()]


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        fail(f"{' '.join(command)}: {done.stderr.strip() or f'exit status {done.returncode}'}")
