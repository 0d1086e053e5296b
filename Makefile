# Everything a developer or a first user runs. `make demo` and `make test` set up what they need.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
DEMO := .build/demo
PEERS := .build/bench-venv

.DEFAULT_GOAL := help
.PHONY: help setup web demo test check bench bench-lookup bench-http bench-start lock clean

help: ## list what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(VENV)/.runtime: requirements.lock pyproject.toml web/build_hook.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	GRIDGIS_SKIP_WEB=1 $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

WEB_SOURCES := $(shell find web -type f -not -path '*/node_modules/*')

.build/web: $(VENV)/.runtime $(WEB_SOURCES)
	$(BIN)/python web/build_hook.py
	@mkdir -p .build && touch $@

setup: $(VENV)/.development .build/web ## install everything, build the pages
web: .build/web ## build the pages

demo: $(VENV)/.runtime .build/web ## load the sample city and serve it on PORT (8000)
	@mkdir -p $(DEMO)
	GRIDGIS_DATABASE_URL="$${GRIDGIS_DATABASE_URL:-sqlite:///$(DEMO)/gridgis.db}" \
	GRIDGIS_CACHE_DIR="$${GRIDGIS_CACHE_DIR:-$(DEMO)/cache}" $(BIN)/gridgis demo --port $(PORT)

test: setup ## run every test that this machine can run
	cd web && PATH="$(abspath $(BIN)):$$PATH" npm test --silent
	@# once, so that no test worker compiles the lookup for itself
	$(BIN)/python -c "from gridgis.spatial.index import warm_up; warm_up()"
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: setup ## format, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd web && PATH="$(abspath $(BIN)):$$PATH" npm run check --silent

bench: bench-lookup bench-http bench-start ## measure, and write the tables of bench/RESULTS.md

# the peers have an environment of their own: gridgis does not depend on them
$(PEERS)/.peers: bench/requirements.lock pyproject.toml
	$(PYTHON) -m venv $(PEERS)
	$(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r bench/requirements.lock
	GRIDGIS_SKIP_WEB=1 $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

bench-lookup: $(PEERS)/.peers ## the lookup against its peers (a quarter of an hour)
	$(PEERS)/bin/python -m bench lookup

bench-http: $(VENV)/.development ## the lookup's route against hello-world and PostGIS (needs wrk)
	$(BIN)/python -m bench http

bench-start: $(VENV)/.development $(PEERS)/.peers ## how long a new process takes to its first answer
	$(PEERS)/bin/python -c "from bench.workloads import load_grids; load_grids('city')"
	$(BIN)/python -m bench start

lock: ## renew the lock files from pyproject.toml (needs uv)
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet --upgrade pyproject.toml requirements-build.in -o requirements.lock
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet --upgrade --group dev pyproject.toml requirements-build.in -c requirements.lock -o requirements-dev.lock
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet --upgrade pyproject.toml requirements-build.in bench/requirements.in -c requirements.lock -o bench/requirements.lock
	cd web && npm install --package-lock-only --ignore-scripts

clean: ## remove what was built
	rm -rf .build $(VENV) web/node_modules api/web gridgis/maps/assets
