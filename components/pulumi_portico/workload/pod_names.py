"""The names that Kubernetes has for what the pods of every component have."""

from ..args.elsewhere import automatic, extra, holder, moved_to, several, unsupported
from .conversions import (
    below,
    container_of,
    from_security_context,
    from_service_account,
    from_spread,
    names_of,
    shutdown_seconds,
)

__all__ = ["POD_NAMES"]

POD_NAMES = {
    "affinity": moved_to("placement.affinity"),
    "nodeSelector": moved_to("placement.node_selector"),
    "tolerations": moved_to("placement.tolerations"),
    "priorityClassName": moved_to("placement.priority_class"),
    "runtimeClassName": moved_to("placement.runtime_class"),
    # The API server rejects pods that set what comes from these classes.
    "overhead": several("placement.runtime_class"),
    "preemptionPolicy": several("placement.priority_class"),
    "priority": several("placement.priority_class"),
    "topologySpreadConstraints": several("placement.spread", convert=below("placement.spread", from_spread)),
    "automountServiceAccountToken": moved_to("identity.token"),
    "serviceAccountName": moved_to("identity.service_account"),
    "serviceAccount": several("identity", convert=from_service_account),
    "imagePullSecrets": moved_to("image_policy.pull_secrets", names_of),
    "hostNetwork": moved_to("security.host_network"),
    "securityContext": several("security", convert=below("security", from_security_context)),
    "terminationGracePeriodSeconds": several("shutdown", "drain", convert=shutdown_seconds),
    "containers": holder(container_of, "image", "ports", "sidecars"),
    "restartPolicy": automatic("Always"),
    "activeDeadlineSeconds": unsupported(),
    "ephemeralContainers": unsupported(),
    **{
        name: extra(name)
        for name in (
            "dnsConfig",
            "dnsPolicy",
            "enableServiceLinks",
            "evictionResponders",
            "hostAliases",
            "hostIPC",
            "hostPID",
            "hostUsers",
            "hostname",
            "hostnameOverride",
            "nodeName",
            "os",
            "readinessGates",
            "resourceClaims",
            "schedulerName",
            "schedulingGates",
            "schedulingGroup",
            "setHostnameAsFQDN",
            "shareProcessNamespace",
            "subdomain",
            "workloadRef",
        )
    },
}
"""By the names of PodSpec."""
