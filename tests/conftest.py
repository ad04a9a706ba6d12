"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def level_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle for frames of 256x1600 that finds what `tests.support.bundles.painted_frame` paints."""
    from tests.support import bundles

    return bundles.level_bundle(tmp_path_factory.mktemp("bundles") / "level")


@pytest.fixture(scope="session")
def random_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of tiny real networks for frames of 64x320: needs torch, takes seconds."""
    from tests.support import bundles

    return bundles.random_bundle(tmp_path_factory.mktemp("bundles") / "random")
