"""The state of one AWS account: what its resources, its functions and the engine's order of changes share."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Optional, cast
from unittest.mock import patch

import boto3
from moto import mock_aws

__all__ = ["Account"]

_ACCOUNT = "123456789012"
_QUOTAS = {
    "rules-per-application-load-balancer": 100,
    "listeners-per-load-balancer": 50,
    "rules-per-security-group": 60,
}


@cache
def _session() -> Any:
    """What reads the models of services: once, as that takes long."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return cast("Any", boto3).Session(**keys)


class Account:
    """One account of AWS, in one region, in this process."""

    def __init__(self, region: str, quotas: Optional[Mapping[str, int]]) -> None:
        self.region = region
        self.account = _ACCOUNT
        self.quotas: Mapping[str, int] = {**_QUOTAS, **(quotas or {})}
        self.unproved: set[str] = set()
        """The calls that were held against botocore's model alone, as moto has none such."""
        self.calls: list[tuple[str, str]] = []
        """Each call that was made and changes something: of which service, and which."""
        self.made: dict[str, Any] = {}
        """The resources that exist, by URN: each a `Made`."""
        self.forwards: dict[str, tuple[str, frozenset[str]]] = {}
        """By listener and rule: the load balancer, and the target groups that it forwards to."""
        self.issued: set[str] = set()
        """The certificates that are issued."""
        self.count = 0
        """How many registrations there were."""
        self._mock: Any = mock_aws()
        # Some thousand images of machines, which take most of a second for every account.
        self._settings = patch.dict(os.environ, {"MOTO_EC2_LOAD_DEFAULT_AMIS": "false"})
        self._settings.start()
        self._mock.start()
        self._clients: dict[str, Any] = {}

    def close(self) -> None:
        """End it, and restore what boto3 had before."""
        self._mock.stop()
        self._settings.stop()

    def client(self, service: str) -> Any:
        """boto3's client of a service, on this account."""
        if service not in self._clients:
            self._clients[service] = _session().client(service, region_name=self.region)
        return self._clients[service]
