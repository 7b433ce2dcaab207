"""Configuring an executor, and what it changes in a deployment."""

from __future__ import annotations

import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from agentgate_mcp import config
from agentgate_mcp.backends.embedded.sqlite import Database
from agentgate_mcp.backends.webhook import Endpoint, WebhookResponder, callback_route, read_endpoint
from agentgate_mcp.compose import callback_routes, open_deployment
from agentgate_mcp.dispatch.request import CallRequest
from agentgate_mcp.errors import ConfigError
from agentgate_mcp.model.verdict import Held, Released
from agentgate_mcp.permits import Permit, PermitBook
from agentgate_mcp.redact import Redactor
from agentgate_mcp.server.auth import BearerToken
from agentgate_mcp.server.identity import Identity
from agentgate_mcp.server.transports import ServeOptions, http_application
from tests.protocol.fakes import FakeGatekeeper
from tests.unit.responder.conftest import NOW, REAL, SECRET, Clock, Executor, application, callback

pytestmark = pytest.mark.req("responder.settings")


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o600)
    return path


def settings(url: str, secret: Path | None, **more: str) -> config.Settings:
    environ = {"AGENTGATE_RESPONSE_URL": url, **more} | (
        {} if secret is None else {"AGENTGATE_RESPONSE_SECRET_FILE": str(secret)}
    )
    return config.load(environ=environ)


@pytest.mark.parametrize(
    "url",
    ["https://soar.example/hook?sig=abc", "http://127.0.0.1:9/x", "http://localhost/x", "http://[::1]:9/x"],
)
def test_an_https_address_or_loopback_is_taken(url: str, secret_file: Path) -> None:
    found = read_endpoint(settings(url, secret_file))
    assert found.secret == SECRET
    assert str(found.url) == url
    assert "abc" not in repr(found)
    assert SECRET.decode() not in repr(found)
    assert found.tls.verify_mode is ssl.CERT_REQUIRED
    assert found.tls.check_hostname


@pytest.mark.req("responder.tls")
@pytest.mark.parametrize(
    "url",
    [
        "http://soar.example/x",
        "http://10.0.0.9/x",
        "http://127.0.0.1.soar.example/x",
        "ftp://127.0.0.1/x",
        "https:///x",
        "soar.example",
        "https://name:hunter2@soar.example/x",
        "https://soar.example/x#part",
        "https://soar.example:999999/x",
    ],
)
def test_any_other_address_is_refused_without_being_repeated(url: str, secret_file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_endpoint(settings(url, secret_file))
    assert str(caught.value).startswith("AGENTGATE_RESPONSE_URL: ")
    assert "soar" not in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "mode"), [(b"short", 0o600), (b"x" * 5000, 0o600), (SECRET, 0o604), (SECRET, 0o602)]
)
def test_a_secret_that_is_weak_or_open_to_others_is_refused(secret_file: Path, content: bytes, mode: int) -> None:
    secret_file.write_bytes(content)
    secret_file.chmod(mode)
    with pytest.raises(ConfigError, match="AGENTGATE_RESPONSE_SECRET_FILE") as caught:
        read_endpoint(settings("https://soar.example/x", secret_file))
    assert content.decode() not in str(caught.value)


def test_half_an_executor_is_refused(secret_file: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="AGENTGATE_RESPONSE_SECRET_FILE"):
        read_endpoint(settings("https://soar.example/x", None))
    with pytest.raises(ConfigError, match="AGENTGATE_RESPONSE_SECRET_FILE"):
        read_endpoint(settings("https://soar.example/x", tmp_path / "none"))
    with pytest.raises(ConfigError, match="AGENTGATE_RESPONSE_CA_FILE"):
        read_endpoint(settings("https://soar.example/x", secret_file, AGENTGATE_RESPONSE_CA_FILE=str(tmp_path / "no")))
    alone = config.load(
        environ={"AGENTGATE_STATE_DIR": str(tmp_path), "AGENTGATE_RESPONSE_SECRET_FILE": str(secret_file)}
    )
    with pytest.raises(ConfigError, match="AGENTGATE_RESPONSE_URL"):
        open_deployment(alone)


def test_an_address_of_another_host_is_not_the_endpoints_own(secret_file: Path) -> None:
    endpoint = read_endpoint(settings("https://soar.example/hook?sig=abc", secret_file))
    assert str(endpoint.status_url("act-1")) == "https://soar.example/hook/act-1?sig=abc"
    assert endpoint.is_own("https://soar.example:443/runs/1")
    foreign = ["http://soar.example/x", "https://soar.example:444/x", "https://soar.example.test/x", "//soar.example/x"]
    foreign += ["https://u@soar.example/x", "/runs/1", "", "https://[", "file:///etc/hosts"]
    assert [u for u in foreign if endpoint.is_own(u)] == []


# --- TLS ---


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "executor.test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return cert_file, key_file


