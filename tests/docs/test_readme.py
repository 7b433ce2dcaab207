"""README names what the program has, and nothing that it does not have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from agentgate_mcp import config
from agentgate_mcp.tools.catalogue import PROMPTS, catalogue

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
SPLUNK_SETTINGS = re.compile(r"\bSPLUNK_[A-Z_]+\b")


def text() -> str:
    return README.read_text(encoding="utf-8")


def code() -> str:
    """All code in README: fenced blocks and inline spans. A table writes `a\\|b` for `a|b`."""
    fences = re.findall(r"^```[^\n]*\n(.*?)^```", text(), re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```[^\n]*\n.*?^```", "", text(), flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fences, *re.findall(r"`([^`\n]+)`", rest)]).replace("\\|", "|")


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if children := getattr(command, "commands", None):
        for name, child in children.items():
            yield from leaves(child, (*path, name))
    elif not command.hidden:
        yield path


def commands() -> list[tuple[str, ...]]:
    from agentgate_mcp.cli.app import app

    return sorted(leaves(typer.main.get_command(app)))


def named(path: tuple[str, ...]) -> bool:
    """`policy list` is named by `policy list` and by `policy list|show|test` alike."""
    *group, leaf = path
    before = r"\s+".join(map(re.escape, group)) + r"\s+(?:[\w-]+\s*\|\s*)*" if group else ""
    return re.search(rf"(?<![\w-]){before}{re.escape(leaf)}(?![\w-])", code()) is not None


def tool_names() -> list[str]:
    tools = catalogue(cast(Any, None), cast(Any, None))
    return [name for name, tool in tools.items() if tool.spec.toolset != PROMPTS]


def setting_names() -> set[str]:
    return set(config._variables())


def policy_ids() -> list[str]:
    return sorted(p.stem for p in (ROOT / "agentgate_mcp" / "policies").glob("POL-*.yaml"))


@pytest.mark.req("docs.cli")
def test_every_command_is_named() -> None:
    assert len(commands()) > 10
    assert [" ".join(c) for c in commands() if not named(c)] == []


@pytest.mark.req("docs.cli")
def test_every_command_line_in_readme_is_a_command_of_the_program() -> None:
    groups = {c[0] for c in commands()}
    used = set(re.findall(r"\bagentgate-mcp ([a-z][\w-]*)", code()))
    assert used - groups == set()


@pytest.mark.req("docs.tools")
def test_every_tool_is_named() -> None:
    assert len(tool_names()) > 25
    assert [t for t in tool_names() if not re.search(rf"\b{t}\b", text())] == []


@pytest.mark.req("docs.policies")
def test_every_policy_is_named() -> None:
    assert len(policy_ids()) == 17
    assert [p for p in policy_ids() if p not in text()] == []


@pytest.mark.req("docs.settings")
def test_every_setting_is_named() -> None:
    assert sorted(s for s in setting_names() if s not in text()) == []


@pytest.mark.req("docs.settings")
def test_no_setting_is_named_that_would_stop_the_start() -> None:
    mentioned = set(re.findall(r"\bAGENTGATE_[A-Z_]+\b", text()))
    assert mentioned - setting_names() - {"AGENTGATE_CORPORA"} == set()


@pytest.mark.req("project.two-commands")
def test_the_first_screen_is_the_two_commands() -> None:
    first_screen = "\n".join(text().splitlines()[:30])
    for command in ("make demo", "make test"):
        assert re.search(rf"^\s*{command}\b", first_screen, re.MULTILINE), command


@pytest.mark.req("project.two-commands")
@pytest.mark.parametrize("target", ["demo", "test"])
def test_the_makefile_has_both_targets(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, re.MULTILINE)
    assert re.search(rf"^\.PHONY:.*\b{target}\b", makefile, re.MULTILINE)


@pytest.mark.req("project.two-commands")
def test_every_make_target_that_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"\bmake ([a-z]+)\b", code())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.req("docs.settings")
def test_json_in_readme_and_the_client_example_parse() -> None:
    blocks = re.findall(r"^```jsonc?\n(.*?)^```", text(), re.MULTILINE | re.DOTALL)
    for block in blocks:
        json.loads(block)
    example = json.loads((ROOT / "claude_desktop_config.example.json").read_text())
    server = example["mcpServers"]["agentgate"]
    assert Path(server["command"]).is_absolute(), "desktop clients need an absolute path"


@pytest.mark.req("docs.cli")
@pytest.mark.parametrize("name", ["README.md", "ARCHITECTURE.md"])
def test_links_to_files_and_headings_resolve(name: str) -> None:
    body = (ROOT / name).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", body):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        page = ROOT / (file or name)
        assert page.exists(), f"{name} links to {target}"
        if anchor and page.suffix == ".md":
            assert anchor in headings(page), f"{name} links to {target}"


def headings(page: Path) -> set[str]:
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.replace("`", "")).strip().lower().replace(" ", "-") for h in found}
