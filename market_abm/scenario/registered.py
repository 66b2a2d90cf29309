"""Names of protocols and strategies: those of the package, and whatever somebody registered.

The package's own are read off its source (`market_abm.decorated`), so that a scenario can be checked without loading the
model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from market_abm import decorated, plugins
from market_abm.scenario.errors import listed, nearest
from market_abm.scenario.quantity import refuse

FIRST = ("split", "default")
"""Names that stand before the others, which follow the alphabet."""


def own(decorator: str, *before: str) -> tuple[str, ...]:
    """Names of the package, the usual one first."""
    return tuple(sorted(decorated.names(decorator, *before), key=lambda name: (name not in FIRST, name)))


if TYPE_CHECKING:
    type BuiltIn = str
    type Renewing = str
    type Buying = str
    type Selling = str
    type Building = str
else:
    BuiltIn = Literal[own("protocol")]
    Renewing = Literal[own("strategy", "renew")]
    Buying = Literal[own("strategy", "buy")]
    Selling = Literal[own("strategy", "sell")]
    Building = Literal[own("strategy", "build")]


def _of(kind: plugins.Kind, words: Any, verb: str = "") -> WrapValidator:
    """Accept a name of the package, or a registered one: plugins are loaded before a name is refused."""
    prefix = f"{verb} " if verb else ""

    def others() -> list[str]:
        names = (name.removeprefix(prefix) for name in plugins.known(kind) if name.startswith(prefix))
        return [name for name in names if name not in get_args(words)]

    def check(value: Any, handler: ValidatorFunctionWrapHandler) -> str:
        try:
            return handler(value)
        except ValidationError:
            if isinstance(value, str) and value not in others():
                plugins.load()
            if isinstance(value, str) and value in others():
                return value
        allowed = [*get_args(words), *others()]
        what = f"is not a registered strategy of {verb}" if verb else "is not one of the allowed words"
        remedy = f"{plugins.trouble()} `market-abm plugins` lists what others bring".strip()
        near = nearest(str(value), allowed) or ""
        refuse(what, allowed=listed(allowed, 30), remedy=remedy, nearest=near)

    return WrapValidator(check)


Protocol = Annotated[BuiltIn, _of("protocol", BuiltIn)]
RenewStrategy = Annotated[Renewing, _of("strategy", Renewing, "renew")]
BuyStrategy = Annotated[Buying, _of("strategy", Buying, "buy")]
SellStrategy = Annotated[Selling, _of("strategy", Selling, "sell")]
BuildStrategy = Annotated[Building, _of("strategy", Building, "build")]
