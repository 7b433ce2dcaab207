"""Policy files from disk to a library, all or nothing (DESIGN §7).

The shipped files must agree with `policies.lock`: an edited policy is refused, not obeyed. A
site's own directory is added to them; it changes what is shipped only as far as that allows.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import yaml
from pydantic import ValidationError

from agentgate_mcp.errors import PolicyError
from agentgate_mcp.gate.policy.compiled import CompiledPolicy, PolicyLibrary, compile_policy
from agentgate_mcp.gate.policy.overrides import PolicyOverride, override
from agentgate_mcp.gate.policy.schema import PolicyFile, Strict
from agentgate_mcp.policies.places import lines_of
from agentgate_mcp.policies.selftest import run_cases

SHIPPED = Path(__file__).parent
LOCK = "policies.lock"
MAX_FILE = 262_144
"""Bytes. Policies are short; the library is read while calls wait for it."""
M = TypeVar("M", bound=Strict)


class _UniqueKeys(yaml.SafeLoader):
    """YAML keeps the last of two equal keys; in a policy that would hide the first. Aliases are
    refused: few of them stand for more than memory holds."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
            mark = cast(yaml.AliasEvent, self.peek_event()).start_mark  # pyright: ignore[reportUnknownMemberType]
            raise yaml.constructor.ConstructorError(None, None, "aliases are not read; write them out", mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            # Keys of policies are plain words: their text is their identity.
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {name!r} stands twice", key.start_mark)
            seen.add(name)
        return cast(dict[Hashable, object], super().construct_mapping(node, deep))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRow:
    version: int
    sha256: str


def load_library(site_dir: Path | None = None, shipped_dir: Path = SHIPPED) -> PolicyLibrary:
    """The shipped policies, checked against their lock, with a site's own added and its changes made.

    Raises: PolicyError with file and place."""
    policies = read_directory(shipped_dir)
    check_lock(policies, read_lock(shipped_dir / LOCK))
    if site_dir is not None:
        policies = with_site(policies, site_dir)
    return PolicyLibrary(policies=tuple(sorted(policies, key=lambda p: p.file.id)))


def library_at(directory: Path) -> PolicyLibrary:
    """A directory by itself where it holds a lock, over the shipped policies where it does not. A whole
    library may differ from its lock here: what differs is looked at, not obeyed.

    Raises: PolicyError with file and place."""
    if not (directory / LOCK).exists():
        return load_library(directory)
    return PolicyLibrary(policies=tuple(sorted(read_directory(directory), key=lambda p: p.file.id)))


def with_site(shipped: Sequence[CompiledPolicy], directory: Path) -> list[CompiledPolicy]:
    """``shipped`` with what a site's directory adds (policies under ids of its own) and changes
    (files that say `overrides: POL-012`). All of the site's own tests come out as they say.

    Raises: PolicyError naming the file and what it may not do."""
    if not directory.is_dir():
        raise PolicyError(str(directory), "directory", "expected a directory of policy files")
    found = {p.file.id: p for p in shipped}
    source_of: dict[str, str] = {}
    for path in _files(directory):
        raw, document = _document(path)
        overrides = isinstance(document, dict) and "overrides" in cast(dict[object, object], document)
        read = _overridden if overrides else _own
        policy = read(path.name, raw, cast(object, document), shipped)
        if policy.file.id in source_of:
            other = source_of[policy.file.id]
            raise PolicyError(path.name, "id", f"{policy.file.id} is the id of {other} already")
        for index, result in enumerate(run_cases(policy)):
            if not result.ok:
                came = result.problem or f"got {result.got}"
                said = f"{result.name}: expected {result.expected}, {came}"
                raise PolicyError(path.name, lines_of(raw)(("tests", index)), said)
        found[policy.file.id] = policy
        source_of[policy.file.id] = path.name
    return list(found.values())


def read_directory(directory: Path) -> list[CompiledPolicy]:
    """Every `*.yaml` of a directory, compiled, each id once. Raises: PolicyError."""
    found = [read_policy(path) for path in _files(directory)]
    source_of: dict[str, str] = {}
    for policy in found:
        first = source_of.setdefault(policy.file.id, policy.source)
        if first != policy.source:
            raise PolicyError(policy.source, "id", f"{policy.file.id} is the id of {first} already")
    return found


def read_policy(path: Path) -> CompiledPolicy:
    """One policy file. Raises: PolicyError naming the line or the field."""
    return _policy(path.name, *_document(path))


def _files(directory: Path) -> list[Path]:
    for path in sorted(directory.glob("*.yml")):
        raise PolicyError(path.name, "file", "expected *.yaml; rename the file, or it would not be read")
    found = sorted(directory.glob("*.yaml"))
    if not found:
        raise PolicyError(str(directory), "directory", "expected at least one policy file (*.yaml)")
    return found


def _document(path: Path) -> tuple[bytes, object]:
    """The bytes of a file and what they say. Raises: PolicyError naming the line."""
    try:
        # A pipe would be waited for, and a device has no end.
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise PolicyError(path.name, "file", "expected a plain file")
        with path.open("rb") as file:
            raw = file.read(MAX_FILE + 1)
        if len(raw) > MAX_FILE:
            raise PolicyError(path.name, "file", f"expected at most {MAX_FILE} bytes, got more")
        # YAML lists become tuples, so that strict models take them.
        return raw, _tuples(yaml.load(raw.decode("utf-8"), _UniqueKeys))  # noqa: S506  a SafeLoader
    except OSError as exc:
        raise PolicyError(path.name, "file", exc.strerror or "cannot be read") from None
    except UnicodeDecodeError as exc:
        raise PolicyError(path.name, f"byte {exc.start}", "expected UTF-8") from None
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 0
        raise PolicyError(path.name, f"line {line}", exc.problem or "is not YAML") from None
    except yaml.reader.ReaderError as exc:
        raise PolicyError(path.name, f"character {exc.position}", f"is not YAML: {exc.reason}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        # A value such as the date 2026-13-45 fails where it is built, without a place.
        raise PolicyError(path.name, "file", f"is not YAML ({type(exc).__name__})") from None


def _policy(name: str, raw: bytes, document: object) -> CompiledPolicy:
    file = _checked(PolicyFile, name, raw, document)
    return compile_policy(file, source=name, raw=raw, place=lines_of(raw))


def _own(name: str, raw: bytes, document: object, shipped: Sequence[CompiledPolicy]) -> CompiledPolicy:
    policy = _policy(name, raw, document)
    if any(p.file.id == policy.file.id for p in shipped):
        raise PolicyError(name, "id", f"{policy.file.id} is shipped; change it with `overrides: {policy.file.id}`")
    return policy


def _overridden(name: str, raw: bytes, document: object, shipped: Sequence[CompiledPolicy]) -> CompiledPolicy:
    change, place = _checked(PolicyOverride, name, raw, document), lines_of(raw)
    base = next((p for p in shipped if p.file.id == change.overrides), None)
    if base is None:
        raise PolicyError(name, place(("overrides",)), f"expected the id of a shipped policy, got {change.overrides}")
    return override(base, change, source=name, raw=raw, place=place)


def _checked(model: type[M], name: str, raw: bytes, document: object) -> M:
    """``document`` in the form of ``model``. Raises: PolicyError naming the field."""
    try:
        return model.model_validate(document)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        got = f", got {first['input']!r}" if isinstance(first["input"], str | int | float) else ""
        raise PolicyError(name, lines_of(raw)(first["loc"]), f"{first['msg']}{got}") from None


def read_lock(path: Path) -> dict[str, LockRow]:
    """`POL-001 3 sha256` per line. Raises: PolicyError."""
    rows: dict[str, LockRow] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as exc:
        raise PolicyError(path.name, "file", exc.strerror or "cannot be read") from None
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not parts or line.startswith("#"):
            continue
        if len(parts) != 3 or not parts[1].isdigit():
            raise PolicyError(path.name, f"line {number}", "expected: id version sha256")
        rows[parts[0]] = LockRow(version=int(parts[1]), sha256=parts[2])
    return rows


def check_lock(policies: list[CompiledPolicy], lock: dict[str, LockRow]) -> None:
    """Raises: PolicyError when a file and the lock differ in either direction."""
    for policy in policies:
        row = lock.pop(policy.file.id, None)
        if row is None:
            raise PolicyError(
                policy.source, "lock", f"{policy.file.id} is not in {LOCK}; run `agentgate-mcp policy lock`"
            )
        if row.sha256 != policy.sha256 or row.version != policy.file.version:
            raise PolicyError(policy.source, "lock", f"{policy.file.id} differs from {LOCK}: the file was changed")
    if lock:
        raise PolicyError(LOCK, ", ".join(sorted(lock)), "locked but missing from the directory")


def lock_text(policies: list[CompiledPolicy], previous: dict[str, LockRow]) -> str:
    """A new lock. Raises: PolicyError when a policy changed without a new version."""
    rows: list[str] = []
    for policy in sorted(policies, key=lambda p: p.file.id):
        old = previous.get(policy.file.id)
        if old is not None and old.sha256 != policy.sha256 and policy.file.version <= old.version:
            raise PolicyError(
                policy.source, "version", f"{policy.file.id} changed: expected a version above {old.version}"
            )
        rows.append(f"{policy.file.id} {policy.file.version} {policy.sha256}")
    return "# id version sha256-of-file, written by `agentgate-mcp policy lock`\n" + "\n".join(rows) + "\n"


def _tuples(value: object) -> object:
    """YAML lists as tuples, except where a policy means a list of values (`value: [...]`)."""
    if isinstance(value, list):
        return tuple(_tuples(v) for v in cast(list[object], value))
    if isinstance(value, dict):
        items = cast(dict[object, object], value).items()
        return {k: v if k in ("value", "facts") else _tuples(v) for k, v in items}
    return value
