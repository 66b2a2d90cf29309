"""A package of strangers: found, used, switched off, and harmless when it is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

import market_abm as ma
from market_abm.cli import app
from market_abm.conformance import check
from market_abm.measures.registry import measure, recorded
from market_abm.scenario import load_scenario
from tests.plugins.package import BROKEN, GOOD, ROOT, installed, market_abm, python

WORLD = "two-clouds-three-labs"
SHORT = ("--set", "horizon.quarters=2", "--quiet")


def command(*arguments: str, **environment: str) -> Result:
    """The command line in this process."""
    return CliRunner(env=environment).invoke(app, arguments)


def test_a_package_with_a_pyproject_is_installed_and_found(tmp_path: Path) -> None:
    """The form that the documents name, built and installed by the real tools."""
    project, target = tmp_path / "project", tmp_path / "target"
    (project / "their_market").mkdir(parents=True)
    (project / "their_market" / "__init__.py").write_text("", encoding="utf-8")
    (project / "their_market" / "bring.py").write_text(GOOD, encoding="utf-8")
    text = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
    toml = text.split("```toml\n")[1].split("```")[0]
    (project / "pyproject.toml").write_text(toml, encoding="utf-8")
    target.mkdir()
    build = (
        "import os, sys, zipfile; from hatchling.build import build_wheel; os.chdir(sys.argv[1]); "
        "zipfile.ZipFile(os.path.join(sys.argv[2], build_wheel(sys.argv[2]))).extractall(sys.argv[2])"
    )
    subprocess.run(
        [sys.executable, "-c", build, str(project), str(target)], check=True, capture_output=True, timeout=120
    )
    done = market_abm(target, "plugins", "--json")
    assert done.returncode == 0, done.stderr
    [item] = json.loads(done.stdout)
    assert item["distribution"] == "their-market"
    assert item["version"] == "0.3"
    assert not item["error"]


def test_plugins_are_listed_and_a_broken_one_says_why(site: Path) -> None:
    done = command("plugins", "--json")
    assert done.exit_code == 0, done.output
    good, bad = json.loads(done.stdout)
    assert (good["name"], good["distribution"], good["version"]) == ("their-market", "their-market", "0.3")
    assert good["registered"] == [
        {"kind": "measure", "name": "served-share"},
        {"kind": "protocol", "name": "floor-plus"},
        {"kind": "strategy", "name": "sell careful"},
    ]
    assert good["error"] == ""
    assert "a_package_that_is_not_there" in bad["error"]
    assert bad["registered"] == []
    shown = command("plugins")
    assert "protocol floor-plus" in shown.stdout
    assert "not loaded: ModuleNotFoundError" in shown.stdout
    assert "Traceback" not in shown.output


def test_a_run_uses_protocol_strategy_and_measure(site: Path, tmp_path: Path) -> None:
    """Also in worker processes, which find the plugins by themselves."""
    changes = ("--protocol", "floor-plus", "--set", "firms.Neocloud.strategies.sell=careful")
    done = command(
        "run",
        WORLD,
        *SHORT,
        *changes,
        "--replications",
        "2",
        "--workers",
        "2",
        "--out",
        str(tmp_path / "theirs"),
    )
    assert done.exit_code == 0, done.output
    measures = pd.read_parquet(tmp_path / "theirs" / "measures.parquet")
    assert list(measures["measure"]) == ["served-share"] * 4
    assert list(measures["seed"]) == [1, 1, 2, 2]
    assert set(measures["unit"]) == {"fraction"}
    assert measures["value"].between(0.1, 1.0 + 1e-9).all()
    manifest = json.loads((tmp_path / "theirs" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["versions"]["their-market"] == "0.3"
    assert manifest["scenario"]["protocol"] == "floor-plus"
    plain = ma.run(load_scenario(WORLD, {"horizon.quarters": 2}), seed=1).links
    links = pd.read_parquet(tmp_path / "theirs" / "links.parquet")
    price = "new_price_usd_per_gpu_hour"
    assert links.loc[links["seed"] == 1, price].sum() != plain[price].sum()
    assert len(ma.load_results(tmp_path / "theirs").measures) == 4


def test_without_plugins_nothing_of_them_is_left(site: Path) -> None:
    for arguments, environment in ((["--no-plugins"], {}), ([], {"MARKET_ABM_NO_PLUGINS": "1"})):
        listed = command("plugins", *arguments, **environment)
        assert "switched off" in listed.stdout
        assert "floor-plus" not in listed.stdout
        refused = command(
            "validate", WORLD, "--set", "behaviour.protocol=floor-plus", *arguments, **environment
        )
        assert refused.exit_code == 2
        assert "switched off" in refused.output


def test_measures_of_others_leave_the_other_tables_alone(site: Path, tmp_path: Path) -> None:
    for name, switch in (("without", "1"), ("with", "0")):  # what is registered stays registered
        done = command("run", WORLD, *SHORT, "--out", str(tmp_path / name), MARKET_ABM_NO_PLUGINS=switch)
        assert done.exit_code == 0, done.output
    assert (tmp_path / "with" / "measures.parquet").exists()
    assert not (tmp_path / "without" / "measures.parquet").exists()
    for table in ("steps", "firms", "links", "contracts", "events", "decisions"):
        files = [(tmp_path / name / f"{table}.parquet").read_bytes() for name in ("with", "without")]
        assert files[0] == files[1], table


def test_a_name_that_only_a_broken_plugin_has_is_refused_with_the_reason(site: Path) -> None:
    done = command("validate", WORLD, "--set", "behaviour.protocol=half-made")
    assert done.exit_code == 2
    assert "floor-plus" in done.output
    assert 'Plugin "their-ruin" could not be loaded' in done.output
    assert "Traceback" not in done.output


def test_a_scenario_of_the_house_loads_no_plugin(site: Path) -> None:
    load_scenario(WORLD)
    assert "their_market.bring" not in sys.modules
    load_scenario(WORLD, {"behaviour.protocol": "floor-plus", "behaviour.strategies.sell": "careful"})
    assert "their_market.bring" in sys.modules


def test_the_command_checks_what_a_plugin_brings(site: Path) -> None:
    assert check("floor-plus") == check("served-share") == []
    done = command("plugins", "--check", "careful")
    assert done.exit_code == 0, done.output
    assert "careful conforms." in done.output
    done = command("plugins", "--check", "nothing-of-that-name")
    assert done.exit_code == 2
    assert "no protocol, strategy or measure" in done.stderr


def test_a_broken_plugin_takes_nothing_of_the_house_with_it(tmp_path: Path) -> None:
    """Its import is the first that loads the protocols of the house; they stay when it fails."""
    installed(tmp_path, "their-ruin", BROKEN)
    code = (
        "from market_abm import plugins; [item] = plugins.load(); print(bool(item.error), item.registered); "
        "from market_abm.market.bargaining import protocols; print('nntr' in protocols(), 'half-made' in protocols())"
    )
    done = python(tmp_path, "-c", code)
    assert done.stdout.split() == ["True", "()", "True", "False"], done.stderr


def test_a_measure_that_fails_has_no_value_and_says_why(registered) -> None:
    registered("measure", "raises")(measure("raises", unit="1", meaning="fails"), lambda allocation: 1 / 0)
    registered("measure", "endless")(
        measure("endless", unit="1", meaning="infinite"), lambda allocation: float("inf")
    )
    columns, failures = recorded(object())  # type: ignore[arg-type]
    values = dict(zip(columns["measure"], columns["value"]))
    assert values["raises"] != values["raises"]
    assert values["endless"] != values["endless"]
    assert any("ZeroDivisionError" in text for text in failures)
    assert any("infinite" in text for text in failures)


def test_a_measure_needs_unit_and_meaning() -> None:
    with pytest.raises(ValueError, match="unit is ''"):
        measure("bare", unit="", meaning="something")
