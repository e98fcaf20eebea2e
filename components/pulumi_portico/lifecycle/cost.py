"""What load balancers cost, apart from usage: an estimate as data, from a list of prices that users can replace.

Prices change and differ between regions. The estimate leaves out what usage costs: data, connections, and rules.
"""

import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Optional

from .._typing import NotRequired, TypedDict
from ..args.codes import Code, define
from ..args.parse import Field, Rules
from ..args.problems import ABSENT, Reason
from ..args.spec import Spec, spec
from ..args.values import number
from ..pluralize import pluralize
from ..untyped import Parameters

__all__ = [
    "LOAD_BALANCER",
    "PUBLIC_ADDRESS",
    "RULES",
    "Assumption",
    "Billable",
    "Billing",
    "Estimate",
    "LineItem",
    "ListPrices",
    "Price",
    "PriceSpec",
    "charge_text",
    "estimate",
    "estimate_data",
    "estimate_text",
    "monthly_total",
    "price_source_text",
]

_HOURS_IN_A_MONTH = 730

LOAD_BALANCER = "load-balancer"
PUBLIC_ADDRESS = "public-address"
"""The items of an estimate."""

INVALID_CURRENCY = define(
    "invalid-currency", "{value} isn't a currency code.", allowed="three uppercase letters, such as EUR"
)


class Price(TypedDict):
    """The hourly prices of a load balancer and of a public address."""

    load_balancer_hour: float
    """The price per hour of one load balancer (on GKE, of one forwarding rule), in the currency."""

    public_address_hour: float
    """The price per hour of one public IPv4 address that is in use, in the currency."""

    currency: NotRequired[str]
    """The currency of both prices, as three letters. Default: USD."""

    source: NotRequired[str]
    """Where the prices come from, for readers of the estimate. Default: the component's arguments."""

    date: NotRequired[str]
    """The date of the prices, as YYYY-MM-DD. Default: none."""


@spec(Price)
class PriceSpec(Spec):
    """A parsed `Price`."""

    load_balancer_hour: float
    public_address_hour: float
    currency: str = "USD"
    source: Optional[str] = None
    date: Optional[str] = None


def _currency(value: str) -> Optional[Reason]:
    if re.fullmatch("[A-Z]{3}", value):
        return None
    return Reason(INVALID_CURRENCY, suggestion=value.upper() if re.fullmatch("[A-Za-z]{3}", value) else ABSENT)


RULES: Rules = {
    Price: {
        "load_balancer_hour": Field(number(0, "a price")),
        "public_address_hour": Field(number(0, "a price")),
        "currency": Field(_currency),
    }
}
"""What the fields of a price must satisfy."""


@dataclass(frozen=True)
class ListPrices:
    """The prices that a platform publishes."""

    load_balancer_hour: float
    """The price per hour of one load balancer."""
    public_address_hour: float
    """The price per hour of one public IPv4 address that is in use."""
    currency: str
    source: str
    """The pages that publish them, and the region."""
    date: str
    """As YYYY-MM-DD."""
    units: Callable[[int], float] = float
    """How many times the price of one load balancer the platform charges for a number of them."""


@dataclass(frozen=True)
class Billing:
    """How a platform bills load balancers."""

    platform: str
    """What the platform is called in an estimate."""
    prices: Optional[ListPrices] = None
    """Its list prices; None if Portico knows none."""
    is_shared: bool = False
    """Whether all Services share one load balancer, which is billed once."""

    def billed(self, load_balancers: int) -> int:
        """How many load balancers the platform bills for a stack that has this many."""
        return min(load_balancers, 1) if self.is_shared else load_balancers


@dataclass(frozen=True)
class Assumption:
    """What an estimate assumes because it isn't known in advance."""

    code: Code
    params: Parameters = field(default_factory=dict[str, Any])

    @property
    def text(self) -> str:
        """The assumption in words."""
        return self.code.message.format(**self.params)


@dataclass(frozen=True)
class Billable:
    """What a platform bills by the hour for one load balancer, as far as it is known in advance."""

    load_balancers: int
    """Load balancers; on GKE forwarding rules."""
    public_addresses: int
    """Public IPv4 addresses."""
    assumptions: tuple[Assumption, ...] = ()

    @property
    def is_nothing(self) -> bool:
        """Whether nothing is billed."""
        return not self.load_balancers and not self.public_addresses and not self.assumptions


