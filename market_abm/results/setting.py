"""What was run: what a reader of results needs to know of the scenario, with or without its file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from market_abm.scenario import Scenario


@dataclass(frozen=True)
class Setting:
    """The setting of one or more runs of a scenario.

    Attributes
    ----------
    name, question : str
        Of the scenario.
    quarters : tuple of str
        Quarters simulated.
    protocol : str
        Bargaining protocol.
    beta : mapping of int to float
        Bargaining weight of the seller by seed (a guess is drawn per seed).
    pin : bool
        Whether central values were held instead of drawn.
    estimated, sourced : int
        Numbers of the scenario that are guesses or assumptions, and numbers with a source.
    thresholds : mapping
        Where measures become grades.
    labels : mapping
        Lab's own name by firm, where it differs.
    sources : tuple of dict
        id, title, url, date, grade.
    hash, text, lineage
        The scenario: SHA-256 of its content, YAML that loads to an equal one (empty when anonymised), files.
    """

    name: str
    question: str
    quarters: tuple[str, ...]
    protocol: str
    beta: Mapping[int, float]
    pin: bool = False
    estimated: int = 0
    sourced: int = 0
    thresholds: Mapping[str, float] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Mapping[str, str], ...] = ()
    hash: str = ""
    text: str = ""
    lineage: tuple[str, ...] = ()
    anonymised: bool = False

    @property
    def estimated_share(self) -> float:
        """Share of the inputs that is estimated; NaN where no number says where it comes from."""
        known = self.estimated + self.sourced
        return self.estimated / known if known else float("nan")

    def as_dict(self) -> dict[str, Any]:
        """Plain fields, for the manifest."""
        fields = asdict(self)
        fields["beta"] = {str(seed): beta for seed, beta in self.beta.items()}
        return fields

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Setting:
        """The inverse of :meth:`as_dict`."""
        changed = dict(fields)
        changed["beta"] = {int(seed): float(beta) for seed, beta in fields["beta"].items()}
        for name in ("quarters", "sources", "lineage"):
            changed[name] = tuple(fields[name])
        return cls(**changed)


def setting_of(scenario: Scenario, seeds: Iterable[int], pin: bool = False) -> Setting:
    """Setting of runs of a loaded scenario under some seeds."""
    from market_abm.scenario.describe import provenance
    from market_abm.scenario.dump import dump

    behaviour = scenario.behaviour
    inputs = provenance(scenario)
    keys = ("title", "url", "date", "grade")
    return Setting(
        name=scenario.name,
        question=scenario.question or "",
        quarters=scenario.quarters,
        protocol=behaviour.protocol,
        beta={int(seed): float(scenario.drawn(seed, pin=pin).behaviour.beta) for seed in seeds},
        pin=pin,
        estimated=inputs.guessed,
        sourced=inputs.sourced,
        thresholds={name: float(value) for name, value in behaviour.thresholds},
        labels={key: firm.lab.label for key, firm in scenario.firms.items() if firm.lab and firm.lab.label},
        sources=tuple(
            {"id": key} | {name: getattr(source, name) or "" for name in keys}
            for key, source in scenario.sources.items()
        ),
        hash=scenario.hash(),
        text=dump(scenario),
        lineage=tuple(scenario.lineage),
    )
