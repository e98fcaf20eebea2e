"""What a load balancer costs for being there, as an estimate from a price table that can be replaced.

Prices change, differ between regions, and leave out what is paid by use: data, connections, rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .._typing import NotRequired, TypedDict
from ..amounts import count
from ..checks import Field, Rules
from ..load_balancers import Platform
from ..values import number as number_from

__all__ = ["AWS", "PRICES", "RULES", "Billable", "Estimate", "Price", "counted", "estimate", "together"]

_HOURS_IN_A_MONTH = 730
_RULES_TOGETHER = 5
"""So many forwarding rules of a project cost as much as one on Google Cloud (its page of prices: 0.025 USD an hour)."""
_MORE_RULES = 0.4
"""What each more of them costs, of the price of one (the same page: 0.01 USD an hour)."""


class Price(TypedDict):
    """What a platform asks for a load balancer and for an address, by the hour."""

    load_balancer_hour: float
    """What one load balancer (on GKE, one forwarding rule) costs an hour, in the currency."""

    public_address_hour: float
    """What one public IPv4 address that is in use costs an hour, in the currency."""

    currency: NotRequired[str]
    """The currency of both, as three letters. Default: USD."""

    source: NotRequired[str]
    """Where the prices are from, for whoever reads the estimate. Default: that they were given."""

    date: NotRequired[str]
    """When they were true, as YYYY-MM-DD. Default: not said."""


RULES: Rules = {
    Price: {
        "load_balancer_hour": Field(number_from(0, "a price")),
        "public_address_hour": Field(number_from(0, "a price")),
    }
}
"""What the fields of a price must satisfy."""

AWS = "aws"
"""Stands in the table for load balancers that Pulumi owns."""

_AWS: Price = {
    "load_balancer_hour": 0.0225,
    "public_address_hour": 0.005,
    "source": "aws.amazon.com/elasticloadbalancing/pricing and aws.amazon.com/vpc/pricing, us-east-1",
    "date": "2026-06-30",
}

PRICES: Mapping[str, Price] = {
    Platform.AWS_CONTROLLER.value: _AWS,
    Platform.EKS_AUTO_MODE.value: _AWS,
    Platform.AWS_LEGACY.value: _AWS,
    AWS: _AWS,
    Platform.GKE.value: {
        "load_balancer_hour": 0.025,
        "public_address_hour": 0.0,
        "source": "cloud.google.com/load-balancing/pricing: up to five forwarding rules cost this together",
        "date": "2026-06-30",
    },
    Platform.AZURE.value: {
        "load_balancer_hour": 0.025,
        "public_address_hour": 0.005,
        "source": "azure.microsoft.com/pricing/details/load-balancer and ip-addresses: five rules are included",
        "date": "2026-06-30",
    },
}
"""List prices, for regions in the United States, as the platforms' pages had them by mid-2026. A generic platform has
none."""


@dataclass(frozen=True)
class Billable:
    """What the platform bills by the hour for one load balancer, as far as it can be told ahead."""

    load_balancers: int
    """Load balancers; forwarding rules on GKE; one on Azure, where all Services share it."""
    public_addresses: int
    """Public IPv4 addresses."""
    assumed: str = ""
    """What had to be assumed; empty where nothing was."""


@dataclass(frozen=True)
class Estimate:
    """What a load balancer costs for being there."""

    monthly: Optional[float]
    """For a month of 730 hours, without what is paid by use; None where no price is known."""
    text: str
    """The same in words: that it is an estimate, of what, from which prices, and what was assumed."""


def estimate(platform: str, billable: Billable, price: Optional[Mapping[str, Any]] = None) -> Estimate:
    """What is billed, at the price that is given, else at the platform's list price."""
    many = f"{count(billable.load_balancers, 'load balancer')} and "
    many += count(billable.public_addresses, "public address", "es")
    known: Optional[Mapping[str, Any]] = price or PRICES.get(platform)
    if known is None:
        return Estimate(None, f"no estimate: no price is known for {many} on {platform}")
    by_hour = _paid(platform, billable.load_balancers, price) * known["load_balancer_hour"]
    by_hour += billable.public_addresses * known["public_address_hour"]
    monthly = round(by_hour * _HOURS_IN_A_MONTH, 2)
    currency = known.get("currency", "USD")
    said = known.get("source", "given to the component")
    when = f" of {known['date']}" if "date" in known else ""
    assumed = f"; assumed: {billable.assumed}" if billable.assumed else ""
    return Estimate(
        monthly,
        f"estimate: {monthly:.2f} {currency} a month for {many}, without traffic; prices{when}: {said}{assumed}",
    )


def together(platform: str, each: Sequence[Billable], price: Optional[Mapping[str, Any]] = None) -> Optional[float]:
    """What several load balancers cost a month: what is said of each, less what they have in common."""
    alone = [estimate(platform, it, price).monthly for it in each]
    known = [it for it in alone if it is not None]
    if len(known) < len(alone):
        return None
    paid = sum(_paid(platform, it.load_balancers, price) for it in each)
    shared = paid - _paid(platform, sum(it.load_balancers for it in each), price)
    hour: float = (price or PRICES[platform])["load_balancer_hour"] if shared else 0
    return round(sum(known) - shared * hour * _HOURS_IN_A_MONTH, 2)


def counted(platform: str, load_balancers: int) -> int:
    """How many load balancers a platform bills where a stack has so many of it: on Azure all Services share one."""
    return min(load_balancers, 1) if platform == Platform.AZURE.value else load_balancers


def _paid(platform: str, load_balancers: int, price: Optional[Mapping[str, Any]]) -> float:
    """How many times the price of one is asked for so many; one that is given is that of each."""
    if platform == Platform.GKE.value and price is None:
        return min(load_balancers, 1) + _MORE_RULES * max(0, load_balancers - _RULES_TOGETHER)
    return counted(platform, load_balancers)
