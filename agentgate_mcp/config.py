"""Settings, read once (DESIGN §11). Nothing else in the product looks at the environment.

A `.env` file is read from the user's configuration directory or from ``--env-file`` only, never
from the working directory: an editor may start the server inside a folder that an agent writes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from agentgate_mcp.errors import ConfigError
from agentgate_mcp.model.decision import Profile

PREFIX = "AGENTGATE_"
TOOLSETS = ("splunk", "changes", "telemetry", "threatintel", "knowledge", "response", "cases", "gate")
_TEST_ONLY = frozenset({"AGENTGATE_CORPORA"})


def default_state_dir() -> Path:
    return Path(platformdirs.user_state_dir("agentgate-mcp", appauthor=False))


def config_dir() -> Path:
    return Path(platformdirs.user_config_dir("agentgate-mcp", appauthor=False))


class Settings(BaseSettings):
    """Everything that can be set, each with its environment variable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, extra="forbid", frozen=True, populate_by_name=True, env_ignore_empty=True
    )

    state_dir: Path = Field(default_factory=default_state_dir)
    """Ledger, logs, embedded stores. AGENTGATE_STATE_DIR."""
    data_dir: Path | None = None
    """Replaces the bundled data. AGENTGATE_DATA_DIR."""
    policies_dir: Path | None = None
    """A site's own policies, added to the shipped ones. AGENTGATE_POLICIES_DIR."""
    agent_id: str = Field(default="agent", pattern=r"^[A-Za-z0-9._-]{1,64}$")
    """The agent that this server acts for. AGENTGATE_AGENT_ID."""
    profile: Profile = Profile.ENFORCE
    """`enforce`, or `observe` for read-only tools. AGENTGATE_PROFILE."""
    read_only: bool = False
    """Offer only tools without effects. AGENTGATE_READ_ONLY."""
    toolsets: Annotated[tuple[str, ...], NoDecode] = TOOLSETS
    """Which tools to offer, comma-separated. AGENTGATE_TOOLSETS."""
    isolation: Literal["same-user", "separate-user", "remote"] = "same-user"
    """How far agent and gate are apart; shown, never assumed. AGENTGATE_ISOLATION."""
    gate_timeout_s: float = Field(default=5.0, gt=0, le=60)
    """A verdict that takes longer is a BLOCK. AGENTGATE_GATE_TIMEOUT_S."""
    watchdog_s: float = Field(default=10.0, gt=0, le=120)
    """A stage still running this long after its time-out ends the process. AGENTGATE_WATCHDOG_S."""
    workload_pool: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    """The workload pool that searches are put into, where the site has one. AGENTGATE_WORKLOAD_POOL."""
    response_url: SecretStr | None = None
    """Where response actions are sent, https; without it each is a simulation. AGENTGATE_RESPONSE_URL."""
    response_secret_file: Path | None = None
    """The secret that signs what is sent there and comes back. AGENTGATE_RESPONSE_SECRET_FILE."""
    response_ca_file: Path | None = None
    """Certificates (PEM) that its own must come from, instead of the public ones. AGENTGATE_RESPONSE_CA_FILE."""
    response_timeout_s: float = Field(default=10.0, gt=0, le=15)
    """Bounds one exchange with it as a whole. AGENTGATE_RESPONSE_TIMEOUT_S."""
    response_patience_s: float = Field(default=900.0, ge=60, le=86_400)
    """An accepted action of which nothing is heard for so long is unknown. AGENTGATE_RESPONSE_PATIENCE_S."""
    telemetry_backend: Literal["dummy", "iot23", "splunk"] = Field(
        default="dummy", validation_alias=AliasChoices("TELEMETRY_BACKEND", "telemetry_backend")
    )
    """Where telemetry comes from; `dummy` is the bundled synthetic data. TELEMETRY_BACKEND."""
    telemetry_store: Path | None = None
    """A store built by `data load-zeek`, for `iot23`. AGENTGATE_TELEMETRY_STORE."""
    enable_llm: bool = Field(default=False, validation_alias=AliasChoices("ENABLE_LLM", "enable_llm"))
    """Attach advisory notes by models. They never decide. ENABLE_LLM."""
    reasoning_model: str = "foundation-sec-8b"
    """Model asked through Ollama. AGENTGATE_REASONING_MODEL."""
    ollama_host: str = Field(
        default="http://127.0.0.1:11434", validation_alias=AliasChoices("OLLAMA_HOST", "ollama_host")
    )
    """OLLAMA_HOST."""
    gemini_api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("GEMINI_API_KEY", "gemini_api_key")
    )
    """GEMINI_API_KEY."""
    gemini_model: str = Field(default="gemini-2.5-flash", validation_alias=AliasChoices("GEMINI_MODEL", "gemini_model"))
    """GEMINI_MODEL."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` passes in: the environment is read there, once."""
        return (init_settings,)


def corpora(environ: Mapping[str, str] | None = None) -> Path | None:
    """The development corpora that tests and benches read, where `AGENTGATE_CORPORA` names them."""
    named = (os.environ if environ is None else environ).get("AGENTGATE_CORPORA", "")
    return Path(named) if named else None


def load(env_file: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Settings from the environment, the env file and ``overrides`` (strongest), checked.

    Raises: ConfigError naming the variable, what was expected and what came (never its value
    where it may be a secret)."""
    merged = _read_env_file(env_file) | dict(os.environ if environ is None else environ)
    known = _variables()
    unknown = sorted(k for k in merged if k.startswith(PREFIX) and k not in known and k not in _TEST_ONLY)
    if unknown:
        names = ", ".join(sorted(k for k in known if k.startswith(PREFIX)))
        raise ConfigError(f"unknown setting {', '.join(unknown)}; known settings are {names}")
    values: dict[str, object] = {known[k]: v for k, v in merged.items() if k in known and v != ""}
    values |= {k: v for k, v in overrides.items() if v is not None}
    if isinstance(values.get("toolsets"), str):
        values["toolsets"] = tuple(t.strip() for t in str(values["toolsets"]).split(",") if t.strip())
    try:
        settings = Settings(**values)  # pyright: ignore[reportArgumentType]
    except ValidationError as exc:
        first = exc.errors(include_input=False)[0]
        field = ".".join(str(p) for p in first["loc"]) or "settings"
        variable = next((v for v, f in known.items() if f == field), field)
        raise ConfigError(f"{variable}: {first['msg']}") from None
    strange = sorted(set(settings.toolsets) - set(TOOLSETS))
    if strange:
        raise ConfigError(f"AGENTGATE_TOOLSETS: expected names out of {', '.join(TOOLSETS)}, got {', '.join(strange)}")
    return settings


def _variables() -> dict[str, str]:
    """Environment variable -> field name."""
    table: dict[str, str] = {}
    for name, info in Settings.model_fields.items():
        alias = info.validation_alias
        table[str(alias.choices[0]) if isinstance(alias, AliasChoices) else PREFIX + name.upper()] = name
    return table


def _read_env_file(path: Path | None) -> dict[str, str]:
    chosen = path or config_dir() / ".env"
    if not chosen.is_file():
        if path is not None:
            raise ConfigError(f"--env-file: expected a readable file, got {path}")
        return {}
    return {k: v for k, v in dotenv_values(chosen, interpolate=False).items() if v is not None}
