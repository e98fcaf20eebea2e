"""Which program reads an annotation, and on which objects: data. An annotation on any other object has no effect.

Annotations that aren't listed here are accepted everywhere, because any program can read them. Those of the controllers
and platforms that Portico configures are in their own modules, with their values. Sources: the programs' own references
of annotations, November 2026; for external-dns `source/annotations/annotations.go`, for cert-manager
`pkg/apis/certmanager/v1/types.go`, for Istio `istio.io/api/annotation`, for Linkerd `pkg/k8s/labels.go`, for Reloader
`internal/pkg/options`, for Keel `types/types.go`, for Velero its page about hooks, and for Kubernetes the page
"Well-Known Labels, Annotations and Taints".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Optional

import pulumi

from ..args.codes import define
from ..args.location import FieldPath, Key, Location
from ..args.problems import Problems, Remove

__all__ = [
    "CLAIM",
    "CONFIG",
    "DNS_HOSTNAME",
    "EXTERNAL_DNS",
    "INGRESS",
    "LOAD_BALANCER",
    "POD",
    "READERS",
    "SERVICE",
    "SERVICE_ACCOUNT",
    "SHARED_INGRESS",
    "WORKLOAD",
    "AnnotatedObject",
    "AnnotationReader",
    "check_readers",
    "check_readers_of_namespace",
    "is_only_of_load_balancers",
    "reader_of",
    "report_unread",
]

EXTERNAL_DNS = "external-dns.alpha.kubernetes.io/"
"""How the annotations start that external-dns reads. Its option `--annotation-prefix` changes it."""

DNS_HOSTNAME = f"{EXTERNAL_DNS}hostname"
"""The names of a Service that external-dns creates records for, separated by commas."""

OTHER_OBJECT = define(
    "annotation-of-other-object",
    "{program} doesn't read the annotation {key} on {object}.",
    allowed="on {objects}",
    hint="Remove it, or set it in {fields}.",
)
UNMANAGED_OBJECT = define(
    "annotation-of-unmanaged-object",
    "{program} doesn't read the annotation {key} on {object}.",
    allowed="on {objects}, whose annotations no field sets",
)
HAS_FIELD = define(
    "program-annotation-has-field",
    "{field} sets the annotation {key} on every object where {program} reads it; here, it has no effect, or another "
    "one than there.",
    allowed="only {field}",
    hint="Remove it, and set {field}.",
)


@dataclass(frozen=True)
class AnnotatedObject:
    """A kind of object that has annotations."""

    title: str
    field: Optional[FieldPath] = None
    """The field with its annotations; None if there is none."""


POD = AnnotatedObject("pods", FieldPath(("pod_annotations",)))
WORKLOAD = AnnotatedObject("workloads", FieldPath(("workload_annotations",)))
SERVICE = AnnotatedObject("Services", FieldPath(("service", "annotations")))
LOAD_BALANCER = AnnotatedObject("Services of type LoadBalancer", FieldPath(("exposure", "annotations")))
SERVICE_ACCOUNT = AnnotatedObject("ServiceAccounts", FieldPath(("identity", "annotations")))
INGRESS = AnnotatedObject("Ingresses", FieldPath(("routes", "annotations")))
SHARED_INGRESS = AnnotatedObject("Ingresses with certificates")
"""The Ingress of a generic class, which has all routes and certificates of its gateway."""

_INGRESS_CLASS = AnnotatedObject("IngressClasses")
_NAMESPACE = AnnotatedObject("namespaces")
CONFIG = AnnotatedObject("ConfigMaps and Secrets")
CLAIM = AnnotatedObject("claims")
_SERVER_RESOURCES = AnnotatedObject("resources of its own")

_ALSO: Mapping[AnnotatedObject, AnnotatedObject] = {LOAD_BALANCER: SERVICE, SHARED_INGRESS: INGRESS}
"""The more general kind of some objects: what reads that one reads these too."""


@dataclass(frozen=True)
class AnnotationReader:
    """A program, and where it reads annotations."""

    program: str
    starts: tuple[str, ...]
    """How the keys of the annotations start."""
    objects: tuple[AnnotatedObject, ...]
    """The objects on which it reads them, apart from those that fields set."""
    fields: Mapping[str, FieldPath] = field(default_factory=dict[str, FieldPath])
    """The fields that set an annotation where the program reads it, by the rest of its key; "" is for every other."""
    is_controller: bool = False
    """Whether it's an ingress controller, which reads only the Ingresses of its own class."""

    def reads(self, annotated: AnnotatedObject) -> bool:
        """Whether it reads annotations of a kind of object. No Ingress leads to the Service of a load balancer, so no
        ingress controller reads that."""
        is_other = self.is_controller and annotated is LOAD_BALANCER
        return annotated in self.objects or (not is_other and _ALSO.get(annotated) in self.objects)

    def field_for(self, key: str) -> Optional[FieldPath]:
        """The field that sets an annotation where the program reads it; None if there is none."""
        start = next((start for start in self.starts if key.startswith(start)), "")
        return self.fields.get(key[len(start) :], self.fields.get(""))


