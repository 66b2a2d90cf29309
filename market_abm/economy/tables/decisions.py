"""The table of decisions: the option that each firm took in each verb, and the next best."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, repeat
from operator import itemgetter
from typing import Any

import numpy as np

from market_abm.economy.span import Span


def decisions(span: Span) -> list[list[dict]]:
    """Of each quarter one record a firm and verb, firm by firm within a verb."""
    # Menus of one shape are read together: those of a verb, in all quarters.
    alike: dict[tuple[Any, ...], list[Any]] = defaultdict(list)
    for decision in chain.from_iterable([asked for q in span for asked in q.decisions]):
        menu = decision.menu
        alike[decision.verb, tuple(menu.options), menu.unit, np.shape(menu.scores)].append(decision)
    made: dict[int, list[dict]] = {}
    for group in alike.values():
        made |= zip(map(id, group), _records(group))
    table = []
    for q in span:
        rows: list[dict] = []
        for asked in q.decisions:
            records = list(chain.from_iterable([made[id(decision)] for decision in asked]))
            if len(asked) > 1:
                records.sort(key=itemgetter("firm"))
            rows += records
        table.append(rows)
    return table


def _records(alike: list[Any]) -> Iterator[list[dict]]:
    """The records of each of some decisions on menus of one shape; firms without a key keep none."""
    verb, options, unit, none = alike[0].verb, alike[0].menu.options, alike[0].menu.unit, -math.inf
    chosen = np.array([decision.menu.chosen for decision in alike])
    scores = np.array([decision.menu.scores for decision in alike])
    taken = chosen[..., None]
    score = np.take_along_axis(scores, taken, 2)[..., 0]
    others = np.where(np.isfinite(scores), scores, none)
    np.put_along_axis(others, taken, none, 2)
    columns = chosen, score, others.argmax(axis=2), np.maximum.reduce(others, 2)
    for decision, *of_firms in zip(alike, *[column.tolist() for column in columns]):
        yield [
            {
                "firm": key,
                "verb": verb,
                "option": options[chosen],
                "score": score,
                "next_option": "" if next_score == none else options[second],
                "next_score": math.nan if next_score == none else next_score,
                "unit": unit,
                "binding": binding,
                "detail": "",
            }
            for key, binding, chosen, score, second, next_score in zip(
                decision.firms, chain(decision.menu.binding, repeat("")), *of_firms
            )
            if key
        ]
