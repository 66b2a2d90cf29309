"""What a registered measure must say of itself."""

from __future__ import annotations

import pytest

from market_abm.measures.registry import measure, registered_measures

GOOD = {"name": "idle-for-a-test", "unit": "kHQ", "meaning": "Capacity that serves nobody"}


@pytest.mark.parametrize("missing", ["name", "unit", "meaning"])
@pytest.mark.parametrize("text", ["", "  ", None, 1])
def test_a_measure_says_its_name_unit_and_meaning(missing, text):
    given = {**GOOD, missing: text}
    with pytest.raises(ValueError, match=f"{missing} is {text!r}; give a text"):
        measure(given["name"], unit=given["unit"], meaning=given["meaning"])
    assert GOOD["name"] not in [one.name for one in registered_measures()]