@dataclass(frozen=True)
class LineItem:
    """One item of an estimate."""

    name: str
    """`LOAD_BALANCER` or `PUBLIC_ADDRESS`."""
    quantity: int
    monthly: float
    """For a month of 730 hours, in the currency of the estimate."""


@dataclass(frozen=True)
class Estimate:
    """What a load balancer costs, apart from usage."""

    platform: str
    billable: Billable
    items: tuple[LineItem, ...] = ()
    """Empty if no price is known."""
    currency: Optional[str] = None
    """As three letters; None if no price is known."""
    source: Optional[str] = None
    """Where the prices come from; None if they are the component's arguments, or not known."""
    date: Optional[str] = None
    """The date of the prices; None if it isn't known."""

    @property
    def monthly(self) -> Optional[float]:
        """For a month of 730 hours; None if no price is known."""
        if self.billable.is_nothing:
            return 0.0
        return round(sum(item.monthly for item in self.items), 2) if self.currency else None


def estimate(billing: Billing, billable: Billable, price: Optional[PriceSpec] = None) -> Estimate:
    """What the platform charges for a load balancer, at the given price, else at its list price."""
    known = price or billing.prices
    if known is None or billable.is_nothing:
        return Estimate(billing.platform, billable)
    units = _units(billing, billable.load_balancers, price)
    charges = (
        (LOAD_BALANCER, billable.load_balancers, units * known.load_balancer_hour),
        (PUBLIC_ADDRESS, billable.public_addresses, billable.public_addresses * known.public_address_hour),
    )
    items = tuple(LineItem(name, quantity, hourly * _HOURS_IN_A_MONTH) for name, quantity, hourly in charges)
    return Estimate(billing.platform, billable, items, known.currency, known.source, known.date)


def monthly_total(billing: Billing, each: Sequence[Billable], price: Optional[PriceSpec] = None) -> Optional[float]:
    """What several load balancers of a platform cost per month together, which can be less than their sum; None if no
    price is known."""
    known = price or billing.prices
    if known is None:
        return None
    # The sum of what each one shows, less what they have in common.
    alone = sum(estimate(billing, billable, price).monthly or 0 for billable in each)
    units = sum(_units(billing, billable.load_balancers, price) for billable in each)
    shared = units - _units(billing, sum(billable.load_balancers for billable in each), price)
    return round(alone - shared * known.load_balancer_hour * _HOURS_IN_A_MONTH, 2)


def _units(billing: Billing, load_balancers: int, price: Optional[PriceSpec]) -> float:
    """How many times the price of one is charged for so many. A given price applies to each."""
    if price is None and billing.prices is not None:
        return billing.prices.units(billing.billed(load_balancers))
    return billing.billed(load_balancers)


def estimate_data(estimated: Estimate) -> dict[str, Any]:
    """An estimate as JSON has it."""
    return {
        "monthly": estimated.monthly,
        "currency": estimated.currency,
        "items": [dataclasses.asdict(item) for item in estimated.items],
        "source": estimated.source,
        "date": estimated.date,
        "assumptions": [
            {"code": assumption.code.name, "params": dict(assumption.params)}
            for assumption in estimated.billable.assumptions
        ],
    }


def estimate_text(estimated: Estimate) -> str:
    """An estimate in words."""
    source = price_source_text(estimated)
    return f"{charge_text(estimated)} Prices: {source}." if source else charge_text(estimated)


def charge_text(estimated: Estimate) -> str:
    """What is charged, in words, without the source of the prices."""
    billable = estimated.billable
    if billable.is_nothing:
        return "Nothing is billed."
    what = f"{pluralize(billable.load_balancers, 'load balancer')} and "
    what += pluralize(billable.public_addresses, "public address", "es")
    if estimated.monthly is None:
        text = f"No estimate: no price is known for {what} on {estimated.platform}."
    else:
        text = f"Estimate: {estimated.monthly:.2f} {estimated.currency} a month for {what}, without traffic."
    return " ".join((text, *(assumption.text for assumption in billable.assumptions)))


def price_source_text(estimated: Estimate) -> str:
    """Where the prices come from, in words; empty if no price is known."""
    if estimated.currency is None:
        return ""
    source = estimated.source or "from the arguments"
    return f"{source}, {estimated.date}" if estimated.date else source
