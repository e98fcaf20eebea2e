"""Build the real tools from their pinned Go modules, once for each version.

Every tool is a small Go module under ``tools/go`` with its go.sum committed. A
built tool lives in the user's cache, in a folder named for the hash of its
module files, so that a second checkout and a second run find it there, and a
changed pin builds anew beside the old one.

    python -m tools.build [NAME ...]     build these (default: what `make test` needs; --all: everything)
    python -m tools.build --list         what there is and where it is
"""

from __future__ import annotations

import argparse
import ast
import fcntl
import hashlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.console import Progress, fail, main_guard

GO_MODULES = Path(__file__).resolve().parent / "go"
GO_MINIMUM = (1, 26)

_PULUMI_VERSION = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_PULUMI_SDK = "github.com/pulumi/pulumi/sdk/v3"
_KUBERNETES = "k8s.io/kubernetes"
ENVOY_GATEWAY = "github.com/envoyproxy/gateway"
_KUBERNETES_PROVIDER = "github.com/pulumi/pulumi-kubernetes/provider/v4"


def _no_stamps(_module: Path) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Tool:
    """One Go module under ``tools/go`` and the commands to build from it."""

    name: str
    why: str
    module: str
    commands: Sequence[str]
    stamps: Callable[[Path], Mapping[str, str]] = _no_stamps
    # Runs in the scratch copy of the module before the build; may add files to
    # it or to the folder of finished commands.
    prepare: Callable[[Path, Path], None] | None = None


def required_version(module: Path, path: str) -> str:
    """The version of ``path`` that the module's go.mod pins, such as ``v1.37.2``."""
    match = re.search(rf"^\s*(?:require )?{re.escape(path)} (v\S+)", (module / "go.mod").read_text(), re.M)
    if match is None:
        raise LookupError(f"{module / 'go.mod'} does not require {path}")
    return match[1]


def _go_module_dir(module: Path, path: str) -> Path:
    """Where the Go module cache keeps ``path``, downloading it if need be."""
    answer = subprocess.run(
        ["go", "mod", "download", "-json", path], cwd=module, env=go_env(), check=True, stdout=subprocess.PIPE
    )
    return Path(json.loads(answer.stdout)["Dir"])


def module_sources(tool: str, path: str) -> Path:
    """Where the sources are of a Go module that a tool is built from, at the version that the tool pins."""
    return _go_module_dir(GO_MODULES / TOOLS[tool].module, path)


def _stamp_pulumi(module: Path) -> Mapping[str, str]:
    # Without it `pulumi version` is empty, and the Automation API refuses it.
    return {_PULUMI_VERSION: required_version(module, "github.com/pulumi/pulumi/pkg/v3")}


def _stamp_language_host(module: Path) -> Mapping[str, str]:
    return {_PULUMI_VERSION: required_version(module, _PULUMI_SDK)}


def _stamp_kubernetes(module: Path) -> Mapping[str, str]:
    version = required_version(module, _KUBERNETES)
    major, minor, _ = version.removeprefix("v").split(".")
    package = "k8s.io/component-base/version"
    return {f"{package}.gitVersion": version, f"{package}.gitMajor": major, f"{package}.gitMinor": minor}


def _stamp_traefik(module: Path) -> Mapping[str, str]:
    version = required_version(module, "github.com/traefik/traefik/v3").removeprefix("v")
    return {"github.com/traefik/traefik/v3/pkg/version.Version": version}


def _stamp_envoy_gateway(module: Path) -> Mapping[str, str]:
    return {f"{ENVOY_GATEWAY}/internal/cmd/version.envoyGatewayVersion": required_version(module, ENVOY_GATEWAY)}


# The pseudo-version in go.mod is the code of this release.
KUBERNETES_PROVIDER_VERSION = "4.25.0"


def _lay_provider_schema(scratch: Path, _finished: Path) -> None:
    """Put beside main.go the two files that it embeds, from the module itself."""
    source = _go_module_dir(scratch, _KUBERNETES_PROVIDER) / "cmd" / "pulumi-resource-kubernetes"
    schema = json.loads((source / "schema.json").read_text())
    schema["version"] = KUBERNETES_PROVIDER_VERSION
    (scratch / "schema.json").write_text(json.dumps(schema))
    (scratch / "terraform-mapping.json").write_bytes((source / "terraform-mapping.json").read_bytes())


def _install_python_exec(scratch: Path, finished: Path) -> None:
    """The engine's Python shim is a script, not a Go command: copy it."""
    script = finished / "pulumi-language-python-exec"
    script.write_bytes(
        (_go_module_dir(scratch, _PULUMI_SDK) / "python" / "cmd" / script.name).read_bytes(),
    )
    script.chmod(0o755)


