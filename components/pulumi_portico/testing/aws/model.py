"""One account of AWS in this process, and what it makes of a program's registrations."""

import threading
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Optional, cast

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from moto import mock_aws
from pulumi.output import Unknown
from pulumi.runtime import rpc

from ..recording import Registration
from ..wire import unwrapped
from .changes import Changes, changes_between, difference
from .functions import answer_function
from .refusal import AwsRefusal
from .resources import MAKERS
from .shapes import problems_of

__all__ = ["AwsModel"]

_ACCOUNT = "123456789012"


class AwsModel:
    """One account of AWS, in one region: empty at first, and gone when it is closed.

    :param region: The region that all is made in.
    """

    def __init__(self, region: str = "eu-central-1") -> None:
        self.region = region
        self.account = _ACCOUNT
        self.unproved: set[str] = set()
        """The calls that were held against botocore's model alone, as moto has none such."""
        self.calls: list[tuple[str, str]] = []
        """Each call that was made: of which service, and which."""
        self.made: dict[str, dict[str, Any]] = {}
        """What came of each resource, by its URN."""
        self.seen: set[str] = set()
        """The resources that the program under way has registered, by their URNs."""
        self._update: Optional[Changes] = None
        self._mock: Any = mock_aws()
        self._mock.start()
        self._clients: dict[str, Any] = {}
        # The engine's registrations come from several threads, and moto is made for one.
        self._lock = threading.RLock()

    def __enter__(self) -> "AwsModel":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, and give boto3 back what it had."""
        self._mock.stop()

    # What a test has ready before its program runs -------------------------------------------------------------

    def vpc(self, cidr: str = "10.0.0.0/16") -> str:
        """A VPC of its own; answers its id."""
        made = self.client("ec2").create_vpc(CidrBlock=cidr, AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
        gateway = self.client("ec2").create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.client("ec2").attach_internet_gateway(VpcId=made, InternetGatewayId=gateway)
        return made

    def subnets(self, count: int = 2, vpc: Optional[str] = None) -> list[str]:
        """Subnets of a VPC, of a new one where none is named, each in a zone of its own; answers their ids."""
        zones = self.client("ec2").describe_availability_zones()["AvailabilityZones"]
        if count > len(zones):
            raise LookupError(f"{self.region} has {len(zones)} zones")
        within = vpc or self.vpc()
        make: Any = self.client("ec2").create_subnet
        return [
            make(VpcId=within, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=zones[at]["ZoneName"])["Subnet"][
                "SubnetId"
            ]
            for at in range(count)
        ]

    def zone(self, name: str) -> str:
        """A public hosted zone; answers its id."""
        reference = uuid.uuid4().hex
        made = self.client("route53").create_hosted_zone(Name=name, CallerReference=reference)
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def certificate(self, host: str) -> str:
        """A certificate of ACM that is issued; answers its ARN."""
        return self.client("acm").request_certificate(DomainName=host, ValidationMethod="DNS")["CertificateArn"]

    def addresses(self, count: int = 1) -> list[str]:
        """Elastic IPs; answers their allocation ids."""
        allocate = self.client("ec2").allocate_address
        return [allocate(Domain="vpc")["AllocationId"] for _ in range(count)]

    def bucket(self, name: str) -> str:
        """A bucket; answers its name."""
        where = {} if self.region == "us-east-1" else {"LocationConstraint": self.region}
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
        return name

    # What the mocks ask ----------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        """boto3's client of a service, on this account."""
        if service not in self._clients:
            keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
            make = cast("Any", boto3).client
            self._clients[service] = make(service, region_name=self.region, **keys)
        return self._clients[service]

    def outputs(self, registration: Registration, *, preview: bool) -> Optional[Mapping[str, Any]]:
        """What AWS answers to a registration; None of what is not AWS's."""
        if not registration.type.startswith("aws:") or not registration.custom:
            return None
        make = MAKERS.get(registration.type)
        if make is None:
            raise LookupError(
                f"{registration.name} is a {registration.type}, which this model of AWS does not know; it knows "
                f"{', '.join(sorted(it.rpartition(':')[2] for it in MAKERS))}"
            )
        inputs: Mapping[str, Any] = unwrapped(registration.inputs)
        with self._lock:
            if not preview:
                self.seen.add(registration.urn)
            old = self.made.get(registration.urn) if self._update is not None else None
            if old is not None and not self._is_made_anew(registration, old, inputs, preview=preview):
                # Held against the model; of what changes in place, AWS keeps the identity.
                make(Asked(self, registration.name, inputs, preview=True))
                return self._kept(registration, old["outputs"], inputs, preview=preview)
            if self._update is not None and old is None and not preview:
                self._update.created.add(registration.name)
            made = make(Asked(self, registration.name, inputs, preview=preview))
            return self._kept(registration, made, inputs, preview=preview)

    def _kept(
        self, registration: Registration, outputs: Mapping[str, Any], inputs: Mapping[str, Any], *, preview: bool
    ) -> Mapping[str, Any]:
        if not preview:
            self.made[registration.urn] = {"outputs": outputs, "inputs": inputs}
        return outputs

    def _is_made_anew(
        self, registration: Registration, old: Mapping[str, Any], inputs: Mapping[str, Any], *, preview: bool
    ) -> bool:
        changed, renewing = difference(registration.type, old["inputs"], inputs)
        if changed and not preview and self._update is not None:
            kind = self._update.replaced if renewing else self._update.updated
            kind[registration.name] = renewing or changed
        return bool(renewing)

    def begin_update(self, changes: Changes) -> None:
        """From now on, a registration is compared with what there is, and noted in ``changes``."""
        self._update, self.seen = changes, set()

    def end_update(self) -> None:
        """Take registrations for new ones again."""
        self._update = None

    def function(self, token: str, args: Mapping[str, Any]) -> Mapping[str, Any]:
        """What AWS answers to a function of the provider."""
        with self._lock:
            return answer_function(self, token, args)

    def compare(self, before: Callable[[], Any], after: Callable[[], Any]) -> Changes:
        """Run a program, then a changed one, on this account, and answer what an update would do to it.

        What is replaced is made anew before the old one goes, unless the program says otherwise, so a name that both
        would have fails here as it does on AWS.
        """
        return changes_between(self, before, after)