def _dns(*fields: str) -> FieldPath:
    return FieldPath(("dns_records", *fields))


def _tls(name: str) -> FieldPath:
    return FieldPath(("tls", name))


_TOP_LEVEL = (WORKLOAD, SERVICE, SERVICE_ACCOUNT, INGRESS, CONFIG, CLAIM)
"""What isn't within another object."""

READERS: tuple[AnnotationReader, ...] = (
    # DNS and certificates.
    AnnotationReader(
        "external-dns",
        (EXTERNAL_DNS,),
        (SERVICE, POD),
        {
            "hostname": FieldPath(("routes", "host")),
            "internal-hostname": FieldPath(("routes", "host")),
            "target": _dns("target"),
            "ttl": _dns("ttl"),
            "set-identifier": _dns("set_identifier"),
            "aws-weight": _dns("weight"),
            "": _dns("annotations"),
        },
    ),
    AnnotationReader(
        "cert-manager",
        ("cert-manager.io/",),
        (SHARED_INGRESS,),
        {
            "issuer": _tls("issuer"),
            "cluster-issuer": _tls("cluster_issuer"),
            "private-key-algorithm": _tls("key_algorithm"),
            "private-key-size": _tls("key_size"),
            "duration": _tls("duration"),
            "renew-before": _tls("renew_before"),
            "secret-template": _tls("secret_labels"),
        },
    ),
    AnnotationReader("cert-manager", ("cert-manager.io/allow-direct-injection",), (CONFIG,)),
    AnnotationReader("cert-manager", ("acme.cert-manager.io/",), (SHARED_INGRESS,)),
    AnnotationReader("cert-manager", ("kubernetes.io/tls-acme",), (SHARED_INGRESS,), {"": _tls("cluster_issuer")}),
    # Service meshes.
    AnnotationReader(
        "Istio",
        (
            "sidecar.istio.io/",
            "traffic.sidecar.istio.io/",
            "status.sidecar.istio.io/",
            "readiness.status.sidecar.istio.io/",
            "proxy.istio.io/",
            "inject.istio.io/",
            "prometheus.istio.io/",
            "ambient.istio.io/",
            "topology.istio.io/",
        ),
        (POD,),
    ),
    AnnotationReader("Istio", ("networking.istio.io/", "traffic.istio.io/"), (SERVICE,)),
    AnnotationReader("Linkerd", ("linkerd.io/", "config.alpha.linkerd.io/", "viz.linkerd.io/"), (POD,)),
    AnnotationReader("Linkerd", ("config.linkerd.io/opaque-ports",), (POD, SERVICE)),
    AnnotationReader("Linkerd", ("config.linkerd.io/",), (POD,)),
    AnnotationReader("Linkerd", ("retry.linkerd.io/", "timeout.linkerd.io/", "balancer.linkerd.io/"), (SERVICE,)),
    AnnotationReader("Consul", ("consul.hashicorp.com/",), (POD, SERVICE)),
    AnnotationReader("Kuma", ("kuma.io/", "prometheus.metrics.kuma.io/"), (POD, SERVICE)),
    AnnotationReader("Dapr", ("dapr.io/",), (POD,)),
    # Delivery and configuration.
    AnnotationReader("Flagger", ("flagger.app/",), (CONFIG,)),
    AnnotationReader("Argo CD", ("argocd.argoproj.io/", "link.argocd.argoproj.io/"), _TOP_LEVEL),
    AnnotationReader("Argo CD Image Updater", ("argocd-image-updater.argoproj.io/",), (_SERVER_RESOURCES,)),
    AnnotationReader("Argo Rollouts", ("rollout.argoproj.io/", "notifications.argoproj.io/"), (_SERVER_RESOURCES,)),
    AnnotationReader("Flux", ("kustomize.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io/"), _TOP_LEVEL),
    AnnotationReader("Flux", ("fluxcd.io/", "flux.weave.works/"), (WORKLOAD,)),
    AnnotationReader("Keel", ("keel.sh/",), (WORKLOAD,)),
    AnnotationReader("Reloader", ("reloader.stakater.com/match", "reloader.stakater.com/ignore"), (CONFIG,)),
    AnnotationReader(
        "Reloader",
        (
            "reloader.stakater.com/",
            "configmap.reloader.stakater.com/",
            "secret.reloader.stakater.com/",
            "deployment.reloader.stakater.com/",
        ),
        (WORKLOAD, POD),
    ),
    AnnotationReader("Wave", ("wave.pusher.com/",), (WORKLOAD,)),
    AnnotationReader("kube-downscaler", ("downscaler/",), (WORKLOAD,)),
    AnnotationReader("Reflector", ("reflector.v1.k8s.emberstack.com/",), (CONFIG,), {"": _tls("secret_annotations")}),
    AnnotationReader(
        "kubernetes-replicator", ("replicator.v1.mittwald.de/",), (CONFIG,), {"": _tls("secret_annotations")}
    ),
    AnnotationReader("Sealed Secrets", ("sealedsecrets.bitnami.com/",), (CONFIG,)),
    AnnotationReader("KEDA", ("autoscaling.keda.sh/", "scaledobject.keda.sh/"), (_SERVER_RESOURCES,)),
    AnnotationReader("Vault Agent Injector", ("vault.hashicorp.com/",), (POD,)),
    # Observation and backup.
    AnnotationReader("Prometheus", ("prometheus.io/probe",), (SERVICE, INGRESS)),
    AnnotationReader("Prometheus", ("prometheus.io/",), (POD, SERVICE)),
    AnnotationReader("Datadog", ("ad.datadoghq.com/service.", "ad.datadoghq.com/endpoints."), (SERVICE,)),
    AnnotationReader("Datadog", ("ad.datadoghq.com/", "admission.datadoghq.com/"), (POD,)),
    AnnotationReader("Elastic Beats", ("co.elastic.logs", "co.elastic.metrics", "co.elastic.hints"), (POD,)),
    AnnotationReader("Fluent Bit", ("fluentbit.io/",), (POD,)),
    AnnotationReader(
        "OpenTelemetry Operator", ("instrumentation.opentelemetry.io/", "sidecar.opentelemetry.io/"), (POD,)
    ),
    AnnotationReader(
        "Velero",
        (
            "backup.velero.io/",
            "pre.hook.backup.velero.io/",
            "post.hook.backup.velero.io/",
            "init.hook.restore.velero.io/",
            "post.hook.restore.velero.io/",
        ),
        (POD,),
    ),
    # Nodes and networks of pods.
    AnnotationReader("Cluster Autoscaler", ("cluster-autoscaler.kubernetes.io/",), (POD,)),
    AnnotationReader("Karpenter", ("karpenter.sh/",), (POD,)),
    AnnotationReader("Descheduler", ("descheduler.alpha.kubernetes.io/",), (POD,)),
    AnnotationReader("Multus", ("k8s.v1.cni.cncf.io/", "v1.multus-cni.io/"), (POD,)),
    AnnotationReader("Calico", ("cni.projectcalico.org/",), (POD,)),
    AnnotationReader("Cilium", ("policy.cilium.io/",), (POD,)),
    AnnotationReader("Cilium", ("service.cilium.io/", "io.cilium/"), (SERVICE,)),
    AnnotationReader("kube2iam", ("iam.amazonaws.com/",), (POD,)),
    # Kubernetes itself.
    AnnotationReader(
        "Kubernetes",
        (
            "container.apparmor.security.beta.kubernetes.io/",
            "container.seccomp.security.alpha.kubernetes.io/",
            "seccomp.security.alpha.kubernetes.io/",
            "controller.kubernetes.io/pod-deletion-cost",
            "kubectl.kubernetes.io/default-",
            "kubectl.kubernetes.io/restartedAt",
            "kubernetes.io/ingress-bandwidth",
            "kubernetes.io/egress-bandwidth",
        ),
        (POD,),
    ),
    AnnotationReader("Kubernetes", ("kubernetes.io/change-cause",), (WORKLOAD,)),
    AnnotationReader("Kubernetes", ("kubernetes.io/enforce-mountable-secrets",), (SERVICE_ACCOUNT,)),
    AnnotationReader(
        "Kubernetes",
        ("service.kubernetes.io/topology-mode", "service.kubernetes.io/topology-aware-hints"),
        (SERVICE,),
    ),
    AnnotationReader(
        "Kubernetes",
        ("ingressclass.kubernetes.io/is-default-class",),
        (_INGRESS_CLASS,),
        {"": FieldPath(("installation", "default_class"))},
    ),
    AnnotationReader(
        "Kubernetes",
        ("scheduler.alpha.kubernetes.io/node-selector", "scheduler.alpha.kubernetes.io/defaultTolerations"),
        (_NAMESPACE,),
    ),
    AnnotationReader("OpenShift", ("openshift.io/sa.scc.", "openshift.io/node-selector"), (_NAMESPACE,)),
    AnnotationReader("OpenShift", ("openshift.io/required-scc",), (POD,)),
    AnnotationReader("OpenShift", ("service.beta.openshift.io/", "service.alpha.openshift.io/"), (SERVICE,)),
    # Identities.
    AnnotationReader("Amazon EKS", ("eks.amazonaws.com/skip-containers",), (POD,)),
    AnnotationReader("Amazon EKS", ("eks.amazonaws.com/",), (SERVICE_ACCOUNT,)),
    AnnotationReader("GKE", ("iam.gke.io/",), (SERVICE_ACCOUNT,)),
    AnnotationReader(
        "Microsoft Entra Workload ID",
        (
            "azure.workload.identity/inject-proxy-sidecar",
            "azure.workload.identity/proxy-sidecar-port",
            "azure.workload.identity/skip-containers",
        ),
        (POD,),
    ),
    AnnotationReader(
        "Microsoft Entra Workload ID",
        ("azure.workload.identity/service-account-token-expiration",),
        (SERVICE_ACCOUNT, POD),
    ),
    AnnotationReader("Microsoft Entra Workload ID", ("azure.workload.identity/",), (SERVICE_ACCOUNT,)),
    # Load balancers of Services.
    AnnotationReader(
        "The controller of load balancers",
        ("service.beta.kubernetes.io/", "service.kubernetes.io/ibm-load-balancer-"),
        (LOAD_BALANCER,),
    ),
    AnnotationReader(
        "GKE",
        (
            "networking.gke.io/load-balancer-",
            "networking.gke.io/internal-load-balancer-",
            "cloud.google.com/load-balancer-type",
            "cloud.google.com/l4-rbs",
            "cloud.google.com/network-tier",
        ),
        (LOAD_BALANCER,),
    ),
    AnnotationReader("MetalLB", ("metallb.io/", "metallb.universe.tf/"), (LOAD_BALANCER,)),
    AnnotationReader("Cilium", ("lbipam.cilium.io/", "io.cilium/lb-ipam-"), (LOAD_BALANCER,)),
    AnnotationReader("kube-vip", ("kube-vip.io/",), (LOAD_BALANCER,)),
    AnnotationReader("Hetzner Cloud Controller Manager", ("load-balancer.hetzner.cloud/",), (LOAD_BALANCER,)),
    AnnotationReader(
        "OCI Cloud Controller Manager", ("oci.oraclecloud.com/", "oci-network-load-balancer."), (LOAD_BALANCER,)
    ),
    AnnotationReader("OpenStack Cloud Controller Manager", ("loadbalancer.openstack.org/",), (LOAD_BALANCER,)),
    # Ingress controllers.
    AnnotationReader(
        "The community's ingress-nginx", ("nginx.ingress.kubernetes.io/",), (INGRESS,), is_controller=True
    ),
    AnnotationReader(
        "F5 NGINX Ingress Controller",
        ("nginx.org/", "nginx.com/", "appprotect.f5.com/", "appprotectdos.f5.com/", "nsm.nginx.com/"),
        (INGRESS,),
        is_controller=True,
    ),
    AnnotationReader(
        "AWS Load Balancer Controller", ("alb.ingress.kubernetes.io/",), (INGRESS, SERVICE), is_controller=True
    ),
    AnnotationReader(
        "Application Gateway Ingress Controller",
        ("appgw.ingress.kubernetes.io/",),
        (INGRESS,),
        is_controller=True,
    ),
    AnnotationReader(
        "GKE Ingress",
        (
            "kubernetes.io/ingress.global-static-ip-name",
            "kubernetes.io/ingress.regional-static-ip-name",
            "kubernetes.io/ingress.allow-http",
            "ingress.gcp.kubernetes.io/",
            "networking.gke.io/managed-certificates",
            "networking.gke.io/v1beta1.FrontendConfig",
        ),
        (INGRESS,),
        is_controller=True,
    ),
    AnnotationReader(
        "GKE Ingress",
        (
            "cloud.google.com/neg",
            "cloud.google.com/backend-config",
            "beta.cloud.google.com/backend-config",
            "cloud.google.com/app-protocols",
        ),
        (SERVICE,),
    ),
    AnnotationReader("Traefik", ("traefik.ingress.kubernetes.io/",), (INGRESS, SERVICE), is_controller=True),
    AnnotationReader(
        "HAProxy Ingress Controller",
        ("haproxy.org/", "haproxy-ingress.github.io/"),
        (INGRESS, SERVICE),
        is_controller=True,
    ),
    AnnotationReader(
        "OpenShift's router", ("haproxy.router.openshift.io/", "route.openshift.io/"), (INGRESS,), is_controller=True
    ),
    AnnotationReader("Kong", ("konghq.com/",), (INGRESS, SERVICE), is_controller=True),
    AnnotationReader("Contour", ("projectcontour.io/",), (INGRESS, SERVICE), is_controller=True),
    AnnotationReader("Cilium", ("ingress.cilium.io/",), (INGRESS,), is_controller=True),
    AnnotationReader("The ingress controller", ("kubernetes.io/ingress.class",), (INGRESS,)),
)
"""Every program whose annotations Portico knows."""


