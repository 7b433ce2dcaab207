"""Bundled files are found in both layouts, and nobody else's are taken for ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from agentgate_mcp import bundled
from agentgate_mcp.errors import ConfigError

pytestmark = pytest.mark.req("project.bundled", "R10")


def package_in(root: Path, *, checkout: bool) -> Path:
    package = root / "agentgate_mcp"
    package.mkdir(parents=True)
    if checkout:
        (root / "pyproject.toml").write_text("")
    return package


def test_a_checkout_uses_the_directories_beside_the_package(tmp_path: Path) -> None:
    package = package_in(tmp_path, checkout=True)
    (tmp_path / "data").mkdir()
    assert bundled._find(package, "data") == tmp_path / "data"


def test_an_installed_wheel_uses_the_directories_inside_the_package(tmp_path: Path) -> None:
    package = package_in(tmp_path, checkout=False)
    (package / "_bundled" / "splunk_app").mkdir(parents=True)
    assert bundled._find(package, "splunk_app") == package / "_bundled" / "splunk_app"


def test_a_neighbour_called_data_in_site_packages_is_not_ours(tmp_path: Path) -> None:
    package = package_in(tmp_path, checkout=False)
    (tmp_path / "data").mkdir()
    with pytest.raises(ConfigError, match="'data'"):
        bundled._find(package, "data")


def test_a_missing_directory_is_a_configuration_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="'splunk_app'"):
        bundled._find(package_in(tmp_path, checkout=True), "splunk_app")


def test_this_checkout_has_its_bundled_data() -> None:
    assert bundled.bundled_dir("data").is_dir()
