"""One account of AWS in this process, and what it makes of a program's registrations."""

import json
import threading
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Optional

from ...untyped import Properties
from .. import record
from ..recording import Registration
from .account import Account
from .changes import Changes
from .functions import answer_function
from .making import Update, make
from .resources import KINDS

__all__ = ["AwsModel"]


class AwsModel(Account):
    """One account of AWS, in one region: empty at first, and gone when it is closed.

    :param region: The region that all is made in.
    :param quotas: What the account may have more of than AWS gives by itself: `rules-per-application-load-balancer`
        (100) and `listeners-per-load-balancer` (50).
    """

    def __init__(self, region: str = "eu-central-1", quotas: Optional[Mapping[str, int]] = None) -> None:
        super().__init__(region, quotas)
        self._update: Optional[Update] = None
        # The engine's registrations come from several threads, and moto is made for one.
        self._lock = threading.RLock()

    def __enter__(self) -> "AwsModel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # What a test has ready before its program runs -------------------------------------------------------------

    def vpc(self, cidr: str = "10.0.0.0/16") -> str:
        """A VPC of its own, with a way to the internet; answers its id."""
        ec2 = self.client("ec2")
        made = ec2.create_vpc(CidrBlock=cidr, AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(VpcId=made, InternetGatewayId=gateway)
        return made

    def subnets(self, count: int = 2, vpc: Optional[str] = None) -> list[str]:
        """Subnets of a VPC, of a new one where none is named, each in a zone of its own; answers their ids."""
        ec2, within = self.client("ec2"), vpc or self.vpc()
        zones = ec2.describe_availability_zones()["AvailabilityZones"]
        if count > len(zones):
            raise LookupError(f"{self.region} has {len(zones)} zones")
        params = [{"CidrBlock": f"10.0.{at}.0/24", "AvailabilityZone": zones[at]["ZoneName"]} for at in range(count)]
        return [ec2.create_subnet(VpcId=within, **subnet)["Subnet"]["SubnetId"] for subnet in params]

    def zone(self, name: str) -> str:
        """A public hosted zone; answers its id."""
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=uuid.uuid4().hex)
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def certificate(self, host: str) -> str:
        """A certificate of ACM that is issued; answers its ARN."""
        arn = self.client("acm").request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]
        self.issued.add(arn)
        return arn

    def addresses(self, count: int = 1) -> list[str]:
        """Elastic IPs; answers their allocation ids."""
        allocate = self.client("ec2").allocate_address
        return [allocate(Domain="vpc")["AllocationId"] for _ in range(count)]

    def bucket(self, name: str, policy: Optional[Properties] = None) -> str:
        """A bucket, with a policy where one is given; answers its name."""
        where = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": self.region}}
        self.client("s3").create_bucket(Bucket=name, **where)
        if policy is not None:
            self.client("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(policy))
        return name

    # What a test does with it ----------------------------------------------------------------------------------

    def update(self, program: Callable[[], Any]) -> Changes:
        """Run a changed program against the resources of the model, and return what it changes.

        As the engine does: a resource that is replaced is created again before the old one is deleted, unless the
        program or the provider sets the opposite order. What the program no longer has is deleted last. A change that
        AWS would reject raises `AwsRefusal`.
        """
        return self._run(program, set())

    def compare(self, before: Callable[[], Any], after: Callable[[], Any]) -> Changes:
        """Run a program, then a changed one on what the first has made, and answer what the change does."""
        others = set(self.made)
        record(before, aws=self)
        return self._run(after, others)

    def _run(self, program: Callable[[], Any], others: set[str]) -> Changes:
        self._update = Update(others)
        try:
            record(program, aws=self)
            self._update.finish(self)
            return self._update.changes
        finally:
            self._update = None

    # What the mocks ask ----------------------------------------------------------------------------------------

    def outputs(self, registration: Registration, *, preview: bool) -> Optional[Properties]:
        """What AWS returns to a registration; None of what is not AWS's."""
        if not registration.type.startswith("aws:") or not registration.custom:
            return None
        kind = KINDS.get(registration.type)
        if kind is None:
            raise LookupError(
                f"{registration.name} is a {registration.type}, which this model of AWS doesn't support; it supports "
                f"{', '.join(sorted(kind.rpartition(':')[2] for kind in KINDS))}"
            )
        with self._lock:
            if self._update is not None:
                return self._update.outputs(self, kind, registration, preview=preview)
            return make(self, kind, registration, preview=preview)

    def function(self, token: str, args: Properties) -> Properties:
        """What AWS returns to a function of the provider."""
        with self._lock:
            return answer_function(self, token, args)
