"""REST endpoints that `| rest` may read: normalised, and sorted into listed, credential, other.

A path is first reduced to one spelling (percent-encoding undone, `..` resolved, the namespace
`servicesNS/user/app` taken as `services`), so that no second spelling escapes the lists.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_READABLE = (
    "admin/(?:macros|summarization|savedsearch|views|transforms-lookup|props-extract|props-lookup|indexes|nav)",
    "alerts/fired_alerts",
    "apps/local",
    "authentication/(?:current-context|users)",
    "authorization/(?:roles|capabilities|fsh_roles)",
    "cluster/(?:master|manager|peer|searchhead)/(?:health|indexes|info|peers|status|sites|buckets|fixup|generation)",
    "configs/conf-(?:macros|savedsearches|transforms|props|eventtypes|tags|datamodels|limits|times|indexes)",
    "data/(?:indexes|indexes-extended|index-volumes|summaries|lookup-table-files|commands|modular-inputs|macros)",
    "data/inputs/(?:all|monitor)",
    "data/(?:props|transforms)/[a-z_-]+",
    "data/ui/(?:views|panels|nav|times|workflow-actions)",
    "datamodel/(?:model|acceleration|pivot)",
    "deployment/server/(?:clients|serverclasses|applications)",
    "kvstore/status",
    "licenser/(?:groups|licenses|messages|pools|slaves|peers|stacks|usage)",
    "messages",
    "saved/(?:searches|eventtypes|fvtags|bookmarks|ntags|sourcetypes)",
    "scheduled/views",
    "search/(?:distributed/peers|fields|tags|timeparser|typeahead|concurrency-settings)",
    "server/(?:info|sysinfo|settings|roles|messages|health|status|introspection|logger|pipelinesets)",
    "shcluster/(?:captain|member|status)",
    "storage/collections/config",
    "workloads/(?:pools|rules|categories|status)",
)
_CREDENTIALS = (
    "storage/passwords",
    "admin/passwords",
    "auth(?:entication)?/(?:login|httpauth-tokens|sso|providers|tokens)",
    "authorization/tokens",
    "admin/(?:auth-services|httpauth-tokens|ldap-auth|proxysso-auth|saml-auth|tokens-auth|token-auth|passwords)",
    "configs/conf-(?:authentication|passwords|inputs|outputs|server|web|deploymentclient|distsearch|app)",
    "admin/conf-(?:authentication|passwords|inputs|outputs|server|web)",
    "properties/(?:authentication|passwords|inputs|outputs|server|web)",
    "data/inputs/(?:http|token|tcp/splunktcptoken|oauth|rest)",
    "data/outputs",
    "admin/(?:http|tcpouttokens|alert_actions)",
    "admin/[a-z0-9_]*(?:account|credential|password|secret|token|oauth)[a-z0-9_]*",
    "mcp_token",
    "cluster/config",
    "shcluster/config",
    "server/security",
    "licenser/localslave",
    "kvstore/token",
    "[^/]*(?:password|credential|secret)[^/]*",
)


def _any_of(paths: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(f"(?:{'|'.join(paths)})(?:/.*)?")


_READABLE_RE, _CREDENTIALS_RE = _any_of(_READABLE), _any_of(_CREDENTIALS)
_SECRET_WORD = re.compile(r"(?:^|/)[^/]*(?:password|credential|secret|apikey|api_key|private_?key|passwd)[^/]*(?:/|$)")


def normalise(path: str) -> str:
    """One spelling of a REST path: lower-case, decoded, without namespace: ``/services/x/y``."""
    text = path.strip().strip("\"'")
    for _ in range(4):
        decoded = unquote(text)
        if decoded == text:
            break
        text = decoded
    text = re.split(r"[?#;]", text, maxsplit=1)[0]
    text = re.sub(r"^[a-z]+://[^/]*", "", text.replace("\\", "/").lower())
    parts: list[str] = []
    for part in text.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if parts:
                parts.pop()
        else:
            parts.append(part)
    if parts[:1] == ["servicesns"]:
        parts = ["services", *parts[3:]]
    return "/" + "/".join(parts)


def is_credential(normalised: str) -> bool:
    """True where reading the endpoint shows passwords, tokens, keys or sessions."""
    tail = normalised.removeprefix("/services/")
    return bool(_CREDENTIALS_RE.fullmatch(tail)) or bool(_SECRET_WORD.search(normalised))


def is_listed(normalised: str) -> bool:
    """True where the endpoint is on the list of those that ordinary work reads."""
    if not normalised.startswith("/services/") or is_credential(normalised):
        return False
    # The list of jobs is ordinary reading; a job's results are somebody's data.
    return normalised == "/services/search/jobs" or bool(_READABLE_RE.fullmatch(normalised[10:]))
