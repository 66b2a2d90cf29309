"""Dated policies: access, separation, prices, notice, switching, exclusivity, mergers, public supply, controls."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from market_abm.scenario.entry import Entry
from market_abm.scenario.fields import Capacity, Points, Price, Share, ShareMap, Shares, WholeQuarters


class AccessObligation(Entry):
    """A supplier must serve on equal terms: the link opens and the strategic wedge is off.

    Access to an essential facility (Areeda 1989; Laffont and Tirole 1994).
    """

    kind: Literal["access_obligation"] = Field(
        default="access_obligation",
        description="duty to serve on equal terms (Areeda 1989; Laffont and Tirole 1994)",
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    buyer: str = Field(default="*", description='firm with a lab or segment, or "*"')


class FunctionalSeparation(Entry):
    """A supplier's fleet is run apart from its labs and stakes: no link opens, the strategic wedge is off.

    One of the degrees of separation between access and full divestiture (Cave 2006).
    """

    kind: Literal["functional_separation"] = Field(
        default="functional_separation", description="the fleet is run apart from the labs (Cave 2006)"
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')


class PriceCap(Entry):
    """No new contract or spot sale above a price.

    Littlechild 1983; what it does to investment: Laffont and Tirole 1993.
    """

    kind: Literal["price_cap"] = Field(
        default="price_cap", description="cap on new prices (Littlechild 1983; Laffont and Tirole 1993)"
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    price: Price = Field(description="highest price of a GPU-hour")


class MinimumNotice(Entry):
    """Contracts carry at least this notice: those in force, new ones, and recalls.

    Notice sets how long a threat point lasts (Joskow 1987); platforms owe it to business users under Regulation
    (EU) 2019/1150. Contracts keep the notice when the policy lapses.
    """

    kind: Literal["minimum_notice"] = Field(
        default="minimum_notice", description="least notice (Joskow 1987; Regulation (EU) 2019/1150)"
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    notice: WholeQuarters = Field(description="least notice")


class SwitchingCap(Entry):
    """Switching costs (egress fees) are capped.

    Farrell and Klemperer 2007; Regulation (EU) 2023/2854, art. 29, ends switching charges of clouds.
    """

    kind: Literal["switching_cap"] = Field(
        default="switching_cap",
        description="cap on switching costs (Farrell and Klemperer 2007; Regulation (EU) 2023/2854, art. 29)",
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    switching_cost: Price = Field(description="highest switching cost of a GPU-hour")


class ExclusivityBan(Entry):
    """Exclusive links, sole suppliers and exclusive contracts do not keep others out.

    Rasmusen, Ramseyer and Wiley 1991; Bernheim and Whinston 1998.
    """

    kind: Literal["exclusivity_ban"] = Field(
        default="exclusivity_ban",
        description="exclusivity does not bind (Rasmusen, Ramseyer and Wiley 1991; Bernheim and Whinston 1998)",
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')


class Transparency(Entry):
    """Suppliers post one price to all outsiders and do not bargain.

    Published prices can also ease coordination: they rose with them in Danish concrete (Albaek, Mollgaard and
    Overgaard 1997).
    """

    kind: Literal["transparency"] = Field(
        default="transparency",
        description="posted prices in place of bargained ones (Albaek, Mollgaard and Overgaard 1997)",
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')


class ShareCap(Entry):
    """No owner may order capacity that takes it beyond a share of all capacity online and announced.

    A structural limit, as discussed for electricity generators (Green 1996). What is announced already is built.
    """

    kind: Literal["share_cap"] = Field(
        default="share_cap", description="limit on an owner's share of capacity (Green 1996)"
    )
    firm: str = Field(default="*", description='firm with a fleet, or "*"')
    share: Share = Field(description="highest share of capacity online and announced; 1 = no limit")


class Divestiture(Entry):
    """A supplier gives part of what it does not use itself to another firm, with the contracts served from it.

    Kwoka and Valletti 2021 on when eggs can be unscrambled. A spin-off to its shareholders: no money changes hands,
    debt stays.
    """

    kind: Literal["divestiture"] = Field(
        default="divestiture", description="part of a fleet passes to another firm (Kwoka and Valletti 2021)"
    )
    supplier: str = Field(description="firm with a fleet")
    to: str = Field(description="firm with a fleet that takes over")
    share: Share = Field(description="share of the merchant capacity, pipeline and outside contracts")


class Merger(Entry):
    """One owner takes over another's firms.

    Farrell and Shapiro 1990. Measures count them as one owner, their sellers weigh each other's labs, and neither is
    a buyer's way around the other.
    """

    kind: Literal["merger"] = Field(
        default="merger", description="two owners become one (Farrell and Shapiro 1990)"
    )
    acquirer: str = Field(description="firm or owner that takes over")
    target_firm: str = Field(description="firm that is taken over")


class MergerControl(Entry):
    """Mergers that fail the structural screen do not take place.

    The presumption of the US Merger Guidelines (US DOJ and FTC 2023, guideline 1): HHI after the merger above 1,800,
    or a joint share above 30 %, with a change of more than 100 points.
    """

    kind: Literal["merger_control"] = Field(
        default="merger_control", description="screen of mergers (US DOJ and FTC 2023, guideline 1)"
    )
    base: Literal["merchant", "fleet"] = Field(
        default="merchant", description="capacity whose shares count: offered to others, or all"
    )
    hhi: Points = Field(default=1800, description="HHI after the merger above which it is presumed harmful")
    change: Points = Field(default=100, description="least change of the HHI")
    share: Share = Field(default=0.3, description="joint share above which it is presumed harmful")


class PublicProvider(Entry):
    """A public fleet starts, and sells at no more than a price.

    A mixed oligopoly (De Fraja and Delbono 1989). The public purse pays for the fleet, outside the ledger; after
    `until` it sells like any other.
    """

    kind: Literal["public_provider"] = Field(
        default="public_provider", description="a public fleet sells at a price (De Fraja and Delbono 1989)"
    )
    firm: str = Field(description="firm with a fleet whose `enters` is set")
    online: Capacity = Field(description="capacity that it starts with")
    added: Capacity = Field(default=0.0, description="capacity that it adds in each later quarter")
    price: Price | None = Field(default=None, description="highest price that it takes; null = no limit")


class ChipAllocation(Entry):
    """Chips left by announced arrivals are rationed by another rule.

    Rules of allocation shape orders (Cachon and Lariviere 1999).
    """

    kind: Literal["chip_allocation"] = Field(
        default="chip_allocation", description="rule of chip rationing (Cachon and Lariviere 1999)"
    )
    chip: str = Field(default="*", description='chip supplier, or "*"')
    rule: Literal["pro_rata", "promised"] = Field(
        description="in proportion to orders, or promised shares first"
    )
    shares: ShareMap = Field(default=Shares(), description="promised shares by firm; the rest goes pro rata")


class ExportControl(Entry):
    """Links are deleted: no new contract, no spot sale, and contracts in force end.

    Crosignani, Han, Macchiavelli and Silva 2024 on what export controls do to the suppliers.
    """

    kind: Literal["export_control"] = Field(
        default="export_control",
        description="links are deleted (Crosignani, Han, Macchiavelli and Silva 2024)",
    )
    supplier: str = Field(default="*", description='firm with a fleet, or "*"')
    buyer: str = Field(default="*", description='firm with a lab or segment, or "*"')
    wind_down: WholeQuarters = Field(
        default=0, description="quarters for which contracts in force may still be served"
    )
