"""Names and tactics of the ATT&CK techniques that findings can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from agentgate_mcp.model.call import Json
from investigation.evidence import Evidence

TECHNIQUES: Mapping[str, tuple[str, str]] = {
    "T1005": ("Data from Local System", "collection"),
    "T1021.002": ("SMB/Windows Admin Shares", "lateral movement"),
    "T1036.005": ("Match Legitimate Resource Name or Location", "defense evasion"),
    "T1046": ("Network Service Discovery", "discovery"),
    "T1048": ("Exfiltration Over Alternative Protocol", "exfiltration"),
    "T1048.003": ("Exfiltration Over Unencrypted Non-C2 Protocol", "exfiltration"),
    "T1059.003": ("Windows Command Shell", "execution"),
    "T1069.002": ("Domain Groups", "discovery"),
    "T1070.001": ("Clear Windows Event Logs", "defense evasion"),
    "T1070.004": ("File Deletion", "defense evasion"),
    "T1071": ("Application Layer Protocol", "command and control"),
    "T1071.001": ("Web Protocols", "command and control"),
    "T1071.004": ("DNS", "command and control"),
    "T1078": ("Valid Accounts", "initial access"),
    "T1078.004": ("Cloud Accounts", "initial access"),
    "T1090": ("Proxy", "command and control"),
    "T1098.005": ("Device Registration", "persistence"),
    "T1105": ("Ingress Tool Transfer", "command and control"),
    "T1110.001": ("Password Guessing", "credential access"),
    "T1110.003": ("Password Spraying", "credential access"),
    "T1135": ("Network Share Discovery", "discovery"),
    "T1190": ("Exploit Public-Facing Application", "initial access"),
    "T1204.002": ("Malicious File", "execution"),
    "T1486": ("Data Encrypted for Impact", "impact"),
    "T1490": ("Inhibit System Recovery", "impact"),
    "T1498": ("Network Denial of Service", "impact"),
    "T1505.003": ("Web Shell", "persistence"),
    "T1560": ("Archive Collected Data", "collection"),
    "T1560.001": ("Archive via Utility", "collection"),
    "T1562.001": ("Disable or Modify Tools", "defense evasion"),
    "T1564.008": ("Email Hiding Rules", "defense evasion"),
    "T1566.002": ("Spearphishing Link", "initial access"),
    "T1567.002": ("Exfiltration to Cloud Storage", "exfiltration"),
    "T1569.002": ("Service Execution", "execution"),
    "T1571": ("Non-Standard Port", "command and control"),
    "T1595": ("Active Scanning", "reconnaissance"),
    "T1595.001": ("Scanning IP Blocks", "reconnaissance"),
    "T1595.002": ("Vulnerability Scanning", "reconnaissance"),
    "T1621": ("Multi-Factor Authentication Request Generation", "credential access"),
}


def techniques(findings: Iterable[tuple[str, Evidence]]) -> list[Json]:
    """Techniques shown by findings that speak for malice, each with the findings that show it."""
    shown: dict[str, list[Json]] = {}
    for finding_id, evidence in findings:
        if evidence.weight > 0:
            for technique in evidence.techniques:
                shown.setdefault(technique, []).append(finding_id)
    out: list[Json] = []
    for technique in sorted(shown):
        name, tactic = TECHNIQUES.get(technique, (technique, ""))
        out.append({"id": technique, "name": name, "tactic": tactic, "findings": shown[technique]})
    return out
