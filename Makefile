# make run, make test: everything from a fresh machine (Debian, Python 3.11 or newer, make).
PYTHON ?= python3
VENV   ?= .venv
CONFIG ?= config/cti.yaml
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
TOOLS  := $(VENV)/.tools

.DEFAULT_GOAL := help
.PHONY: help setup run test nightly mutants lint format lock bench clean

help:  ## show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY)  ## prepare the environment, nothing else

run: $(READY)  ## set up what is missing and start the server; DEMO=1: with simulated customers and agents
	$(BIN)/cti run --config $(CONFIG) $(if $(DEMO),--demo)

test: $(READY) $(TOOLS)  ## set up what is missing and run every test
	$(BIN)/pytest

nightly: $(READY)  ## the long fuzz: 100,000 cases a property, a million steps of the distributor
	$(BIN)/pytest --hypothesis-profile=nightly -k "fuzz or no_history or plain_reading or look_at_every"

mutants: $(READY)  ## mistakes put into the distributor by hand: its tests must catch each
	$(BIN)/python -m tests.mutants

lint: $(READY)  ## ruff (lint and format) and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## let ruff lay out the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY)  ## the measurements of the README
	$(BIN)/cti bench esl

lock: $(READY)  ## resolve the dependencies anew
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 \
	    --extra dev pyproject.toml --output-file requirements.lock

clean:  ## remove the environment
	rm -rf $(VENV)

# Debian keeps venv in a package of its own; root gets it, everybody else is told its name.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	    || { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || .ci/apt python3-venv
	$(PYTHON) -m venv $(VENV)

$(READY): $(BIN)/python requirements.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# SIPp and baresip are the phones of the acceptance tests, and records are tested on PostgreSQL too; without them
# those tests skip and say so.
$(TOOLS): $(BIN)/python
	@.ci/apt sip-tester:sipp baresip-core:baresip postgresql:pg_ctlcluster
	@touch $@
