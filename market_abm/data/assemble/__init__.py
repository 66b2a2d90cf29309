"""Assemble ``scenarios/world-2026.yaml`` from the tables of this folder.

``python -m market_abm.data.assemble FILE``. The tables hold what is sourced, the modules the stated rules
that turn them into an opening state: ``firms`` (fleets, labs), ``money``, ``silicon``, ``book`` (contracts),
``rules`` (segments, links, behaviour), ``upstream``. A test holds the shipped file to what this prints.
"""