@cache
def reader_of(key: str) -> Optional[AnnotationReader]:
    """The program that reads an annotation: the one with the longest start of its key; None if Portico knows none."""
    found = [(len(start), reader) for reader in READERS for start in reader.starts if key.startswith(start)]
    return max(found, key=lambda entry: entry[0])[1] if found else None


def is_only_of_load_balancers(key: str) -> bool:
    """Whether an annotation has an effect only on Services of type LoadBalancer."""
    reader = reader_of(key)
    return reader is not None and reader.objects == (LOAD_BALANCER,)


def check_readers(
    annotations: Optional[Mapping[str, pulumi.Input[str]]], at: Location, annotated: AnnotatedObject, problems: Problems
) -> None:
    """Report annotations that no program reads on the objects that have them."""
    for key in annotations or {}:
        report_unread(key, at / Key(key), annotated, problems)


def check_readers_of_namespace(
    annotations: Optional[Mapping[str, pulumi.Input[str]]], at: Location, problems: Problems
) -> None:
    """Report annotations of a namespace that no program reads there. Many programs read those of namespaces as the
    default of what is in them, so only those are reported that are known not to."""
    for key in annotations or {}:
        reader = reader_of(key)
        if reader is not None and (reader.is_controller or reader.program in _NOT_OF_NAMESPACES):
            report_unread(key, at / Key(key), _NAMESPACE, problems)


