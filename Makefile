# Everything happens in .venv, which every target sets up by itself and again whenever the pins change.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
INSTALL := -c constraints.txt -e '.[dev]'
# A module of tests stays in one process, so that what it starts is started once; JOBS=0 runs all in this one.
JOBS ?= auto
PYTEST := $(BIN)/pytest --numprocesses $(JOBS) --maxprocesses 4 --dist loadfile
# The first interpreter that is 3.11 to 3.13; override with `make PYTHON=/path/to/python3.12 …`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && { echo $$p; break; }; done)

# uv trusts its own list of authorities unless told to trust the machine's, as behind a company's proxy it must.
export UV_SYSTEM_CERTS ?= 1

.PHONY: help demo check check-all lint types bench bench-scale bench-licenses bench-workers bench-history panel sample constraints clean

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "no python3 of 3.11 to 3.13 found; set PYTHON=" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "python3 -m venv failed; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv || true
	@{ test -x $(BIN)/uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode $(INSTALL); } || \
	  { echo "installing with pip, which takes a minute" >&2; \
	    $(BIN)/python -m pip install --quiet --disable-pip-version-check $(INSTALL); }
	@touch $@

demo: $(STAMP) ## two virtual nights against a small hub of our own; no network
	@$(BIN)/ajar demo

lint: $(STAMP) ## formatting and lint rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## mypy --strict over everything
	$(BIN)/mypy

check: lint types ## what CI runs: lint, types, tests (a few minutes)
	$(PYTEST) -m "not slow"

check-all: lint types ## the same with the slow tests
	$(PYTEST)

bench: $(STAMP) ## speed, memory and size of the sweep, against the budget (ten minutes)
	$(BIN)/python -m benchmarks.sweep

bench-scale: $(STAMP) ## nights over 300,000 and 3,000,000 models, questions to 10,000,000 intervals (a quarter of an hour; ARGS="--models 300000 --database sqlite")
	$(BIN)/python -m benchmarks.scale $(ARGS)
	$(if $(ARGS),,$(BIN)/python -m benchmarks.scale.history)

bench-licenses: $(STAMP) ## licence texts: right, fast and never falsely open, beside other tools (installs them; ARGS=--no-rivals)
	$(BIN)/python -m benchmarks.licenses $(ARGS)

evaluate: $(STAMP) ## agreement with people's labels on the recordings of ../shared, into docs/agreement.md
	$(BIN)/python -m benchmarks.agreement

sample: $(STAMP) ## our answers about twenty models of the recorded listing, by SEED, to be checked by hand (docs/sample.md)
	@$(BIN)/python -m benchmarks.sample $(or $(SEED),1)

panel: $(STAMP) ## what a change of rules does to thirty fixed targets: before and after (REV=revision, ARGS=--json)
	@$(BIN)/python -m benchmarks.panel $(if $(REV),--rev $(REV)) $(ARGS)

bench-backfill: $(STAMP) ## every recorded history, backfilled, beside the labelled changes (five minutes)
	$(BIN)/python -m benchmarks.backfill

bench-workers: $(STAMP) ## one, two and four workers, and one killed, into benchmarks/workers/results.md (five minutes)
	$(BIN)/python -m benchmarks.workers $(ARGS)

bench-history: $(STAMP) ## questions to a million intervals, beside bare SQL, both databases (a few minutes; ARGS=--write)
	$(BIN)/python -m benchmarks.questions $(ARGS)

bench-faults: $(STAMP) ## what each fault costs over two nights, and whether it invents anything, on the recordings of ../shared (twenty minutes; goes on where it was ended)
	$(BIN)/python -m benchmarks.faults $(ARGS)

bench-hostile: $(STAMP) ## what becomes of each hostile input, its time and memory beside a harmless one (five minutes)
	$(BIN)/python -m benchmarks.hostile

constraints: $(STAMP) ## pin what pyproject.toml asks for, Python 3.11 to 3.13 (UPGRADE=--upgrade: the newest)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 $(UPGRADE) \
	  --no-header --no-annotate --no-emit-index-url --quiet -o constraints.txt

clean: ## remove the environment, caches and what the demo left
	rm -rf $(VENV) .bench-venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis ajar-demo.db*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
