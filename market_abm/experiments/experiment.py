"""The experiment: a base scenario, a design over factors, replications, and what is kept of every run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from market_abm.experiments.knobs import KNOBS
from market_abm.experiments.resolve import SCENARIO
from market_abm.results.dictionary import ORDER, names
from market_abm.scenario.errors import listed, nearest
from market_abm.scenario.fields import FrozenMap, Name, Part
from market_abm.scenario.quantity import refuse
from market_abm.scenario.tree import Node

DESIGNS = ("grid", "latin-hypercube", "sobol", "morris", "one-at-a-time", "list")


def _factor(value: Any) -> Any:
    return {"levels": value} if isinstance(value, list | tuple) else value


class Factor(Part):
    """What is varied: a list of levels, or a range."""

    levels: tuple[Any, ...] | None = Field(default=None, description="values, one by one")
    low: float | None = Field(default=None, description="lower end of a range")
    high: float | None = Field(default=None, description="upper end of a range")
    steps: int = Field(default=5, ge=2, le=10_000, description="levels of a range in a grid, ends included")
    scale: Literal["linear", "log"] = Field(default="linear", description="how a range is divided")
    base: Any = Field(default=None, description="value of one-at-a-time designs; default the middle")
    label: str | None = Field(default=None, description="name in figures and tables")

    @model_validator(mode="after")
    def _one_of_both(self) -> Factor:
        if self.levels is not None:
            if self.low is not None or self.high is not None or not self.levels:
                refuse("give levels or a range", allowed="[a, b, ...] or {low: a, high: b}")
            if len({repr(item) for item in self.levels}) < len(self.levels):
                refuse("a level stands there twice", remedy="Keep one of them")
        elif self.low is None or self.high is None or not self.low < self.high:
            refuse(
                "is neither levels nor a range", allowed="[a, b, ...] or {low: a, high: b} with low < high"
            )
        elif self.scale == "log" and self.low <= 0:
            refuse("a log scale starts above zero", allowed="low > 0")
        return self


class Design(Part):
    """How points are laid over the factors."""

    kind: Literal["grid", "latin-hypercube", "sobol", "morris", "one-at-a-time", "list"] = Field(
        default="grid", description="kind of design"
    )
    points: int = Field(default=100, ge=1, le=10_000_000, description="points of a latin hypercube")
    base: int = Field(
        default=64, ge=2, le=1 << 20, description="base sample of Sobol indices, a power of two"
    )
    trajectories: int = Field(default=20, ge=2, le=100_000, description="trajectories of Morris")
    levels: int = Field(default=4, ge=2, le=100, description="levels of Morris, even")
    seed: int = Field(default=1, ge=0, le=2**32 - 1, description="seed of the design (not of the runs)")
    rows: tuple[dict[str, Any], ...] = Field(default=(), description="points of a list: values by factor")

    @model_validator(mode="after")
    def _fits(self) -> Design:
        if self.kind == "sobol" and self.base & (self.base - 1):
            refuse(f"base is {self.base}", allowed="a power of two, for example 64 or 256")
        if self.kind == "morris" and self.levels % 2:
            refuse(f"levels is {self.levels}", allowed="an even number, for example 4")
        if (self.kind == "list") != bool(self.rows):
            refuse("rows belong to a list, and a list needs rows", remedy="Set kind: list, or remove rows")
        return self


class Kept(Part):
    """Columns and rows of a results table that are kept of every run."""

    columns: tuple[str, ...] | Literal["all"] = Field(default="all", description="columns kept")
    where: Annotated[dict[str, tuple[str, ...]], BeforeValidator(lambda v: v or {})] = Field(
        default={}, description="rows kept: allowed values by column"
    )


def _kept(value: Any) -> Any:
    return {"columns": value} if isinstance(value, list | tuple | str) else value


class Experiment(Part):
    """An experiment file."""

    schema_version: Literal[1] = Field(description="version of the file format")
    name: Name = Field(description="name of the experiment")
    question: str | None = Field(default=None, description="the question that it answers, in one sentence")
    scenario: str = Field(description="base scenario: a shipped name, or a file in the same folder")
    set: dict[str, Any] = Field(default={}, description="keys and knobs held at one value in every run")
    design: Annotated[Design, BeforeValidator(lambda v: {"kind": v} if isinstance(v, str) else v)] = Field(
        default=Design(), description="how points are laid over the factors"
    )
    factors: dict[str, Annotated[Factor, BeforeValidator(_factor)]] = Field(
        default={}, description="dotted keys or knobs that are varied"
    )
    replications: int = Field(default=10, ge=1, le=1_000_000, description="seeds of every point")
    seed: int = Field(default=1, ge=0, le=2**31, description="first seed; every point runs the same ones")
    pin: bool = Field(default=False, description="hold central values of guesses instead of drawing them")
    keep: dict[str, Annotated[Kept, BeforeValidator(_kept)]] = Field(
        default={"steps": Kept()}, description="tables and columns kept of every run"
    )
    quarters: Literal["all", "last", "last-year"] = Field(
        default="all", description="quarters kept of every run"
    )
    headline: str | None = Field(
        default=None, description="column of steps told while it runs: a count is told as a share of runs"
    )
    outputs: tuple[str, ...] = Field(
        default=(),
        description="what `market-abm sensitivity` reads where nothing is named: a column of steps, or table.column:Firm",
    )
    limit_seconds: float | None = Field(
        default=None, gt=0, description="a run that takes longer is ended and recorded as failed"
    )

    _tree: Node | None = PrivateAttr(None)

    @property
    def seeds(self) -> range:
        """Seeds of every point."""
        return range(self.seed, self.seed + self.replications)

    @model_validator(mode="after")
    def _known(self) -> Experiment:
        if not self.factors and self.design.kind != "list":
            refuse(
                "there is no factor", at="factors", remedy="Add one, for example behaviour.beta: [0.3, 0.7]"
            )
        for name, kept in self.keep.items():
            if name not in ORDER:
                refuse(
                    f'there is no table "{name}"',
                    at="keep",
                    allowed=listed(ORDER),
                    nearest=nearest(name, ORDER) or "",
                )
            wanted = () if kept.columns == "all" else kept.columns
            for column in (*wanted, *kept.where):
                if column not in names(name):
                    refuse(
                        f'{name} has no column "{column}"',
                        at="keep",
                        nearest=nearest(column, names(name)) or "",
                        remedy="`market-abm columns` lists them",
                    )
        if self.headline is not None and self.headline not in names("steps"):
            near = nearest(self.headline, names("steps")) or ""
            refuse(f'steps has no column "{self.headline}"', at="headline", nearest=near)
        for output in self.outputs:
            head = output.partition(":")[0]
            table, _, column = head.rpartition(".")
            found = self.keep.get(table or "steps", Kept(columns=()))
            if column not in (names(table or "steps") if found.columns == "all" else found.columns):
                refuse(f'"{output}" is not kept', at="outputs", remedy="Add its column under keep")
        twice = set(self.set) & set(self.factors)
        if twice:
            refuse(f"{sorted(twice)[0]} is both set and varied", at="set", remedy="Keep one of them")
        for name, value in self.set.items():
            if name in KNOBS:
                _fits_knob(name, value)
            elif name == SCENARIO:
                refuse("the scenario is set by its own key", at="set", remedy="Use scenario: ... above")
        for name, factor in self.factors.items():
            for value in levels_of(factor) if name in KNOBS else ():
                _fits_knob(name, value)
        return self

    def content(self) -> dict[str, Any]:
        """Plain values, defaults included."""
        return self.model_dump(mode="json")


def _fits_knob(name: str, value: Any) -> None:
    try:
        KNOBS[name].checked(value)
    except ValueError as error:
        refuse(str(error), at="factors")


def levels_of(factor: Factor) -> tuple[Any, ...]:
    """Levels, or the two ends of a range."""
    return factor.levels if factor.levels is not None else (factor.low, factor.high)


def frozen(values: Mapping[str, Any]) -> FrozenMap:
    """Values of a point, in the order of their names."""
    return FrozenMap(values)
