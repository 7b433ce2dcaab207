"""Programs and files on machines: what ran, who made it, what it did to copies, logs and files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from investigation.dossier import Dossier
from investigation.evidence import Evidence, found
from investigation.rows import Row, at, text, texts

# Where only an administrator installs programs; `Windows\Temp` and the like are open to more.
INSTALLED = re.compile(r"^(?:[a-z]:\\(?:program files(?: \(x86\))?|windows)\\|/usr/|/opt/|/s?bin/)", re.I)
OPEN = re.compile(r"\\(?:temp|tmp|downloads|appdata|public|programdata)\\", re.I)
SYSTEM_USERS = frozenset({"", "SYSTEM", "LOCAL SERVICE", "NETWORK SERVICE"})
RECOVERY = (
    re.compile(r"vssadmin(?:\.exe)?\s+(?:delete\s+shadows|resize\s+shadowstorage)", re.I),
    re.compile(r"wmic(?:\.exe)?\s+shadowcopy\s+delete", re.I),
    re.compile(r"wbadmin(?:\.exe)?\s+delete\s+(?:catalog|systemstatebackup|backup)", re.I),
    re.compile(r"bcdedit(?:\.exe)?\s.*(?:recoveryenabled\s+no|bootstatuspolicy\s+ignoreallfailures)", re.I),
)
KEEPING = (
    re.compile(r"vssadmin(?:\.exe)?\s+(?:list|create)\s+shadow", re.I),
    re.compile(r"wbadmin(?:\.exe)?\s+(?:start\s+backup|get\s+versions)", re.I),
    re.compile(r"bcdedit(?:\.exe)?\s+/(?:export|enum)", re.I),
)
LOGS = (re.compile(r"wevtutil(?:\.exe)?\s+(?:cl|clear-log)\s", re.I), re.compile(r"clear-eventlog", re.I))
PROTECTION = re.compile(
    r"(?:net1?|sc)(?:\.exe)?\s+(?:stop|delete|config)\s+\S*(?:defend|sense|sentinel|agent|edr|antivir|carbon|falcon|sysmon)",
    re.I,
)
DISCOVERY = (
    re.compile(r"net1?(?:\.exe)?\s+(?:group|localgroup|user|accounts)\b.*(?:/domain|admin)", re.I),
    re.compile(r"nltest(?:\.exe)?\s+/(?:domain_trusts|dclist|trusted)", re.I),
    re.compile(r"cmdkey(?:\.exe)?\s+/list", re.I),
    re.compile(r"whoami(?:\.exe)?\s+/(?:all|priv|groups)", re.I),
    re.compile(r"(?:dsquery|adfind|quser|klist)(?:\.exe)?\b", re.I),
)
LOCKED_ARCHIVE = re.compile(r"\sa\s.*(?:-mhe(?:=on)?|-hp\S*|-p(?:\s|\S))|\szip\s.*-(?:e|P)\b", re.I)
DELETES = re.compile(r"\b(?:del|erase|rd|rmdir|remove-item|rm|sdelete)(?:\.exe)?\s", re.I)
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".cab")
MIN_RENAMED = 20


def run(d: Dossier) -> list[Evidence]:
    """All signals of this kind for the case."""
    started = [r for r in d.rows("endpoint") if text(r, "sourcetype") == "sysmon"]
    files = [r for r in d.rows("endpoint") if text(r, "sourcetype") != "sysmon"]
    unsigned = [r for r in started if text(r, "result") == "unsigned"]
    return [
        *_unsigned(d, unsigned),
        *_false_names(d, unsigned),
        *_signed(d, started),
        *_commands(d, started),
        *_renames(d, files, unsigned),
        *_staging(d, files, unsigned, started),
        *_services(d),
    ]


def _host(row: Row) -> tuple[str, str]:
    return ("host", text(row, "host"))


def _hashes(rows: Sequence[Row], files: Sequence[Row]) -> list[tuple[str, str]]:
    """Hashes of unsigned programs that came as files, the ones that can be quarantined."""
    written = {text(f, "file_hash") for f in files}
    return [("hash", text(r, "process_hash")) for r in rows if text(r, "process_hash") in written - {""}]


def _unsigned(d: Dossier, unsigned: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    placed: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in unsigned:
        path = text(row, "process_path")
        if path and (OPEN.search(path) or not INSTALLED.match(path)):
            placed[(text(row, "host"), text(row, "process_path"))].append(row)
    files = d.rows("endpoint")
    for (host, path), rows in sorted(placed.items()):
        times = f"{len(rows)} times" if len(rows) > 1 else "once"
        parent = text(rows[0], "parent_process_name") or "an unknown parent"
        said = f"On {host} the unsigned program {path} ran {times}, started by {parent}"
        guilty = [("host", host), *_hashes(rows, files), *_user(d, rows)]
        out += found("end.unsigned-place", said, rows, d.sets.get("endpoint"), guilty)
    return out


def _user(d: Dossier, rows: Sequence[Row]) -> list[tuple[str, str]]:
    """The privileged person who ran it: a service or ordinary account is not the culprit."""
    privileged = {text(r, "user") for r in d.lookup("identity_inventory") if text(r, "privileged") == "true"}
    service = {text(r, "user") for r in d.lookup("service_accounts")}
    return [("user", u) for u in {text(r, "user") for r in rows} if u in privileged - service]


def _false_names(d: Dossier, unsigned: Sequence[Row]) -> list[Evidence]:
    """A name under which a signed program has run before, now unsigned and from elsewhere."""
    out: list[Evidence] = []
    genuine = {text(r, "process_name"): r for r in d.rows("usual-programs") if text(r, "result") == "signed"}
    by_name: dict[str, list[Row]] = defaultdict(list)
    for row in unsigned:
        by_name[text(row, "process_name")].append(row)
    for name, rows in sorted(by_name.items()):
        known = genuine.get(name)
        if known is None or text(rows[0], "process_path") in texts(known, "process_path"):
            continue
        said = (
            f"{name} ran unsigned from {text(rows[0], 'process_path')}; the program of that name is signed by "
            f"{text(known, 'signature')} and lies at {text(known, 'process_path')}"
        )
        out += found("end.false-name", said, rows, d.sets.get("endpoint"), [_host(rows[0]), *_user(d, rows)])
    return out


def _signed(d: Dossier, started: Sequence[Row]) -> list[Evidence]:
    judged = [r for r in started if text(r, "result") in ("signed", "unsigned")]
    if len(judged) < 3 or any(text(r, "result") == "unsigned" for r in judged):
        return []
    makers = Counter(text(r, "signature") for r in judged)
    said = f"All {len(judged)} program starts on {', '.join(d.hosts)} are signed, by {', '.join(sorted(makers))}"
    return found("end.all-signed", said, judged, d.sets.get("endpoint"))


def _commands(d: Dossier, started: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    source = d.sets.get("endpoint")
    destroying = [r for r in started if any(p.search(text(r, "process")) for p in RECOVERY)]
    # Backup agents list copies every day; what counts is what the accounts of the case did.
    keeping = [r for r in started if text(r, "user") in d.users and any(p.search(text(r, "process")) for p in KEEPING)]
    cleared = [r for r in started if any(p.search(text(r, "process")) for p in LOGS)]
    stopped = [r for r in started if PROTECTION.search(text(r, "process"))]
    asked = [r for r in started if any(p.search(text(r, "process")) for p in DISCOVERY)]
    guilty = [*map(_host, destroying), *(("user", text(r, "user")) for r in destroying)]
    if destroying:
        said = f"Recovery was made impossible on {_places(destroying)}: {_lines(destroying)}"
        out += found("end.recovery", said, destroying, source, [g for g in guilty if g[1] not in SYSTEM_USERS])
    elif keeping:
        out += found(
            "end.copies-kept", f"Copies were listed or taken on {_places(keeping)}: {_lines(keeping)}", keeping, source
        )
    if cleared:
        out += found("end.logs-cleared", f"Logs were cleared on {_places(cleared)}: {_lines(cleared)}", cleared, source,
                     list(map(_host, cleared)))  # fmt: skip
    if stopped:
        out += found("end.protection-off", f"Protection was stopped on {_places(stopped)}: {_lines(stopped)}", stopped,
                     source, list(map(_host, stopped)))  # fmt: skip
    if len({text(r, "process") for r in asked}) >= 2:
        who = sorted({text(r, "user") for r in asked})
        said = f"{', '.join(who)} asked on {_places(asked)} about groups, trusts or stored passwords: {_lines(asked)}"
        out += found("end.discovery", said, asked, source, ())
    return out


def _places(rows: Sequence[Row]) -> str:
    return " and ".join(sorted({text(r, "host") for r in rows}))


def _lines(rows: Sequence[Row]) -> str:
    return "; ".join(list(dict.fromkeys(text(r, "process") for r in rows))[:4])


def _renames(d: Dossier, files: Sequence[Row], unsigned: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    renamed: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for row in files:
        parts = text(row, "file_name").rsplit(".", 2)
        if text(row, "action") == "renamed" and len(parts) == 3:
            renamed[(text(row, "host"), text(row, "process_name"), parts[2])].append(row)
    own = {text(r, "process_name") for r in unsigned}
    for (host, program, ending), rows in sorted(renamed.items()):
        if len(rows) >= MIN_RENAMED:
            minutes = max((at(rows[-1]) - at(rows[0])) / 60, 1)
            maker = "unsigned " if program in own else ""
            said = (
                f"On {host} the {maker}program {program} gave {len(rows)} files the ending .{ending} within "
                f"{minutes:.0f} minutes"
            )
            out += found("end.mass-rename", said, rows, d.sets.get("endpoint"), [("host", host)])
    return out


def _staging(d: Dossier, files: Sequence[Row], unsigned: Sequence[Row], started: Sequence[Row]) -> list[Evidence]:
    out: list[Evidence] = []
    source = d.sets.get("endpoint")
    locked = [r for r in unsigned if LOCKED_ARCHIVE.search(text(r, "process"))]
    if locked:
        guilty = [_host(locked[0]), *_user(d, locked)]
        out += found(
            "end.archive-locked", f"Archives with a password were made: {_lines(locked)}", locked, source, guilty
        )
    own = {text(r, "process_name") for r in unsigned}
    packed = [
        f for f in files if text(f, "action") == "created" and text(f, "file_path").lower().endswith(ARCHIVES)
        and text(f, "process_name") in own
    ]  # fmt: skip
    if packed:
        names = ", ".join(list(dict.fromkeys(text(f, "file_path") for f in packed))[:3])
        said = f"The unsigned program {text(packed[0], 'process_name')} wrote {len(packed)} archives, such as {names}"
        out += found("end.archives-staged", said, packed, source, [_host(packed[0])])
    folders = {text(f, "file_path").rpartition("\\")[0].lower() for f in packed} - {""}
    deleting = [r for r in started if DELETES.search(text(r, "process"))]
    removed = [r for r in deleting if any(p in text(r, "process").lower() for p in folders)]
    if removed:
        said = f"What had been gathered was deleted: {_lines(removed)}"
        out += found("end.traces-deleted", said, removed, source, [_host(removed[0]), *_user(d, removed)])
    return out


def _services(d: Dossier) -> list[Evidence]:
    """Services installed from a place where no product lies."""
    rows = [r for name in ("auth-hosts", "auth-users") for r in d.rows(name) if text(r, "signature_id") == "7045"]
    odd = [
        r for r in rows if not re.match(r"^\"?[a-z]:\\(?:program files|windows\\system32)", text(r, "command"), re.I)
    ]
    if not odd:
        return []
    said = (
        f"The service {text(odd[0], 'object')} was installed on {_places(odd)} as {text(odd[0], 'command')}, "
        "outside any product's folder"
    )
    return found("end.remote-service", said, odd, d.set_of(odd[0], "auth-hosts", "auth-users"), list(map(_host, odd)))
