"""Does a protocol, strategy or measure keep the contract? Checks that third parties run on what they add.

Each check answers with a list of findings, empty where all is well:

>>> from market_abm.conformance import check_protocol
>>> check_protocol("split")
[]
"""

from market_abm.conformance.finding import Finding
from market_abm.conformance.measures import check_measure
from market_abm.conformance.protocols import check_protocol
from market_abm.conformance.strategies import check_strategy

__all__ = ["Finding", "check", "check_measure", "check_protocol", "check_strategy"]


def check(name: str) -> list[Finding]:
    """Check whatever is registered under a name: protocol, measure, and strategies of any verb.

    Raises
    ------
    ValueError
        If nothing is.
    """
    from market_abm import plugins
    from market_abm.market.bargaining import protocols
    from market_abm.measures.registry import registered_measures
    from market_abm.strategies import names
    from market_abm.strategies.view import VERBS

    plugins.load()
    found: list[Finding] = []
    there = [name in protocols(), name in {item.name for item in registered_measures()}]
    if there[0]:
        found += check_protocol(name)
    if there[1]:
        found += check_measure(name)
    for verb in VERBS:
        there.append(name in names(verb))
        if there[-1]:
            found += check_strategy(verb, name)
    if not any(there):
        raise ValueError(
            f'no protocol, strategy or measure is called "{name}"; `market-abm plugins` lists what others'
            f" bring. {plugins.trouble()}".strip()
        )
    return found
