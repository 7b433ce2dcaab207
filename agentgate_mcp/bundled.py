"""Where the files that come with the product are: in a checkout or inside an installed wheel.

A checkout (and so an editable install) has `data/` and `splunk_app/` beside the package; a wheel
carries the same trees as `agentgate_mcp/_bundled/`, so that nothing lands at the top level of
site-packages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from agentgate_mcp.errors import ConfigError

BundledName = Literal["data", "splunk_app"]

_PACKAGE = Path(__file__).resolve().parent


def bundled_dir(name: BundledName) -> Path:
    """The directory of bundled files called ``name``, absolute.

    Raises: ConfigError when the installation does not have it."""
    return _find(_PACKAGE, name)


def _find(package: Path, name: BundledName) -> Path:
    installed = package / "_bundled" / name
    if installed.is_dir():
        return installed
    # Beside the package only in a checkout: in site-packages a neighbour called `data` is a stranger's.
    if (package.parent / "pyproject.toml").is_file() and (package.parent / name).is_dir():
        return package.parent / name
    raise ConfigError(f"bundled files {name!r}: expected them with the package, got none; install agentgate-mcp again")
