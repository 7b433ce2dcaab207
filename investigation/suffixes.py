"""The public suffix list, from the snapshot that tldextract ships: no network, no cache."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tldextract

# Names that never resolve on the Internet but stand in corporate logs and in documentation.
_LOCAL = frozenset({"example", "test", "invalid", "local", "lan", "corp", "internal", "intranet", "home", "onion"})


@cache
def _extract() -> tldextract.TLDExtract:
    import tldextract  # when it is first needed: it brings an HTTP library that is never used here

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, extra_suffixes=sorted(_LOCAL))


@lru_cache(maxsize=8192)
def registered_domain(name: str) -> str:
    """The registrable part of a host name (`a.b.example.co.uk` -> `example.co.uk`), or ``""``.

    A name that is itself a suffix, or that has none, has no registrable part."""
    parts = _extract()(name.rstrip("."))
    return f"{parts.domain}.{parts.suffix}".lower() if parts.domain and parts.suffix else ""