class Asked:
    """One registration, and the ways to ask AWS about it."""

    def __init__(self, model: AwsModel, resource: str, inputs: Mapping[str, Any], *, preview: bool) -> None:
        self.model, self.resource, self.inputs, self.preview = model, resource, inputs, preview

    def get(self, field: str, default: Any = None) -> Any:
        """An input; the default where there is none."""
        value = self.inputs.get(field)
        return default if value is None else value

    def name(self, most: int, field: str = "name") -> str:
        """The name that it is given, or that Pulumi makes up for it: its own, a hyphen and seven characters.

        Source: pulumi-terraform-bridge, `AutoName`, which refuses what is longer than AWS takes.
        """
        given = self.get(field)
        if given is not None:
            return given
        # Another one each time, as a replacement stands beside what it replaces.
        made = f"{self.resource}-{uuid.uuid4().hex[:7]}"
        if len(made) > most:
            self.refuse(
                "its name", f"{made!r} is {len(made)} characters long with what Pulumi adds, and {most} are the most"
            )
        return made

    def refuse(self, operation: str, why: str) -> None:
        """Refuse the registration."""
        raise AwsRefusal(self.resource, operation, why)

    def call(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        """Make a call; in a preview, or where a value is not known, hold what is known against the model alone."""
        known = {key: value for key, value in params.items() if value is not None}
        unknown = _holds_unknown(known)
        checked = _without_unknown(known) if unknown else known
        found = [it for it in problems_of(service, operation, checked) if not (unknown and "Missing required" in it)]
        if found:
            self.refuse(operation, "; ".join(found))
        if self.preview or unknown:
            return None
        self.model.calls.append((service, operation))
        method = "".join(f"_{it.lower()}" if it.isupper() else it for it in operation).lstrip("_")
        try:
            with warnings.catch_warnings():
                # moto warns of errors that its models do not have; they are answered all the same.
                warnings.simplefilter("ignore", UserWarning)
                return getattr(self.model.client(service), method)(**known)
        except (ClientError, BotoCoreError) as refused:
            raise AwsRefusal(self.resource, operation, str(refused)) from refused

    def held(self, service: str, operation: str, params: Mapping[str, Any]) -> None:
        """Hold a call against the model alone, and say so: moto has none such."""
        known = _without_unknown({key: value for key, value in params.items() if value is not None})
        complete = not _holds_unknown(params)
        found = [it for it in problems_of(service, operation, known) if complete or "Missing required" not in it]
        if found:
            self.refuse(operation, "; ".join(found))
        self.model.unproved.add(f"{service}:{operation}")

    def tags(self) -> Optional[list[dict[str, str]]]:
        """Its tags, as most services take them."""
        tags: Mapping[str, str] = self.get("tags", {})
        return [{"Key": key, "Value": value} for key, value in sorted(tags.items())] or None


def _is_unknown(value: Any) -> bool:
    return isinstance(value, Unknown) or value == rpc.UNKNOWN


def _holds_unknown(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_unknown, cast("Mapping[str, Any]", value).values()))
    if isinstance(value, Sequence) and not isinstance(value, str):
        return any(map(_holds_unknown, cast("Sequence[Any]", value)))
    return _is_unknown(value)


def _without_unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        known = cast("Mapping[str, Any]", value).items()
        return {key: _without_unknown(it) for key, it in known if not _is_unknown(it)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_unknown(it) for it in cast("Sequence[Any]", value) if not _is_unknown(it)]
    return value
