"""Stacks from what other tools have: manifests of Kubernetes, Compose files, and the values of Helm charts."""