@pytest.fixture
def tls_executor(certificate: tuple[Path, Path], clock: Clock) -> Iterator[Executor]:
    double = Executor(clock)
    cert, key = certificate
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        double.url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(
            uvicorn.Config(
                application(lambda: double),
                log_config=None,
                lifespan="off",
                ws="none",
                ssl_certfile=str(cert),
                ssl_keyfile=str(key),
                timeout_graceful_shutdown=0,
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield double
        server.should_exit = server.force_exit = True
        thread.join(10)


@pytest.mark.req("responder.tls")
def test_only_a_certificate_that_is_vouched_for_is_sent_anything(
    tls_executor: Executor,
    certificate: tuple[Path, Path],
    secret_file: Path,
    tmp_path: Path,
    clock: Clock,
    book: PermitBook,
    permit_for: Callable[..., Permit],
) -> None:
    def ask(**more: str) -> Any:
        endpoint = read_endpoint(settings(f"{tls_executor.url}/actions", secret_file, **more))
        responder = WebhookResponder(
            database, book, endpoint=endpoint, redactor=Redactor(b"k" * 32), clock=clock, pause=lambda _s: None
        )
        (receipt,) = responder.request([REAL], permit=permit_for(REAL), call_id="c", at=NOW)
        return receipt

    database = Database(tmp_path / "embedded.sqlite")
    stranger = ask()
    assert stranger.status == "failed"
    assert stranger.detail == "the endpoint's certificate is not one that is trusted, 3 times"
    assert tls_executor.seen == []
    assert ask(AGENTGATE_RESPONSE_CA_FILE=str(certificate[0])).status == "done"
    assert len(tls_executor.effects) == 1
    database.close()


# --- deployment ---

TICKET = {"action": "create_ticket", "target": "soc", "reason": "look at ws-042", "simulate_response": False}
BLOCK = {"action": "block_ip", "target": "203.0.113.45", "reason": "beacons", "simulate_response": False}


@pytest.mark.req("responder.once", "R1", "R3")
def test_a_call_through_the_gate_reaches_the_executor_only_when_it_is_allowed(
    executor: Executor, clock: Clock, secret_file: Path, tmp_path: Path
) -> None:
    there = settings(f"{executor.url}/actions", secret_file, AGENTGATE_STATE_DIR=str(tmp_path / "state"))

    async def call(arguments: dict[str, Any]) -> Any:
        prompt = f"{arguments['action']} {arguments['target']}: {arguments['reason']}"
        request = CallRequest(
            tool="response_request_action", arguments=arguments, principal="p", agent_id="a", raw_user_prompt=prompt
        )
        return await deployment.dispatcher.execute(request)

    with open_deployment(there, clock=clock) as deployment:
        deployment.warm_up()
        executor.moods.append("accepted")
        released, held = anyio.run(call, TICKET), anyio.run(call, BLOCK)
        assert isinstance(released, Released)
        assert isinstance(held, Held)
        (sent,) = executor.seen
        assert (sent["body"]["action"], sent["body"]["call_id"]) == ("create_ticket", released.call_id)
        (receipt,) = deployment.backends.responder.receipts("")
        assert receipt.status == "sent"
        client = TestClient(Starlette(routes=list(callback_routes(deployment))))
        word = callback(receipt.action_id, "done", "e-1", clock())
        headers = {"AgentGate-Timestamp": word["timestamp"], "AgentGate-Signature": word["signed"]}
        assert client.post("/callbacks/response", content=word["body"], headers=headers).status_code == 200
        (receipt,) = deployment.backends.responder.receipts("")
        assert receipt.status == "done"


def test_without_an_executor_nothing_is_mounted_and_actions_are_simulated(clock: Clock, tmp_path: Path) -> None:
    with open_deployment(config.load(environ={"AGENTGATE_STATE_DIR": str(tmp_path)}), clock=clock) as deployment:
        assert not deployment.backends.responder.live
        assert callback_routes(deployment) == ()


@pytest.mark.req("responder.callback", "R1")
@pytest.mark.parametrize("transport", ["streamable-http", "sse"])
def test_beside_mcp_only_a_signed_callback_is_heard(
    responder: WebhookResponder, executor: Executor, request_one: Callable[..., Any], clock: Clock, transport: Any
) -> None:
    executor.moods.append("accepted")
    word = callback(request_one(responder).action_id, "done", "e-1", clock())
    token = BearerToken(Identity(principal="p", agent_id="a"))
    options, beside = ServeOptions(transport=transport), [callback_route(responder)]
    client = TestClient(http_application(FakeGatekeeper(), options, token, 8000, beside=beside))
    headers = {"AgentGate-Timestamp": word["timestamp"], "AgentGate-Signature": word["signed"]}
    assert client.post("/callbacks/response", content=word["body"]).status_code == 401
    assert client.post("/mcp" if transport == "streamable-http" else "/messages/", headers=headers).status_code == 401
    assert client.post("/callbacks/response", content=word["body"], headers=headers).json() == {"result": "recorded"}


@pytest.mark.req("cli.doctor")
@pytest.mark.parametrize(("mode", "state"), [(0o600, "ok"), (0o604, "failed")])
def test_the_doctor_says_whether_an_executor_is_configured_well_and_what_is_open(
    responder: WebhookResponder,
    executor: Executor,
    request_one: Callable[..., Any],
    secret_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    mode: int,
    state: str,
) -> None:
    from agentgate_mcp.cli.app import app

    for number in range(6):
        executor.moods.append("accepted")
        request_one(responder, replace(REAL, target=f"ws-{number}"))
    request_one(responder, replace(REAL, target="ws-ended"))
    secret_file.chmod(mode)
    monkeypatch.setenv("AGENTGATE_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("AGENTGATE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AGENTGATE_RESPONSE_URL", "https://soar.example/hook")
    monkeypatch.setenv("AGENTGATE_RESPONSE_SECRET_FILE", str(secret_file))
    done = CliRunner().invoke(app, ["doctor", "--json"])
    (said,) = (c for c in json.loads(done.stdout)["checks"] if c["name"] == "response")
    assert said["state"] == state
    if state == "ok":
        assert said["says"].endswith("isolate_host of ws-4 is sent; and 1 more")
    assert "ws-ended" not in said["says"]
    assert "soar.example" not in done.stdout


def test_an_endpoint_shows_no_secret() -> None:
    shown = Endpoint(
        url=httpx.URL("https://soar.example/?sig=abc"),
        secret=SECRET,
        tls=ssl.create_default_context(),
        timeout_s=1,
        patience_s=60,
    )
    assert repr(shown) == "Endpoint(timeout_s=1, patience_s=60)"
