"""Write tests/measures/data/pyblp_logit.json: HHI and logit diversion as PyBLP computes them.

Run by hand in an environment that has pyblp (it is no dependency of the project):
``python tests/measures/make_pyblp_reference.py``. The committed file was made with PyBLP 1.3.0.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyblp


def main() -> None:
    """Estimate a plain logit on random shares and read off concentration and diversion."""
    pyblp.options.verbose = False
    rng = np.random.default_rng(7)
    markets, products = 6, 7
    rows = markets * products
    draws = rng.lognormal(0, 1, (markets, products))
    outside = rng.uniform(0.2, 1.5, markets)
    share = draws / (draws.sum(axis=1) + outside)[:, None]
    firm = np.tile([0, 0, 1, 2, 3, 3, 4], markets)
    cost = rng.normal(0, 1, rows)
    data = {
        "market_ids": np.repeat(np.arange(markets), products),
        "firm_ids": firm,
        "shares": share.ravel(),
        "prices": 1 + rng.random(rows) + 0.3 * cost,
        "demand_instruments0": cost,
    }
    results = pyblp.Problem(pyblp.Formulation("1 + prices"), data).solve(method="1s")
    diversion = results.compute_diversion_ratios()
    worlds = []
    for market, index in enumerate(results.compute_hhi().ravel()):
        at = data["market_ids"] == market
        worlds.append(
            {
                "shares": share[market].tolist(),
                "firm": firm[at].tolist(),
                "hhi": float(index),
                "diversion": diversion[at].tolist(),
            }
        )
    path = Path(__file__).parent / "data" / "pyblp_logit.json"
    path.write_text(json.dumps({"pyblp": pyblp.__version__, "markets": worlds}, indent=1) + "\n")


if __name__ == "__main__":
    main()
