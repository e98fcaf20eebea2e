"""The Kubernetes objects of a `WebService`, built from its checked arguments.

Pure: dictionaries in, dictionaries out; Outputs pass through at the leaves.
"""

from typing import Any

from .args import WebServiceArgs, selector_of
from .availability import DRAIN_SECONDS, SHUTDOWN_SECONDS, build_drain, build_rollout, build_spread
from .environment import Sources, build_environment, build_volumes
from .health import build_probes
from .ports import ServicePort, ports_of
from .resources import build_resources

__all__ = ["build_deployment", "build_metadata", "build_service_account"]

Manifest = dict[str, Any]

_REPLICAS = 2
_AS_IT_IS = {"command": "command", "args": "args", "working_directory": "workingDir"}

# Pod Security "restricted" asks for a user other than root; checkov (CKV_K8S_40) and
# kube-score for one above 10000, which no user of the node is likely to have.
_USER_ID = 10001


def build_service_account(name: str, args: WebServiceArgs) -> Manifest:
    """The pods' identity: their own, and without a token, as most never talk to the API server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": build_metadata(name, args),
        "automountServiceAccountToken": False,
    }


def build_deployment(name: str, args: WebServiceArgs, sources: Sources) -> Manifest:
    """The Deployment that runs the pods."""
    selector = selector_of(name, args)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": build_metadata(name, args),
        "spec": {
            "replicas": args.get("replicas", _REPLICAS),
            "selector": {"matchLabels": dict(selector)},
            "strategy": build_rollout(),
            "template": {
                "metadata": {"labels": {**args.get("labels", {}), **selector}},
                "spec": _pod_spec(name, args, sources),
            },
        },
    }


def build_metadata(name: str, args: WebServiceArgs) -> Manifest:
    """The metadata that all of the service's objects have."""
    metadata: Manifest = {"name": name, "labels": {**args.get("labels", {}), **selector_of(name, args)}}
    if "namespace" in args:
        metadata["namespace"] = args["namespace"]
    return metadata


def _pod_spec(name: str, args: WebServiceArgs, sources: Sources) -> Manifest:
    mounts, volumes = build_volumes(args, sources)
    ports = ports_of(args)
    of_container, of_pod = build_drain(args.get("drain", DRAIN_SECONDS), args.get("shutdown", SHUTDOWN_SECONDS))
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        # Environment variables for every Service of the namespace: a leak of names, and slow with many.
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER_ID,
            "runAsGroup": _USER_ID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        **build_spread(selector_of(name, args)),
        **of_pod,
        **volumes,
        "containers": [
            {
                "name": name,
                "image": args["image"],
                **{theirs: args[ours] for ours, theirs in _AS_IT_IS.items() if ours in args},
                **build_environment(args, sources),
                **({"ports": list(map(_port, ports.values()))} if ports else {}),
                **build_probes(args.get("health"), ports),
                **of_container,
                **build_resources(args.get("resources", {})),
                **mounts,
                "securityContext": {
                    "allowPrivilegeEscalation": False,
                    "readOnlyRootFilesystem": True,
                    "capabilities": {"drop": ["ALL"]},
                },
            }
        ],
    }


def _port(port: ServicePort) -> Manifest:
    return {"name": port.name, "containerPort": port.target, "protocol": port.protocol}