def _copy_kwok_stages(scratch: Path, finished: Path) -> None:
    """kwok's own description of how nodes and pods behave: files beside its code, not in its binary."""
    source = _go_module_dir(scratch, "sigs.k8s.io/kwok") / "kustomize" / "stage"
    (finished / "stages").mkdir()
    for folder in ("node/fast", "node/heartbeat-with-lease", "pod/fast"):
        for stage in (source / folder).glob("*.yaml"):
            if stage.name != "kustomization.yaml":
                (finished / "stages" / stage.name).write_bytes(stage.read_bytes())


def _accept_uint64(scratch: Path, _finished: Path) -> None:
    """Let Envoy Gateway read every policy from files.

    Version 1.9.1 keeps what it reads in a fake client, which panics on fields of type uint64, such as the size of the
    table of a consistent hash. With a real API server it has no such client.
    """
    path = "sigs.k8s.io/structured-merge-diff/v6"
    copied = scratch / "structured-merge-diff"
    shutil.copytree(_go_module_dir(scratch, path), copied, copy_function=shutil.copyfile)
    for folder in (copied, *(entry for entry in copied.rglob("*") if entry.is_dir())):
        folder.chmod(0o755)
    source = copied / "value" / "valuereflect.go"
    before, after = "case reflect.Uint, reflect.Uint32,", "case reflect.Uint, reflect.Uint64, reflect.Uint32,"
    text = source.read_text()
    if text.count(before) != 1:
        fail(f"{path}: {source.name} isn't the file that this build changes")
    source.write_text(text.replace(before, after))
    with (scratch / "go.mod").open("a") as module:
        module.write(f"\nreplace {path} => ./{copied.name}\n")


