# Everything one does with Anju. `make help` lists it.

PYTHON ?= python3
BIN := .venv/bin
LOCK := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Tests write much that nobody reads: to the memory where there is room, as disks may be slow.
export PYTEST_DEBUG_TEMPROOT := $(shell df --output=avail /dev/shm 2>/dev/null | awk 'NR == 2 && $$1 > 2000000 {print "/dev/shm"}')

# More than there are cores, as many tests wait for a browser, a database or a process.
PYTEST := $(BIN)/python -m pytest -n 4 --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: run test check bench chaos fmt maps words sources migrate image lock help

run: .venv/.run  ## Serve the demo on this machine; prints the simulator's address
	@exec $(BIN)/anju serve --demo

test: .venv/.dev  ## Run every test
	@$(PYTEST)

check: .venv/.dev  ## Lint, format check, types, then every test: what CI runs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(PYTEST)

bench: .venv/.bench  ## Measure speed and memory beside other frameworks; needs PostgreSQL and Redis
	@$(BIN)/python -m benchmarks

chaos: .venv/.dev  ## Break processes, stores and lines under load; see whether a promise breaks
	@$(BIN)/python -m benchmarks.chaos

fmt: .venv/.dev  ## Format, and mend what the linter can mend
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

maps: .venv/.run  ## Draw the map of every flow into docs/maps
	@$(BIN)/anju map --all docs/maps

words: .venv/.run  ## Write every sentence the bot can say to docs/words.md
	@$(BIN)/anju words --to docs/words.md

sources: .venv/.run  ## List the catalogue's items and where each is claimed
	@$(BIN)/anju sources

migrate: .venv/.run  ## Bring the database's schema up to date
	@$(BIN)/anju migrate

image: Dockerfile  ## Build the container image `anju`
	docker build --tag anju .

lock:  ## Compile the hash-locked dependency files anew (needs uv)
	$(LOCK) pyproject.toml --group build -o requirements.lock
	$(LOCK) pyproject.toml --group dev --group build -c requirements.lock -o requirements-dev.lock
	$(LOCK) pyproject.toml --group bench -c requirements-dev.lock -o requirements-bench.lock
	echo zhplot==1.0.0 | $(LOCK) --no-deps --no-annotate - -o requirements-fonts.lock

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' Makefile

# The stamps below make a second start do nothing.

.venv/.made:
	@$(PYTHON) -c 'import sys; sys.exit("Anju needs Python 3.11 or newer: make PYTHON=python3.11 ..." if sys.version_info < (3, 11) else 0)'
	@echo "Making .venv with the locked dependencies; this happens once, within a minute or two ..."
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/.run: .venv/.made requirements.lock requirements-fonts.lock pyproject.toml
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --require-hashes -r requirements-fonts.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@

.venv/.bench: .venv/.dev requirements-bench.lock
	@$(PIP) install --require-hashes -r requirements-bench.lock
	@touch $@
