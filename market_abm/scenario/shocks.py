"""Dated shocks and deals: what happens to fleets, needs, chips, power, money and single contracts."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.contracts import Contract
from market_abm.scenario.entry import Entry, Fading
from market_abm.scenario.fields import Annual, Capacity, Change, Name, WholeQuarters


class Null(Entry):
    """Changes nothing."""

    kind: Literal["null"] = Field(default="null", description="nothing at all: a placebo")


class CapacityShock(Fading):
    """Capacity of a supplier is out of service, or comes back larger.

    A loss at one firm travels to those who cannot replace it (Barrot and Sauvagnat 2016).
    """

    kind: Literal["capacity_shock"] = Field(
        default="capacity_shock", description="outage of a fleet (Barrot and Sauvagnat 2016)"
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of capacity while it holds; -1 = all of it is out")


class DemandShock(Fading):
    """A buyer's need changes.

    Demand differs between firms and over time as much as cost does (Foster, Haltiwanger and Syverson 2008).
    """

    kind: Literal["demand_shock"] = Field(
        default="demand_shock",
        description="shift of a buyer's demand (Foster, Haltiwanger and Syverson 2008)",
    )
    buyer: str = Field(default="*", description='firm with a lab or segment, or "*"')
    change: Change = Field(description="change of the need while it holds")


class ChipShock(Fading):
    """Deliveries of a chip supplier change.

    What is not produced is lost: orders wait until later deliveries leave room. Disruptions of a supplier travel
    along the chain (Carvalho, Nirei, Saito and Tahbaz-Salehi 2021).
    """

    kind: Literal["chip_shock"] = Field(
        default="chip_shock",
        description="disruption of a chip supplier (Carvalho, Nirei, Saito and Tahbaz-Salehi 2021)",
    )
    chip: str = Field(default="*", description='chip supplier, or "*"')
    change: Change = Field(description="change of deliveries while it holds")


class PowerShock(Fading):
    """Power additions of a region change.

    Queues for the grid hold back what is ready to connect (Johnston, Liu and Yang 2023).
    """

    kind: Literal["power_shock"] = Field(
        default="power_shock", description="delay in the queue for the grid (Johnston, Liu and Yang 2023)"
    )
    region: str = Field(default="*", description='power region, or "*"')
    change: Change = Field(description="change of additions while it holds")


class CapexShock(Fading):
    """The cost of new capacity changes.

    A shock to the price of equipment alone (Greenwood, Hercowitz and Krusell 1997).
    """

    kind: Literal["capex_shock"] = Field(
        default="capex_shock",
        description="change of the price of equipment (Greenwood, Hercowitz and Krusell 1997)",
    )
    firm: str = Field(default="*", description='firm with a fleet, or "*"')
    change: Change = Field(description="change of the cost while it holds")


class CreditCrunch(Fading):
    """Lenders lend less and ask more.

    Bernanke and Lown 1991; that it cuts new lending first: Ivashina and Scharfstein 2010.
    """

    kind: Literal["credit_crunch"] = Field(
        default="credit_crunch",
        description="lenders lend less and ask more (Bernanke and Lown 1991)",
    )
    firm: str = Field(default="*", description='firm, or "*"')
    change: Change = Field(description="change of the debt limit while it holds")
    spread: Annual = Field(default=0.0, description="added to the cost of capital")


class Recall(Entry):
    """One side ends a contract on notice.

    What a tenant has built on the capacity is at stake (Klein, Crawford and Alchian 1978).
    """

    kind: Literal["recall"] = Field(
        default="recall", description="a contract is ended on notice (Klein, Crawford and Alchian 1978)"
    )
    contract: str = Field(description="contract that is ended")
    notice: WholeQuarters | None = Field(
        default=None, description="quarters of notice; null = the contract's own; a minimum notice binds"
    )
    by: Literal["supplier", "buyer"] = Field(default="supplier", description="who gives notice")


class Lease(Entry):
    """A contract that is signed and starts in this quarter (or at its own start).

    Control over the capacity passes, ownership does not (Grossman and Hart 1986).
    """

    kind: Literal["lease"] = Field(
        default="lease", description="a contract enters the book (Grossman and Hart 1986)"
    )
    id: Name | None = Field(default=None, description="key of the new contract; default L-supplier-buyer")
    contract: Contract = Field(description="the contract")


class Terminate(Entry):
    """A contract ends at once.

    Breach or insolvency: no notice is served (Shavell 1980).
    """

    kind: Literal["terminate"] = Field(
        default="terminate", description="a contract ends without notice (Shavell 1980)"
    )
    contract: str = Field(description="contract that ends")


class EntryOfFirm(Entry):
    """An inactive firm enters.

    Bresnahan and Reiss 1991 ask how many firms it takes for a market to be competitive.
    """

    kind: Literal["entry"] = Field(
        default="entry", description="a waiting lessor starts (Bresnahan and Reiss 1991)"
    )
    firm: str = Field(description="firm with a fleet whose `enters` is set")
    online: Capacity | None = Field(default=None, description="capacity it enters with; null = its fleet's")