_NOT_OF_NAMESPACES = ("cert-manager", "external-dns", "Prometheus", "Cluster Autoscaler", "Karpenter", "MetalLB")


def report_unread(
    key: str, at: Location, annotated: AnnotatedObject, problems: Problems, field: Optional[Location] = None
) -> bool:
    """Report an annotation if the program that it's for doesn't read it on such an object. Returns whether it did.

    `field` is where the field is that sets the annotation, if that's known better than by its path.
    """
    reader = reader_of(key)
    if reader is None or (reader.reads(annotated) and not _is_set_by_field(reader, key, annotated)):
        return False
    named: dict[str, Any] = {"program": reader.program, "key": key, "object": annotated.title}
    places = [known for known in reader.objects if known.field is not None]
    if (path := reader.field_for(key)) is not None and (annotated in _OF_HOSTS or not places):
        problems.report(HAS_FIELD, at, field=field or path, **named)
    elif places:
        objects, fields = [known.title for known in places], [known.field for known in places]
        problems.report(OTHER_OBJECT, at, objects=objects, fields=fields, **named)
    else:
        objects = [known.title for known in reader.objects]
        problems.report(UNMANAGED_OBJECT, at, objects=objects, fix=Remove(at), **named)
    return True


_OF_HOSTS = (INGRESS, SHARED_INGRESS)
"""The objects of a host, whose settings are fields of the host."""


def _is_set_by_field(reader: AnnotationReader, key: str, annotated: AnnotatedObject) -> bool:
    return annotated in _OF_HOSTS and reader.field_for(key) is not None
