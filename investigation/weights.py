"""What each finding weighs: one table, log-odds, and why.

The unit is the natural logarithm of how much likelier the finding is in a malicious case than
in a harmless one: 0.7 is twice, 1.6 five times, 2.3 ten times as likely; negative numbers speak
for a harmless cause. The values are judgements, kept coarse on purpose and not fitted; they are
checked on the bundled cases and on five public captures, which is too few to call them calibrated.
Findings of one family overlap and count less after the first (fusion.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Weight:
    """One row of the table. ``techniques`` are ATT&CK ids that the finding shows."""

    family: str
    log_odds: float
    techniques: tuple[str, ...]
    why: str


def _w(family: str, log_odds: float, techniques: str, why: str) -> Weight:
    return Weight(family, log_odds, tuple(techniques.split()), why)


WEIGHTS: Mapping[str, Weight] = {
    # --- connections
    "net.irc": _w("channel", 2.3, "T1071", "Unattended machines and servers have no business in chat channels."),
    "net.odd-service": _w("channel", 1.2, "T1571", "What is spoken does not fit the port."),
    "net.beacon": _w("channel", 0.5, "T1071", "Regular calls to a stranger; healthy devices are regular too."),
    "net.nameless-tls": _w("channel", 1.4, "T1071.001", "TLS without a name, with a certificate of its own making."),
    "net.scan-outside": _w("scan", 2.0, "T1046", "Many strangers tried on one port, nearly all in vain."),
    "net.scan-inside": _w("scan", 0.4, "T1046", "Discovery in the own segment is common after restarts."),
    "net.flood": _w("flood", 2.0, "T1498", "Much sent at high rate to one stranger who never answers."),
    "net.no-tls": _w("channel", 1.6, "T1571", "A conversation on the TLS port that is not TLS."),
    "net.telnet-out": _w(
        "channel", 0.9, "T1571", "A terminal session to a stranger is no job of an unattended device."
    ),
    "net.long-quiet": _w("long", 1.4, "T1071", "A conversation of hours that hardly says anything waits for orders."),
    "net.retries": _w("failing", 0.9, "", "It keeps trying a partner that is seldom there."),
    "net.big-fetch": _w(
        "download", 1.2, "T1105", "Large files over clear HTTP, again and again, from a failing server."
    ),
    "net.hammer": _w("flood", 2.0, "T1498", "More than one attempt a second at one partner, for long."),
    "net.ordinary": _w("ordinary", -1.0, "", "Nearly all it does is what such a device does."),
    "net.answered": _w("answered", -0.7, "", "Nearly everything it tries is answered."),
    "net.program-fetch": _w("download", 1.5, "T1105", "A program over clear HTTP from a bare address."),
    "net.peers-alike": _w("peers", -1.2, "", "Machines of the same kind do the same with the same partner."),
    "net.known-partner": _w("partner", -1.4, "", "The partner is approved or under contract."),
    "net.unknown-partner": _w("partner", 0.5, "", "The partner is new for the machine and on no list of ours."),
    # --- names
    "dns.many-names": _w("dns-shape", 0.7, "T1071.004", "Hundreds of long names, never twice the same."),
    "dns.data-answers": _w("dns-use", 1.8, "T1071.004 T1048.003", "Long random TXT answers carry data back."),
    "dns.code-answers": _w("dns-use", -1.6, "", "Short answers from a small set are codes, not data."),
    # --- sign-ins
    "auth.guessed": _w("sign-in", 1.6, "T1110.001", "Wrong passwords, then success from the same place."),
    "auth.spray": _w("sign-in", 1.8, "T1110.003", "One place tries many accounts."),
    "auth.expired": _w("sign-in", -1.3, "", "The right password, but expired: a device that was not told."),
    "auth.reset-first": _w("sign-in", -1.5, "", "Somebody else at the service desk reset the account just before."),
    "auth.strange-source": _w("source", 1.6, "T1078", "A session from an address and device never used before."),
    "auth.usual-source": _w("source", -1.2, "", "Sessions come from the usual address with a known device."),
    "auth.push-denied": _w("factor", 2.0, "T1621", "The person denied the push several times before one passed."),
    "auth.factor-added": _w("factor", 1.5, "T1098.005", "A stranger's session added its own second factor."),
    "auth.mailbox-rule": _w("mailbox", 1.0, "T1564.008", "A stranger's session hides mail by rule."),
    "auth.shares-swept": _w("discovery", 1.3, "T1135", "Far more shares opened than one job needs."),
    "auth.own-shares": _w("discovery", -0.6, "", "Only few shares, of one department."),
    "auth.other-session": _w("privilege", 1.5, "T1078", "A privileged account used out of another person's session."),
    "auth.admin-path": _w("privilege", -0.9, "", "The privileged session came the way it should."),
    "auth.service-home": _w("privilege", -1.0, "", "A service account at work where it belongs."),
    "auth.person-on-server": _w("privilege", 0.9, "T1078", "A person works interactively where a service should."),
    # --- programs and files
    "end.unsigned-place": _w("program", 1.6, "T1204.002", "An unsigned program out of a place users can write to."),
    "end.false-name": _w("program", 1.5, "T1036.005", "Under a known product's name, unsigned, from elsewhere."),
    "end.all-signed": _w("program", -0.7, "", "Every program that ran is signed by its maker."),
    "end.recovery": _w("impact", 2.4, "T1490", "Copies and recovery are destroyed; nobody needs that to work."),
    "end.copies-kept": _w("impact", -0.8, "", "Copies are listed or taken, not destroyed."),
    "end.mass-rename": _w("impact", 2.2, "T1486", "Many files get one new ending within minutes."),
    "end.protection-off": _w("defence", 1.3, "T1562.001", "Protection is stopped."),
    "end.logs-cleared": _w("defence", 1.4, "T1070.001", "Logs are cleared."),
    "end.traces-deleted": _w("defence", 0.9, "T1070.004", "What was gathered is deleted afterwards."),
    "end.remote-service": _w("spread", 0.9, "T1569.002 T1021.002", "A service installed from afar, out of no product."),
    "end.discovery": _w("discovery", 1.4, "T1069.002", "Questions about groups, trusts and stored passwords."),
    "end.archive-locked": _w("staging", 1.2, "T1560.001", "Archives with password and hidden names."),
    "end.archives-staged": _w("staging", 0.9, "T1560", "Archives made by an unsigned program in a temporary place."),
    # --- web servers
    "web.probes": _w("probe", 0.5, "T1190", "Requests as an attacker would try them; scanners do too."),
    "web.shell": _w("shell", 2.3, "T1505.003 T1190", "An upload was taken and became a page that runs."),
    "web.refused": _w("shell", -1.4, "", "Every upload was refused."),
    "web.commands": _w("execution", 2.0, "T1059.003", "The web server's process starts a shell."),
    "web.fetch-tool": _w("execution", 1.5, "T1105", "The server fetches a program with a system tool."),
    "web.booked": _w("booked", -1.6, "", "The requests come from an address of booked tests."),
    # --- mail
    "mail.imitation": _w("sender", 1.6, "T1566.002", "The sender's name imitates ours and is not ours."),
    "mail.announced": _w("sender", -2.0, "", "A department announced the mailing, with sender, target and days."),
    "mail.password-form": _w("form", 1.5, "T1566.002", "People posted to a sign-in form of strangers."),
    "mail.plain-form": _w("form", -0.6, "", "The form was no sign-in form."),
    # --- data leaving
    "exfil.volume": _w("volume", 0.8, "T1048", "Far more sent to one stranger than usual."),
    "exfil.sensitive": _w("records", 1.0, "T1005", "Records were read by somebody whose job it is not."),
    "exfil.in-scope": _w("records", -0.8, "", "Only what the account is there to read was read."),
    "exfil.store": _w("volume", 0.6, "T1567.002", "The partner keeps files for anybody who asks."),
    # --- words of others
    "change.covers": _w("order", -2.0, "", "An approved change names machine, account and time."),
    "change.borrowed": _w("order", 1.6, "", "A ticket is named that does not cover machine, account or time."),
    "intel.malicious": _w("intelligence", 2.0, "", "A feed calls it malicious."),
    "intel.suspicious": _w("intelligence", 0.7, "", "A feed calls it suspicious."),
    "text.orders": _w("planted text", 0.0, "", "Text in a log gives orders; it is data and weighs nothing."),
}
