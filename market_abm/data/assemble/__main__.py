"""Print ``scenarios/world-2026.yaml``, or write it to the file named."""

from __future__ import annotations

import sys
from pathlib import Path

from market_abm.data.assemble.world import world

if len(sys.argv) > 1:
    Path(sys.argv[1]).write_text(world(), encoding="utf-8")
else:
    sys.stdout.write(world())
