"""What a world is: the schema, loading and checking, variants, draws."""

from market_abm.scenario.calendar import is_quarter, quarter_index, quarter_name, shifted
from market_abm.scenario.catalogue import shipped
from market_abm.scenario.errors import Mark, Problem, ScenarioError, format_problems
from market_abm.scenario.fields import FrozenMap, Series, Shares
from market_abm.scenario.load import check_file, load_scenario, scenario_from
from market_abm.scenario.quantity import Number, Quantity, guess
from market_abm.scenario.schema import Scenario

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
