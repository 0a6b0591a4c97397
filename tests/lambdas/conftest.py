"""Where temporary files go."""

from pathlib import Path

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Temporary files stay in the working copy, wherever pytest was started."""
    if config.option.basetemp is None:
        folder = Path(__file__).resolve().parents[2] / "target/pytest" / Path(__file__).parent.name
        folder.parent.mkdir(parents=True, exist_ok=True)
        config.option.basetemp = str(folder)
