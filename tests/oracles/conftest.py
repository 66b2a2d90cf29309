"""Names the oracle cases whose concept is not built, so that none is passed over in silence."""

from tests.oracles.runner import NOT_BUILT, load_cases


def pytest_terminal_summary(terminalreporter) -> None:
    """Print a line a case that is not built."""
    for case in load_cases():
        if case["concept"] in NOT_BUILT:
            terminalreporter.write_line(
                f"not built: {case['concept']} ({case['id']}): {NOT_BUILT[case['concept']]}"
            )
