"""Where response actions are sent and with which secret, checked before anything is."""

from __future__ import annotations

import ipaddress
import ssl
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx

from agentgate_mcp.config import Settings
from agentgate_mcp.errors import ConfigError

MIN_SECRET_BYTES: Final = 32
MAX_SECRET_BYTES: Final = 4096
MAX_PORT: Final = 65_535
_OTHERS: Final = 0o007


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One executor. ``timeout_s`` bounds one exchange as a whole; an action that was accepted and
    of which nothing is heard for ``patience_s`` is unknown."""

    url: httpx.URL = field(repr=False)
    secret: bytes = field(repr=False)
    tls: ssl.SSLContext = field(repr=False)
    timeout_s: float
    patience_s: float

    def status_url(self, action_id: str, given: str = "") -> httpx.URL:
        """Where to ask for the status of an action: what the endpoint gave, or the path below it."""
        return httpx.URL(given) if given else self.url.copy_with(path=f"{self.url.path.rstrip('/')}/{action_id}")

    def is_own(self, address: str) -> bool:
        """Whether ``address`` is on this endpoint's scheme, host and port."""
        try:
            there = httpx.URL(address)
        except httpx.InvalidURL:
            return False
        return not there.userinfo and _origin(there) == _origin(self.url)


def read_endpoint(settings: Settings) -> Endpoint:
    """The configured endpoint. Reads the secret; calls nobody.

    Raises: ConfigError naming the setting; never its value, which may hold a token."""
    if settings.response_url is None:
        raise ConfigError("AGENTGATE_RESPONSE_URL: expected an address beside the secret file, got nothing")
    if settings.response_secret_file is None:
        raise ConfigError("AGENTGATE_RESPONSE_SECRET_FILE: expected a file beside the address, got nothing")
    return Endpoint(
        url=_url(settings.response_url.get_secret_value()),
        secret=_secret(settings.response_secret_file),
        tls=_tls(settings.response_ca_file),
        timeout_s=settings.response_timeout_s,
        patience_s=settings.response_patience_s,
    )


def _url(text: str) -> httpx.URL:
    name = "AGENTGATE_RESPONSE_URL"
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        raise ConfigError(f"{name}: expected an https address, got something else") from None
    if not url.host or url.scheme not in ("https", "http") or not 0 < (url.port or 1) <= MAX_PORT:
        raise ConfigError(f"{name}: expected an https address, got something else")
    if url.userinfo or url.fragment:
        raise ConfigError(f"{name}: expected an address without user, password and fragment")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigError(f"{name}: expected https; http is for a loopback address only")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _secret(path: Path) -> bytes:
    name = "AGENTGATE_RESPONSE_SECRET_FILE"
    try:
        mode = path.stat().st_mode
        with path.open("rb") as file:
            secret = file.read(MAX_SECRET_BYTES + 1).strip()
    except OSError as error:
        raise ConfigError(f"{name}: expected a readable file ({error.strerror})") from None
    if sys.platform != "win32" and mode & _OTHERS:
        raise ConfigError(f"{name}: expected a file closed to other users (chmod o-rwx), got an open one")
    if not MIN_SECRET_BYTES <= len(secret) <= MAX_SECRET_BYTES:
        wanted = f"{MIN_SECRET_BYTES} to {MAX_SECRET_BYTES} bytes"
        raise ConfigError(f"{name}: expected {wanted}, got {'fewer' if len(secret) < MIN_SECRET_BYTES else 'more'}")
    return secret


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
    except OSError:
        raise ConfigError("AGENTGATE_RESPONSE_CA_FILE: expected a file of PEM certificates, got none") from None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)
