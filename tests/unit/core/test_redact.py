"""The redactor: finds secrets, keeps everything else."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentgate_mcp._secrets import DETECTORS, MARKER, TRIGGER, find, luhn, secret_key
from agentgate_mcp.errors import ConfigError
from agentgate_mcp.redact import Redactor

REDACTOR = Redactor(b"k" * 32)
HEX40 = "3f786850e387550fdab836ed7e6dc881de23001b"
B64 = "wJalrXUtnFEMI7K7MDENG9bPxRfiCYzzzSYNTHKEY"
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
JWT = "eyJraWQiOiJzcGx1bmsuc2VjcmV0IiwiYWxnIjoiSFM1MTIifQ.eyJpc3MiOiJhZG1pbiJ9.c2lnbmF0dXJlLXBhcnQ"
# Assembled, so that no scanner takes this file for a leak.
GITHUB = "ghp_" + "a1B2" * 9
SLACK = "xoxb-" + "123456789012-" + "AbCdEfGhIj"
AWS = "AKIA" + "QWERTYUIOPASDF12"
GCP = "AIza" + "Sy" + "x" * 33
STRIPE = "sk_" + "live_" + "a1B2" * 6
AZURE = "abc8Q~" + "d" * 34
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAKC+/=\n-----END RSA PRIVATE KEY-----"


@pytest.mark.req("core.redact-finds", "R8")
@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"token is {JWT}.", JWT),
        (f"Authorization: Splunk {GUID}", GUID),
        (f"authorization: Splunk {'aB3^' * 20}", "aB3^" * 20),
        (f"curl -H 'Authorization: Splunk {GUID}' https://hec.example:8088", GUID),
        (f"hec_token = {GUID}", GUID),
        (f'HEC token "{GUID}"', GUID),
        ("splunkd_8089=abcDEF123^xyz; path=/", "abcDEF123^xyz"),
        ("<response><sessionKey>192fd3e46a31246da7ea7f109e7f95fd</sessionKey>", "192fd3e46a31246da7ea7f109e7f95fd"),
        ("Authorization: Bearer abc.def-123", "abc.def-123"),
        ("header bearer 0123456789abcdefABCDEF", "0123456789abcdefABCDEF"),
        ("Proxy-Authorization: Basic " + base64.b64encode(b"bob:s3cret").decode(), "czNjcmV0"),
        ("basic " + base64.b64encode(b"alice:pa55word").decode(), base64.b64encode(b"alice:pa55word").decode()),
        ("curl -s -u admin:ch4ngeme https://splunk.example", "ch4ngeme"),
        (f"aws_secret_access_key={B64[:40]}", B64[:40]),
        (f"key id {AWS} used", AWS),
        (f"?key={GCP}", GCP),
        ("AccountName=x;AccountKey=" + "Ab1/" * 21 + "Ab==;EndpointSuffix=core", "Ab1/" * 21),
        (f"client {AZURE}", AZURE),
        ("https://x.example/c?sv=2020&sig=" + "aB%2f" * 8, "aB%2f" * 8),
        (f"git clone https://{GITHUB}@git.example/r", GITHUB),
        (f"posting with {SLACK}", SLACK),
        ("https://hooks.slack.com/services/T000/B000/abcdefghijklmnop", "T000/B000/abcdefghijklmnop"),
        (f"cat id_rsa: {PEM} done", "MIIEow"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk", "b3BlbnNzaC1rZXk"),
        ("amqp://svc:hunter2@mq.example/", "hunter2"),
        (f"charged with {STRIPE} today", STRIPE),
        (f"key {STRIPE.replace('sk', 'rk', 1)}", STRIPE[8:]),
        ("OPENAI " + "sk-" + "proj-" + "aB3_" * 12, "aB3_" * 12),
        ("old " + "sk-" + "aB3d" * 12, "aB3d" * 12),
        ("claude " + "sk-" + "ant-api03-" + "aB3_" * 12, "aB3_" * 12),
        ("npm_" + "aB3d" * 9 + " in .npmrc", "aB3d" * 9),
        ("hub hf_" + "aB3d" * 8 + "xy", "aB3d" * 8),
        ("dop_v1_" + "0123456789abcdef" * 4, "0123456789abcdef" * 4),
        ("mail SG." + "aB3d" * 5 + "xy." + "eF4h" * 10, "eF4h" * 10),
        ("My password is Winter2026! and it works", "Winter2026!"),
        ("the new password was: p4ssw0rd", "p4ssw0rd"),
        (r"net use \\fs01\share /user:CORP\svc hunter2x", "hunter2x"),
        (r"net.exe use z: \\fs01\share hunter2x /user:CORP\svc", "hunter2x"),
        ("ConvertTo-SecureString 'hunter2x' -AsPlainText -Force", "hunter2x"),
        ('ConvertTo-SecureString -String "hunter2x" -AsPlainText', "hunter2x"),
        ("secret_key: abc123def", "abc123def"),
        ("secret_key=plainword", "plainword"),
        ("paid with 4111 1111 1111 1111 today", "4111 1111 1111 1111"),
        ("paid with 5555-5555-5555-4444", "5555-5555-5555-4444"),
        ("card=378282246310005,", "378282246310005"),
        ("password=hunter2", "hunter2"),
        ("PASSWORD = hunter2 next", "hunter2"),
        ("db.password: hunter2\nnext: x", "hunter2"),
        ("pwd='a b c'", "a b c"),
        ('{"password": "a\\"b", cut', 'a\\"b'),
        ('msg {\\"password\\": \\"deep\\", \\"x\\": 1', "deep"),
        ("user=bob&password=p%40ss&x=1", "p%40ss"),
        ("https://x.example/cb?access_token=abcdef123&state=9", "abcdef123"),
        ("mysqldump --password s3cr3t db", "s3cr3t"),
        ("pass4SymmKey = $7$abc123", "$7$abc123"),
        ("Set-Cookie: sid=abcdef; HttpOnly", "sid=abcdef"),
        ("clientSecret=zzz123", "zzz123"),
        ("ago_0a1b2c3d_" + "x" * 43, "x" * 43),
    ],
)
def test_a_secret_in_text_is_replaced_by_a_marker(text, secret):
    redacted = REDACTOR.redact_text(text)
    assert secret not in redacted
    assert MARKER.search(redacted) is not None
    assert REDACTOR.redact_text(redacted) == redacted


@pytest.mark.req("core.redact-finds")
@pytest.mark.parametrize(
    "name",
    [
        "password", "dbPassword", "DB_PASSWORD", "user-passwd", "secret", "client_secret", "apiKey", "X-API-Key",
        "token", "authToken", "hec_token", "sessionKey", "Authorization", "cookie", "privateKey", "passphrase",
        "action.email.auth_password", "aws_secret_access_key", "SharedAccessKey", "credentials", "password_hash",
    ],
)  # fmt: skip
def test_what_stands_under_the_name_of_a_secret_is_one(name):
    secret = "plain"
    redacted = REDACTOR.redact({name: secret, "list": [{name: [secret, 12345, 1.5]}], "deep": {name: {"a": secret}}})
    assert "plain" not in json.dumps(redacted)
    assert "12345" not in json.dumps(redacted)
    assert secret_key(name) is not None


@pytest.mark.req("core.redact-finds")
def test_numbers_keys_and_nested_json_are_covered():
    inner = json.dumps({"level": {"password": "pw-1"}, "rows": [f"x {JWT}"]})
    value = {
        "card": 4111111111111111,
        "log": inner,
        "twice": json.dumps({"log": inner}),
        f"header {JWT}": 1,
        "password": 424242,
    }
    redacted = json.dumps(REDACTOR.redact(value))
    for secret in ("4111111111111111", "pw-1", JWT, "424242"):
        assert secret not in redacted


@pytest.mark.req("core.redact-finds")
def test_a_repeated_key_hides_no_secret():
    assert "s3cret" not in REDACTOR.redact_text('{"password":"s3cret","password":""}')


@pytest.mark.req("core.redact-finds")
def test_an_escape_in_a_key_hides_no_secret():
    assert "s3cret" not in REDACTOR.redact_text('{"\\u0070assword":"s3cret"}')
    assert "s3cret" not in json.dumps(REDACTOR.redact({"log": '{"\\u0070assword":"s3cret"}'}))


@pytest.mark.req("core.redact-keeps")
@pytest.mark.parametrize(
    "text",
    [
        "",
        HEX40,
        HEX40 + HEX40[:24],
        GUID,
        f"guid={GUID}",
        "e-1002-17",
        "c-0a1b2c3d4e5f6a7b",
        "search index=auth password=* token=*",
        "the password is expired, the passphrase was changed yesterday",
        "password is required (see the runbook); password is case-sensitive",
        "risk-assessment sk-learn task-force-planning-for-the-next-quarter-of-work hf_transfer npm_config_cache",
        r"net use \\fs01\share /user:CORP\svc /persistent:no",
        "net use * /delete",
        "ConvertTo-SecureString $plain -AsPlainText -Force",
        "index=network | stats count by token, password",
        "| eval secret_count=3 | where isnotnull(password)",
        "the password: must have 12 characters",
        "reset your password: https://accounts.example/reset",
        "bypass=1 compass: north trespass=2",
        "max_tokens=100 next_token=abc page_token=def tokens: 5",
        "event CreateAccessKey by GetSessionToken",
        "1763640000.123456 1763640000123 2026-11-20T12:00:00Z",
        "4111111111111112",
        "4111.1111.1111.1111",
        f"sha256 a4111111111111111b and x-4111111111111111 and {'4' * 64}",
        "https://user@host.example/a:b@c",
        "basic auth is on; bearer of bad news",
        "NOPASSWD: ALL",
        "Splunk Enterprise 10.0; splunk cloud",
        "192.0.2.1:8089 2001:db8::1",
        '{"a":1.50,"b":[1e5,true,null],"c":"x"}',
    ],
)
def test_what_is_no_secret_comes_back_byte_for_byte(text):
    assert REDACTOR.redact_text(text) == text


@pytest.mark.req("core.redact-keeps")
def test_an_unchanged_value_is_the_very_object():
    value = {"hash": HEX40, "n": [1, 2.5, True, None], "guid": GUID, "q": "search index=auth | head 5"}
    assert REDACTOR.redact(value) is value
    mixed = {"keep": value, "password": "x"}
    redacted = REDACTOR.redact(mixed)
    assert isinstance(redacted, dict)
    assert redacted["keep"] is value


@pytest.mark.req("core.redact-keeps")
def test_harmless_values_under_secret_names_stay():
    value = {"password": "", "token": None, "secret": False, "api_key": "*", "passwd": "[redacted]"}
    assert REDACTOR.redact(value) == value


@pytest.mark.req("core.redact-keeps")
def test_no_published_detection_is_changed(corpora):
    changed = []
    for line in (corpora / "escu" / "detections.jsonl").read_text().splitlines():
        detection = json.loads(line)
        if REDACTOR.redact(detection) != detection:
            changed.append(detection.get("name"))
    assert changed == []


@pytest.mark.req("core.redact-tag")
def test_equal_secrets_give_equal_tags_under_one_key_only():
    other = Redactor(b"q" * 32)
    first, second = REDACTOR.redact_text("password=hunter2"), REDACTOR.redact_text("x pwd='hunter2'")
    assert first.rpartition(":")[2].strip("]'") == second.rpartition(":")[2].strip("]'")
    assert other.redact_text("password=hunter2") != first
    assert REDACTOR.redact_text("password=hunter3") != first


@pytest.mark.req("core.redact-tag")
def test_a_short_key_is_refused():
    with pytest.raises(ConfigError):
        Redactor(b"short")


PIECES = st.sampled_from(
    [
        "password", "token", "secret", "=", ": ", " ", '"', "'", "\\", "{", "}", "[", "]", ",", "&", "\n", "Bearer ",
        JWT, GUID, "Splunk ", "https://", "a:b@", "4111 1111 1111 1111", PEM, "[redacted:password:00000000]",
        "[redacted:", "hunter2", "Authorization: ", "cookie: ", "\\u0070", AWS, "\U000f0000", '\\"', "x",
    ]
)  # fmt: skip


@pytest.mark.req("core.redact-tag", "core.redact-hostile")
@given(st.lists(PIECES, max_size=14).map("".join))
def test_redaction_is_idempotent(text):
    once = REDACTOR.redact_text(text)
    assert REDACTOR.redact_text(once) == once
    value = {"a": [text], text: 1}
    redacted = REDACTOR.redact(value)
    assert REDACTOR.redact(redacted) == redacted


@pytest.mark.req("core.redact-finds")
@given(st.lists(PIECES, max_size=14).map("".join))
def test_whatever_a_detector_finds_the_trigger_sees(text):
    if any(True for detector in DETECTORS for _ in find(detector, text)):
        assert TRIGGER.search(text) is not None


@pytest.mark.req("core.redact-keeps")
@given(st.text(max_size=60))
def test_text_without_a_trace_of_a_secret_is_kept(text):
    if TRIGGER.search(text) is None:
        assert REDACTOR.redact_text(text) is text


@pytest.mark.req("core.redact-hostile")
def test_a_forged_marker_hides_no_secret():
    for text in (
        "[redacted:password:00000000],password=hunter2",
        "password=[redacted:password:00000000]hunter2",
        "token=\U000f0000hunter2 [redacted:token:00000000]",
    ):
        assert "hunter2" not in REDACTOR.redact_text(text)


@pytest.mark.req("core.redact-hostile")
def test_lone_surrogates_hide_no_secret_and_are_kept():
    assert REDACTOR.redact_text("\ud800 plain \udfff") == "\ud800 plain \udfff"
    redacted = REDACTOR.redact({"a": "\ud800 password=hun\udfffter2 \ud801"})
    assert "ter2" not in redacted["a"]
    assert redacted["a"].startswith("\ud800 password=[redacted:password:")
    assert redacted["a"].endswith("] \ud801")
    assert "hunter2" not in REDACTOR.redact_text('{"password":"hunter2","x":"\ud800"}')


@pytest.mark.req("core.redact-hostile")
@pytest.mark.parametrize(
    "text",
    [
        "[redacted:password:00000000]" * 35_000,
        "password=" * 100_000,
        "eyJ" * 300_000,
        "-----BEGIN PRIVATE KEY-----" * 30_000,
        '{"a":' * 100_000,
        "[" * 200_000,
        "curl -u " + " " * 500_000 + "a:b",
        '"password":"' + "\\" * 500_000,
        "authorization: digest " + "x" * 900_000,
        "4111 " * 150_000,
        "password" * 120_000,
        "password:x " * 60_000,
        "a.b-c_" * 150_000 + "secret=x",
        "aws secret " * 80_000,
        "Splunk " * 140_000,
        "https://a:" * 90_000,
    ],
)
def test_a_megabyte_of_hostile_text_ends(text):
    assert isinstance(REDACTOR.redact_text(text), str)


@pytest.mark.req("core.redact-hostile")
def test_a_deeply_nested_value_is_redacted_or_refused_but_never_let_through():
    value: object = {"password": "hunter2"}
    for _ in range(60):
        value = {"a": [value]}
    assert "hunter2" not in json.dumps(REDACTOR.redact(value))  # type: ignore[arg-type]


@pytest.mark.req("core.redact-finds")
def test_the_check_digit_of_cards():
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert not luhn("１２３４５６７８９０１２")
