"""Who had to do with whom: machines, accounts, addresses, domains and files of the case."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from agentgate_mcp.model.call import Json
from investigation.dossier import Dossier
from investigation.evidence import Evidence
from investigation.ioc import defang
from investigation.rows import is_outside, text
from investigation.suffixes import registered_domain

MAX_EDGES = 60


def graph(d: Dossier, findings: Sequence[tuple[str, Evidence]]) -> dict[str, Json]:
    """Nodes with the findings that concern them, and edges counted over the cited events."""
    concerned: dict[tuple[str, str], list[str]] = {}
    for finding_id, evidence in findings:
        for kind, value in evidence.targets:
            kind = "user" if kind == "password" else kind
            concerned.setdefault((kind, value), []).append(finding_id)
    for kind, values in (("host", d.hosts), ("user", d.users), ("ip", d.outside), ("domain", d.domains)):
        for value in values:
            concerned.setdefault((kind, value), [])
    edges: Counter[tuple[str, str, str]] = Counter()
    events = d.events()
    for cited in dict.fromkeys(i for _, e in findings for i in e.event_ids):
        row = events.get(cited)
        if row is None:
            continue
        src, dest = d.host_of(text(row, "src")), d.host_of(text(row, "dest"))
        user, query = text(row, "user"), registered_domain(text(row, "query"))
        if query:
            edges[(src, query, "looked up")] += 1
        elif src and dest and src != dest:
            edges[(src, dest, text(row, "service") or text(row, "sourcetype"))] += 1
        if user and user not in ("SYSTEM",):
            edges[(user, text(row, "host") or dest, text(row, "process_name") or text(row, "app") or "used")] += 1
    ranked = sorted(edges.items(), key=lambda e: (-e[1], e[0]))[:MAX_EDGES]
    nodes: list[Json] = []
    for (kind, value), ids in sorted(concerned.items()):
        asset = d.asset(value) if kind == "host" else None
        node: dict[str, Json] = {"kind": kind, "value": value, "findings": [*dict.fromkeys(ids)]}
        if asset:
            node |= {
                "role": text(asset, "role"),
                "criticality": text(asset, "criticality"),
                "team": text(asset, "owner_team"),
            }
        nodes.append(node)
    links: list[Json] = [{"from": a, "to": b, "how": how, "events": n} for (a, b, how), n in ranked]
    return {"nodes": nodes, "edges": links}


def indicators(d: Dossier, findings: Sequence[tuple[str, Evidence]]) -> list[Json]:
    """Outside addresses, domains and files that findings incriminate, the most incriminated first."""
    out: list[Json] = []
    blamed: dict[tuple[str, str], list[str]] = {}
    for finding_id, evidence in findings:
        for kind, value in evidence.targets:
            if kind in ("domain", "hash") or (kind == "ip" and is_outside(value)):
                blamed.setdefault((kind, value), []).append(finding_id)
    score = dict.fromkeys(blamed, 0.0)
    for _, evidence in findings:
        for target in evidence.targets:
            if target in score and evidence.weight > 0:
                score[target] += evidence.weight
    for (kind, value), ids in sorted(blamed.items(), key=lambda b: (-score[b[0]], b[0])):
        record = d.intel.get(value)
        out.append(
            {
                "kind": kind,
                "value": value,
                "defanged": value if kind == "hash" else defang(value),
                "findings": [*dict.fromkeys(ids)],
                "score": round(score[(kind, value)], 3),
                "intel": text(record, "verdict") if record and text(record, "known") == "True" else "unknown",
            }
        )
    return out
