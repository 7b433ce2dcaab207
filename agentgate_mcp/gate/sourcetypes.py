"""Which fields of which sourcetypes nobody but a sensor or Splunk can write.

The table says what is measured. Everything else in an event is what somebody sent: user agents, URIs
and hosts asked for, DNS names and answers, user names of failed log-ons, command lines, file and
service names, mail headers and subjects, certificate names, tags. A sourcetype that is not listed
measures nothing. Names are in lower case, as fields are after the Common Information Model.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SET_BY_SPLUNK: Final = frozenset("_time _indextime event_id index sourcetype splunk_server count total".split())
"""Assigned when an event is stored, whatever it says."""
_ENDS = frozenset("src src_ip src_port dest_ip dest_port".split())
_FLOW = _ENDS | frozenset("dest transport protocol bytes bytes_in bytes_out packets_in packets_out duration".split())
_SERVED = frozenset("src src_ip src_port dest_port status bytes bytes_in bytes_out duration".split())
"""What a server or proxy knows of a request besides what the client wrote in it. Not where it was meant to go."""
_LOGON = frozenset("src_ip dest signature_id action".split())
"""Who is said to log on, from which work station, is what the client sent."""
_HOST = frozenset("dest signature_id process_id parent_process_id process_hash".split())

MEASURED: Final[Mapping[str, frozenset[str]]] = {
    # the bundled data
    "zeek:conn": _FLOW | {"conn_state", "action"},
    "zeek:dns": _ENDS | {"dest", "transport", "query_type", "reply_code"},
    "zeek:http": _SERVED | _ENDS | {"dest", "transport"},
    "zeek:ssl": _ENDS | {"dest", "transport"},
    "proxy:access": _SERVED | {"dest_ip", "action"},
    "mail:gateway": frozenset({"src", "src_ip", "bytes", "action", "result"}),
    "linux_secure": _LOGON | {"src"},
    "wineventlog:security": _LOGON | {"src"},
    "okta:auth": _LOGON | {"src", "result"},
    "aws:cloudtrail": frozenset({"src", "src_ip", "action", "result"}),
    "sysmon": _HOST | {"dest_ip"},
    "edr:file": _HOST | {"file_hash", "bytes", "action"},
    # Our own searches write these from fields that attackers wrote.
    "stash": frozenset(),
    # what the Common Information Model's add-ons commonly bring
    "xmlwineventlog": _LOGON | {"src"},
    "wineventlog": _LOGON | {"src"},
    "xmlwineventlog:microsoft-windows-sysmon/operational": _HOST | {"dest_ip"},
    "access_combined": _SERVED,
    "access_combined_wcookie": _SERVED,
    "nginx:plus:access": _SERVED,
    "ms:iis:auto": _SERVED,
    "bluecoat:proxysg:access:syslog": _SERVED | {"dest_ip", "action"},
    "zscalernss-web": _SERVED | {"dest_ip", "action"},
    "squid:access": _SERVED | {"dest_ip", "action"},
    "cisco:asa": _FLOW | {"action"},
    "pan:traffic": _FLOW | {"action"},
    "pan:threat": _ENDS | {"dest", "action", "signature_id"},
    "fgt_traffic": _FLOW | {"action"},
    "checkpoint": _FLOW | {"action"},
    "juniper:junos:firewall": _FLOW | {"action"},
    "aws:cloudwatchlogs:vpcflow": _FLOW | {"action"},
    "suricata": _ENDS | {"dest", "transport", "action", "signature_id"},
    "snort": _ENDS | {"dest", "transport", "action", "signature_id"},
    "stream:dns": _ENDS | {"dest", "transport", "query_type", "reply_code"},
    "stream:http": _SERVED | _ENDS | {"dest", "transport"},
    "stream:tcp": _FLOW,
    "netflow": _FLOW,
    "linux_audit": frozenset({"dest", "action"}),
    "auditd": frozenset({"dest", "action"}),
    "okta:im2:log": _LOGON | {"src", "result"},
    "azure:aad:signin": _LOGON | {"src", "result"},
    "o365:management:activity": frozenset({"src", "src_ip", "action", "result"}),
    "google:gcp:pubsub:message": frozenset({"src", "src_ip", "action"}),
    "ms:o365:reporting:messagetrace": frozenset({"src", "src_ip", "bytes", "action"}),
    "crowdstrike:events:sensor": _HOST | {"dest_ip", "file_hash"},
    # A syslog line is whatever reached the port.
    "syslog": frozenset(),
}


def measured(sourcetype: str, field: str) -> bool:
    """True when ``field`` of an event of ``sourcetype`` is not up to whoever caused the event."""
    return field in SET_BY_SPLUNK or field in MEASURED.get(sourcetype.lower(), frozenset())