TOOLS = {
    tool.name: tool
    for tool in (
        Tool(
            "pulumi",
            "the Pulumi engine and command line",
            "pulumi",
            ["github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
            _stamp_pulumi,
            _install_python_exec,
        ),
        Tool(
            "pulumi-language-python",
            "the engine's Python language host",
            "pulumi-language-python",
            ["github.com/pulumi/pulumi/sdk/v3/python/cmd/pulumi-language-python"],
            _stamp_language_host,
        ),
        Tool(
            "pulumi-resource-kubernetes",
            "the engine's Kubernetes provider",
            "pulumi-resource-kubernetes",
            ["."],
            lambda _module: {"main.version": KUBERNETES_PROVIDER_VERSION},
            _lay_provider_schema,
        ),
        Tool("etcd", "the cluster's store", "etcd", ["go.etcd.io/etcd/server/v3"]),
        Tool(
            "kubernetes",
            "the cluster's API server, controllers, scheduler and kubectl",
            "kubernetes",
            [
                f"{_KUBERNETES}/cmd/{name}"
                for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl")
            ],
            _stamp_kubernetes,
        ),
        Tool(
            "kwok",
            "the cluster's simulated nodes and pods",
            "kwok",
            ["sigs.k8s.io/kwok/cmd/kwok"],
            prepare=_copy_kwok_stages,
        ),
        Tool(
            "kubernetes-node",
            "the real node's kubelet and kube-proxy",
            "kubernetes",
            [f"{_KUBERNETES}/cmd/{name}" for name in ("kubelet", "kube-proxy")],
            _stamp_kubernetes,
        ),
        Tool("coredns", "the real node's cluster DNS", "coredns", ["github.com/coredns/coredns"]),
        Tool(
            "traefik",
            "the server of Ingresses that the real node's requests go through",
            "traefik",
            ["github.com/traefik/traefik/v3/cmd/traefik"],
            _stamp_traefik,
        ),
        Tool(
            "kube-router",
            "the firewall that enforces NetworkPolicies on the real node",
            "kube-router",
            ["github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"],
        ),
        Tool(
            "cloud-provider-aws",
            "the AWS cloud controller manager, which creates load balancers for Services",
            "cloud-provider-aws",
            ["k8s.io/cloud-provider-aws/cmd/aws-cloud-controller-manager"],
        ),
        Tool("echo-server", "the HTTP server that the real node's pods run", "echo-server", ["."]),
        Tool(
            "envoy-gateway",
            "the Gateway API implementation that the tests send requests through",
            "envoy-gateway",
            [f"{ENVOY_GATEWAY}/cmd/envoy-gateway"],
            _stamp_envoy_gateway,
            _accept_uint64,
        ),
    )
}

ENGINE = ("pulumi", "pulumi-language-python", "pulumi-resource-kubernetes")
CLUSTER = ("etcd", "kubernetes", "kwok")
CLOUD = ("cloud-provider-aws",)
GATEWAY = ("envoy-gateway",)
NODE = ("kubernetes-node", "coredns", "traefik", "kube-router", "echo-server")


def cache_root() -> Path:
    """``$PORTICO_CACHE``, or ``portico`` in the user's cache folder."""
    if explicit := os.environ.get("PORTICO_CACHE"):
        return Path(explicit)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "portico"


# Asked for at every command that is run, and the same as long as this process lives.
@cache
def fingerprint(name: str) -> str:
    """A hash of everything in the repository that decides what gets built."""
    tool = TOOLS[name]
    digest = hashlib.sha256()
    folder = GO_MODULES / tool.module
    for path in sorted(it for it in folder.rglob("*") if it.is_file()):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    recipe = [list(tool.commands), dict(tool.stamps(GO_MODULES / tool.module))]
    digest.update(json.dumps(recipe).encode())
    if tool.prepare is not None:
        # What it does, not how it is laid out.
        digest.update(ast.dump(ast.parse(inspect.getsource(tool.prepare))).encode())
    return digest.hexdigest()[:12]


def bin_dir(name: str) -> Path:
    """Where the tool's commands are, or will be once built."""
    return cache_root() / "tools" / f"{name}-{fingerprint(name)}"


def go_env() -> dict[str, str]:
    # No C compiler is asked for, and the answer does not depend on there being one.
    return {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}


def check_go(need: str) -> None:
    """Stop with one line unless Go is there and new enough."""
    minimum = ".".join(map(str, GO_MINIMUM))
    if shutil.which("go") is None:
        fail(f"Go >= {minimum} is not on PATH: {need}")
    found = subprocess.run(["go", "env", "GOVERSION"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    match = re.match(r"go(\d+)\.(\d+)", found)
    if match and (int(match[1]), int(match[2])) < GO_MINIMUM:
        fail(f"Go >= {minimum} is wanted, {found} is on PATH: {need}")


@contextmanager
def lock(what: str = "") -> Generator[None]:
    """Keep other processes from making the same in the cache's folder of tools."""
    path = cache_root() / "tools" / f".{what}lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _go_build(tool: Tool, scratch: Path, finished: Path, progress: Progress) -> None:
    stamps = " ".join(f"-X {variable}={value}" for variable, value in tool.stamps(scratch).items())
    command = ["go", "build", "-v", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {stamps}"]
    # A trailing separator makes `-o` a folder, so each command keeps its name.
    target = str(finished) + os.sep if len(tool.commands) > 1 else str(finished / tool.name)
    lines: list[str] = []
    with subprocess.Popen(
        [*command, "-o", target, *tool.commands],
        cwd=scratch,
        env=go_env(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as build:
        assert build.stderr is not None
        for line in build.stderr:
            lines.append(line.rstrip())
            progress.update(f"{len(lines)} packages")
    if build.returncode != 0:
        fail(f"building {tool.name} failed:\n  " + "\n  ".join(lines[-15:]))


def build(names: Sequence[str], *, why: str = "the tools are built from source") -> None:
    """Build what is missing. An interrupted build leaves nothing half-made behind."""
    if all(bin_dir(name).exists() for name in names):
        return
    check_go(why)
    with lock():
        missing = [name for name in names if not bin_dir(name).exists()]
        for index, name in enumerate(missing, 1):
            tool = TOOLS[name]
            with (
                Progress(f"Building {name} ({index} of {len(missing)}): {tool.why}") as progress,
                tempfile.TemporaryDirectory(dir=bin_dir(name).parent, prefix=f".{name}-") as work,
            ):
                scratch, finished = Path(work, "module"), Path(work, "bin")
                shutil.copytree(GO_MODULES / tool.module, scratch)
                finished.mkdir()
                if tool.prepare is not None:
                    tool.prepare(scratch, finished)
                _go_build(tool, scratch, finished, progress)
                finished.rename(bin_dir(name))


@main_guard
def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.build", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(TOOLS)}")
    parser.add_argument("--all", action="store_true", help="also what only `make test-all` needs")
    parser.add_argument("--list", action="store_true", help="say what there is and where it is")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in TOOLS]:
        parser.error(f"no tool {', '.join(unknown)}; there are: {', '.join(TOOLS)}")
    names = options.names or [*ENGINE, *CLUSTER, *GATEWAY, *((*NODE, *CLOUD) if options.all else ())]
    if options.list:
        for name in options.names or TOOLS:
            print(f"{name:28}{'built' if bin_dir(name).exists() else 'not built':11}{bin_dir(name)}")
        return
    build(names)


if __name__ == "__main__":
    sys.exit(main())
