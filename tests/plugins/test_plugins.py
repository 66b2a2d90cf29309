"""A package of strangers: found, used, switched off, and harmless when it is broken."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from market_abm.measures.registry import measure, recorded
from tests.plugins.package import BROKEN, GOOD, ROOT, installed, market_abm, python

WORLD = "two-clouds-three-labs"
SHORT = ("--set", "horizon.quarters=2", "--quiet")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good package and a broken one."""
    folder = tmp_path_factory.mktemp("site")
    installed(folder, "their-market", GOOD)
    return installed(folder, "their-ruin", BROKEN, "2.0")


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
    done = market_abm(site, "plugins", "--json")
    assert done.returncode == 0, done.stderr
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
    shown = market_abm(site, "plugins")
    assert "protocol floor-plus" in shown.stdout
    assert "not loaded: ModuleNotFoundError" in shown.stdout
    assert "Traceback" not in shown.stdout + shown.stderr


def test_a_run_uses_protocol_strategy_and_measure(site: Path, tmp_path: Path) -> None:
    changes = ("--protocol", "floor-plus", "--set", "firms.Neocloud.strategies.sell=careful")
    plain = market_abm(site, "run", WORLD, *SHORT, "--no-plugins", "--out", str(tmp_path / "plain"))
    assert plain.returncode == 0, plain.stderr
    done = market_abm(
        site, "run", WORLD, *SHORT, *changes, "--replications", "2", "--workers", "2",
        "--out", str(tmp_path / "theirs"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    measures = pd.read_parquet(tmp_path / "theirs" / "measures.parquet")
    assert list(measures["measure"]) == ["served-share"] * 4
    assert list(measures["seed"]) == [1, 1, 2, 2]
    assert set(measures["unit"]) == {"fraction"}
    assert measures["value"].between(0.1, 1.0 + 1e-9).all()
    manifest = json.loads((tmp_path / "theirs" / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["versions"]["their-market"] == "0.3"
    assert manifest["scenario"]["protocol"] == "floor-plus"
    links = [pd.read_parquet(tmp_path / name / "links.parquet") for name in ("plain", "theirs")]
    prices = [part.loc[part["seed"] == 1, "new_price_usd_per_gpu_hour"].sum() for part in links]
    assert prices[0] != prices[1]
    back = python(
        site, "-c", "import sys, market_abm as ma; print(len(ma.load_results(sys.argv[1]).measures))",
        str(tmp_path / "theirs"),
    )  # fmt: skip
    assert back.stdout.strip() == "4", back.stderr


def test_without_plugins_nothing_of_them_is_left(site: Path) -> None:
    for arguments, environment in ((["--no-plugins"], {}), ([], {"MARKET_ABM_NO_PLUGINS": "1"})):
        listed = market_abm(site, "plugins", *arguments, **environment)
        assert "switched off" in listed.stdout
        assert "floor-plus" not in listed.stdout
        refused = market_abm(site, "validate", WORLD, "--set", "behaviour.protocol=floor-plus", *arguments,
                             **environment)  # fmt: skip
        assert refused.returncode == 2
        assert "switched off" in refused.stdout + refused.stderr


def test_measures_of_others_leave_the_other_tables_alone(site: Path, tmp_path: Path) -> None:
    for name, switch in (("with", "0"), ("without", "1")):
        done = market_abm(
            site, "run", WORLD, *SHORT, "--out", str(tmp_path / name), MARKET_ABM_NO_PLUGINS=switch
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "with" / "measures.parquet").exists()
    assert not (tmp_path / "without" / "measures.parquet").exists()
    for table in ("steps", "firms", "links", "contracts", "events", "decisions"):
        files = [(tmp_path / name / f"{table}.parquet").read_bytes() for name in ("with", "without")]
        assert files[0] == files[1], table


def test_a_name_that_only_a_broken_plugin_has_is_refused_with_the_reason(site: Path) -> None:
    done = market_abm(site, "validate", WORLD, "--set", "behaviour.protocol=half-made")
    said = done.stdout + done.stderr
    assert done.returncode == 2
    assert "floor-plus" in said
    assert 'Plugin "their-ruin" could not be loaded' in said
    assert "Traceback" not in said


def test_a_scenario_of_the_house_loads_no_plugin(site: Path) -> None:
    code = (
        "import sys, market_abm; from market_abm.scenario import load_scenario; "
        f"load_scenario('{WORLD}'); print('their_market.bring' in sys.modules); "
        "load_scenario('two-clouds-three-labs', {'behaviour.protocol': 'floor-plus'}); "
        "print('their_market.bring' in sys.modules)"
    )
    done = python(site, "-c", code)
    assert done.stdout.split() == ["False", "True"], done.stderr


def test_the_command_checks_what_a_plugin_brings(site: Path) -> None:
    code = "from market_abm.conformance import check; print(check('floor-plus'), check('served-share'))"
    assert python(site, "-c", code).stdout.split() == ["[]", "[]"]
    done = market_abm(site, "plugins", "--check", "careful")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "careful conforms." in done.stdout
    done = market_abm(site, "plugins", "--check", "nothing-of-that-name")
    assert done.returncode == 2
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
