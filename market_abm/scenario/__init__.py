"""What a world is: the schema, loading and checking, variants, draws."""

from .calendar import is_quarter, quarter_index, quarter_name, shifted
from .errors import Mark, Problem, ScenarioError, format_problems
from .fields import FrozenMap, Series, Shares
from .load import check_file, load_scenario, scenario_from
from .quantity import Number, Quantity, guess
from .schema import Scenario, Terms
from .shipped import shipped

__all__ = [
    "FrozenMap",
    "Mark",
    "Number",
    "Problem",
    "Quantity",
    "Scenario",
    "ScenarioError",
    "Series",
    "Shares",
    "Terms",
    "check_file",
    "format_problems",
    "guess",
    "is_quarter",
    "load_scenario",
    "quarter_index",
    "quarter_name",
    "scenario_from",
    "shifted",
    "shipped",
]
