"""What the programs of a real node are told: their configuration files, and the cluster's DNS Service."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.image import Image

NODE_NAME = "real-node"
NODE_ADDRESS = "192.0.2.10"
DNS_ADDRESS = "10.96.0.10"
DNS_DOMAIN = "cluster.local"

ECHO_PORT = 8080
ECHO_IMAGE = "docker.io/portico/echo:1"
# The same server under another tag, to roll to; its answers tell the versions apart.
ECHO_IMAGE_NEXT = "docker.io/portico/echo:2"
PAUSE_IMAGE = "docker.io/portico/pause:1"
IMAGES = (
    Image(ECHO_IMAGE, env={"VERSION": "1"}, ports=[ECHO_PORT]),
    Image(ECHO_IMAGE_NEXT, env={"VERSION": "2"}, ports=[ECHO_PORT]),
    Image(PAUSE_IMAGE, ["pause"]),
)

# Copies files where an overlay would share them: slower for large images, but it works on every
# file system, an overlay among them.
SNAPSHOTTER = "native"

# What the kubelet sets for the whole machine at its start. It is shown these as if they were set.
KERNEL_SETTINGS: Mapping[str, str] = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def write_configs(
    folder: Path,
    *,
    cgroup: str,
    cluster_cidr: str,
    certificates: Path,
    cni_plugins: Path,
    kubeconfigs: Mapping[str, Path],
) -> None:
    """Write every program's configuration into ``folder``."""
    (folder / "cni").mkdir(parents=True, exist_ok=True)
    files = {
        "cni/10-portico.conflist": _json(_cni(cluster_cidr)),
        "containerd.toml": _containerd(folder / "cni", cni_plugins),
        "kubelet.json": _json(_kubelet(cgroup, certificates)),
        "kube-proxy.json": _json(_kube_proxy(cluster_cidr, kubeconfigs["kube-proxy"])),
        "Corefile": _corefile(kubeconfigs["coredns"]),
        "resolv.conf": _resolv_conf(),
        "nsswitch.conf": "hosts: files dns\n",
    }
    for name, text in files.items():
        (folder / name).write_text(text)
    for name, value in KERNEL_SETTINGS.items():
        file = folder / "kernel" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n")


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"


def _containerd(cni_configs: Path, cni_plugins: Path) -> str:
    # A JSON string is a TOML string too.
    return f"""version = 2

[plugins."io.containerd.internal.v1.opt"]
path = "/var/lib/containerd/opt"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = {json.dumps(PAUSE_IMAGE)}
# Without it runc fails on machines that do not let it lower the score.
restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = {json.dumps(SNAPSHOTTER)}

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = {json.dumps(str(cni_plugins))}
conf_dir = {json.dumps(str(cni_configs))}
"""


def _cni(cluster_cidr: str) -> dict[str, Any]:
    # A link for each pod, not a bridge: packets between two pods are routed, so the Services' rules
    # see them without the bridge filter, which not every kernel has.
    point_to_point = {
        "type": "ptp",
        "ipMasq": False,
        "ipam": {"type": "host-local", "ranges": [[{"subnet": cluster_cidr}]], "routes": [{"dst": "0.0.0.0/0"}]},
    }
    return {
        "cniVersion": "0.4.0",
        "name": "portico",
        "plugins": [point_to_point, {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True}],
    }


def _kubelet(cgroup: str, certificates: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(certificates / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificates / "server.crt"),
        "tlsPrivateKeyFile": str(certificates / "server.key"),
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "clusterDNS": [DNS_ADDRESS],
        "clusterDomain": DNS_DOMAIN,
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": cgroup,
        # The place's group is removed with the place: nothing of the machine's own is limited.
        "enforceNodeAllocatable": [],
        "failCgroupV1": False,
        "failSwapOn": False,
        # How full the machine's disk is must not decide what a test sees.
        "evictionHard": {
            f"{disk}.{what}": "0%" for disk in ("nodefs", "imagefs") for what in ("available", "inodesFree")
        },
        "imageGCHighThresholdPercent": 100,
    }


def _kube_proxy(cluster_cidr: str, kubeconfig: Path) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": cluster_cidr,
        "hostnameOverride": NODE_NAME,
        "clientConnection": {"kubeconfig": str(kubeconfig)},
        # These are the machine's, not the namespace's: left as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _corefile(kubeconfig: Path) -> str:
    # A short life for answers, so that tests see changes soon. Nothing is forwarded: names outside
    # the cluster do not exist here, and are said not to at once.
    cluster_zones = f"{DNS_DOMAIN} in-addr.arpa ip6.arpa"
    return f"""{cluster_zones} {{
    bind {NODE_ADDRESS}
    errors
    kubernetes {cluster_zones} {{
        kubeconfig {kubeconfig}
        ttl 1
    }}
    loadbalance
}}
. {{
    bind {NODE_ADDRESS}
    errors
    template ANY ANY {{
        rcode NXDOMAIN
    }}
}}
"""


def _resolv_conf() -> str:
    return f"nameserver {DNS_ADDRESS}\nsearch svc.{DNS_DOMAIN} {DNS_DOMAIN}\noptions ndots:5 timeout:2 attempts:2\n"


def dns_service() -> Sequence[Mapping[str, Any]]:
    """The Service that pods ask for names, and the one endpoint behind it: CoreDNS on the node."""
    name, namespace = "kube-dns", "kube-system"
    ports = [{"name": f"dns-{protocol.lower()}", "port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    return (
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name, "namespace": namespace, "labels": {"k8s-app": name}},
            "spec": {"clusterIP": DNS_ADDRESS, "ports": ports},
        },
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{name}-node",
                "namespace": namespace,
                "labels": {
                    "kubernetes.io/service-name": name,
                    # Whose it is: the controller that makes slices leaves it alone.
                    "endpointslice.kubernetes.io/managed-by": "portico.dev",
                },
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [NODE_ADDRESS], "conditions": {"ready": True}}],
            "ports": ports,
        },
    )
