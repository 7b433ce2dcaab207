"""Field sets of host, identity, mail, cloud and alert sources."""

from __future__ import annotations

from agentgate_mcp.synth.chance import sha256_of
from agentgate_mcp.synth.network_logs import Fields, host_names
from agentgate_mcp.synth.organisation import machine

_SIGNATURES = {
    "4624": "An account was successfully logged on",
    "4625": "An account failed to log on",
    "4634": "An account was logged off",
    "4648": "A logon was attempted using explicit credentials",
    "4672": "Special privileges assigned to new logon",
    "4688": "A new process has been created",
    "4720": "A user account was created",
    "4723": "An attempt was made to change an account's password",
    "4724": "An attempt was made to reset an account's password",
    "4728": "A member was added to a security-enabled global group",
    "4740": "A user account was locked out",
    "4767": "A user account was unlocked",
    "4768": "A Kerberos authentication ticket was requested",
    "4769": "A Kerberos service ticket was requested",
    "5140": "A network share object was accessed",
    "7045": "A service was installed in the system",
}


def _from(src: str) -> Fields:
    if not src:
        return {}
    fields = {"src": src, "src_ip": src}
    names = host_names()
    if src in names:
        fields["src_host"] = names[src]
    return fields


def windows(
    *,
    host: str,
    code: int,
    user: str,
    src: str = "",
    action: str = "success",
    app: str = "",
    reason: str = "",
    src_user: str = "",
    thing: str = "",
    command: str = "",
) -> Fields:
    """One Windows security event on ``host``; ``app`` is the logon kind, ``thing`` the object."""
    fields = {"index": "auth", "sourcetype": "wineventlog:security", "host": host, "dest": host, "user": user}
    fields |= {"signature_id": str(code), "signature": _SIGNATURES[str(code)], "action": action, **_from(src)}
    optional = {"app": app, "reason": reason, "src_user": src_user, "object": thing, "command": command}
    return fields | {name: value for name, value in optional.items() if value}


def secure(
    *, host: str, user: str, action: str, app: str, src: str = "", command: str = "", reason: str = ""
) -> Fields:
    """One line of a Linux authentication log."""
    fields = {"index": "auth", "sourcetype": "linux_secure", "host": host, "dest": host, "user": user}
    fields |= {"action": action, "app": app, **_from(src)}
    optional = {"command": command, "reason": reason}
    return fields | {name: value for name, value in optional.items() if value}


def okta(
    *, user: str, src: str, action: str, event: str, app: str, device: str = "", reason: str = "", result: str = ""
) -> Fields:
    """One event of the identity provider; ``event`` is its event type, ``device`` what was used."""
    fields = {"index": "auth", "sourcetype": "okta:auth", "host": "idp", "user": user, "action": action}
    fields |= {"signature": event, "app": app, **_from(src)}
    optional = {"object": device, "reason": reason, "result": result}
    return fields | {name: value for name, value in optional.items() if value}


def process(
    *,
    host: str,
    user: str,
    path: str,
    line: str,
    parent: str,
    signer: str = "",
    reason: str = "",
    file_hash: str = "",
) -> Fields:
    """One process start. ``path`` is the image, ``signer`` its publisher (empty: not signed)."""
    name = path.replace("\\", "/").rpartition("/")[2]
    fields = {"index": "endpoint", "sourcetype": "sysmon", "host": host, "dest": host, "dest_ip": machine(host).ip}
    fields |= {
        "user": user,
        "process": line,
        "process_name": name,
        "process_path": path,
        "parent_process_name": parent,
        "process_hash": file_hash or sha256_of(f"{path}|{signer}"),
        "signature_id": "1",
        "result": "signed" if signer else "unsigned",
    }
    optional = {"signature": signer, "reason": reason}
    return fields | {key: value for key, value in optional.items() if value}


def file_event(
    *, host: str, user: str, path: str, action: str, process_name: str, file_hash: str = "", size: int = 0
) -> Fields:
    """One file event of the endpoint agent: created, modified, renamed, deleted or read."""
    name = path.replace("\\", "/").rpartition("/")[2]
    fields = {"index": "endpoint", "sourcetype": "edr:file", "host": host, "dest": host, "user": user}
    fields |= {"file_name": name, "file_path": path, "action": action, "process_name": process_name}
    if file_hash:
        fields["file_hash"] = file_hash
    if size:
        fields["bytes"] = str(size)
    return fields


def mail(
    *,
    sender: str,
    recipient: str,
    subject: str,
    message_id: str,
    src: str,
    result: str,
    action: str = "delivered",
    url: str = "",
    attachment: str = "",
    file_hash: str = "",
    size: int = 0,
) -> Fields:
    """One message at the mail gateway; ``result`` is the outcome of SPF, DKIM and DMARC."""
    fields = {
        "index": "email",
        "sourcetype": "mail:gateway",
        "host": "mail01",
        "sender": sender,
        "recipient": recipient,
    }
    fields |= {"subject": subject, "message_id": message_id, "src": src, "src_ip": src, "result": result}
    fields |= {"action": action}
    optional = {"url": url, "file_name": attachment, "file_hash": file_hash, "bytes": str(size) if size else ""}
    return fields | {name: value for name, value in optional.items() if value}


def cloudtrail(
    *, user: str, src: str, command: str, app: str, thing: str, agent: str, result: str = "success"
) -> Fields:
    """One cloud API call: ``command`` is its name, ``app`` the cloud service."""
    fields = {"index": "cloud", "sourcetype": "aws:cloudtrail", "host": "cloud", "user": user, **_from(src)}
    fields |= {"command": command, "app": app, "object": thing, "http_user_agent": agent, "result": result}
    return fields | {"action": "success" if result == "success" else "failure"}


def notable(
    *, rule: str, severity: str, category: str, msg: str, src: str = "", dest: str = "", user: str = "", thing: str = ""
) -> Fields:
    """One alert event: the rule that fired (`signature`, `source`) and what it fired on."""
    fields = {"index": "notable", "sourcetype": "stash", "host": "splunk01", "source": rule, "signature": rule}
    fields |= {"severity": severity, "category": category, "msg": msg}
    optional = {"src": src, "dest": dest, "user": user, "object": thing}
    return fields | {name: value for name, value in optional.items() if value}
