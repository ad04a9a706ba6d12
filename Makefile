# `make` alone says what there is. Every target does its own set-up, and skips what is already done.

PYTHON ?= python3
PY := .venv/bin/python
# pip says a lot: to a person the progress is worth it, in a log it is not.
PIP := $(PY) -m pip --disable-pip-version-check
INSTALL := $(PIP) install --require-hashes --no-deps $(if $(CI),--quiet)
EDITABLE := $(PIP) install --quiet --no-deps --no-build-isolation --editable .
# openvino-telemetry tells Google Analytics of each import of OpenVINO, which runs without it.
COMPILE := .venv/bin/uv --no-config pip compile pyproject.toml --group build --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet --no-emit-package openvino-telemetry --upgrade
# In a process of their own: while a browser is there, Playwright's event loop runs, and no other test can start its own.
IN_A_BROWSER := tests/browser tests/integration/test_station_pages.py

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check bench study generate screenshots broker lock clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-15s %s\n", $$1, $$2}'

setup: .venv/.everything ## everything, torch and the developer's tools too (6 GB)

demo: .venv/.line ## two coils through a real Kafka, on the page; FRAMES=folder takes your own frames
	$(PY) -m local demo $(if $(FRAMES),--frames "$(FRAMES)")

up: .venv/.line ## the line, live: Kafka, worker, tracker, the operator's page, Prometheus, Alertmanager, a replay; Ctrl-C ends it
	$(PY) -m local up $(ARGS)

test: .venv/.everything broker ## all tests, the real broker included; ARGS="-k worker" picks some
ifdef ARGS
	$(PY) -m pytest $(ARGS)
else
	$(PY) -m pytest tests/unit --numprocesses auto --dist loadfile
	$(PY) -m pytest tests/integration $(foreach test,$(IN_A_BROWSER),--ignore=$(test))
	$(PY) -m pytest $(IN_A_BROWSER)
endif

check: .venv/.everything ## lint, format, types
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

bench: .venv/.everything broker ## the README's figures, each with the machine it was measured on, and JSON in out/bench
	$(PY) -m tests.bench $(ARGS)

# Rows are recipes of model/study/recipes; what was trained before goes on, or is taken as it is.
ROWS ?= c5-crop s5-linknet-crop
MINUTES ?= 50
PERCENT ?= 0 5 50 100
TRAINED := $(ROWS:%=out/study/%)
STUDY = $(PY) -m model study
study: .venv/.everything ## the reference's study again, into docs/study: FRAMES=folder [ROWS="c5-crop ..."] [MINUTES=50 a row] [PERCENT="0 5 50 100"]
	@[ -d "$(FRAMES)" ] || { echo "make study FRAMES=folder: the Severstal competition's, with train.csv and train_images/, or the project's subset" >&2; exit 2; }
	$(PY) -m model analyse "$(FRAMES)" --no-pictures --out docs/study/dataset
	$(PY) -m model bench --models severstal --percent $(PERCENT) --frames "$(FRAMES)" --repeats 15 --turn-s 0.5 --out docs/study/ours
	$(PY) -m model bench --models reference reference-resized --percent $(PERCENT) --frames "$(FRAMES)" --repeats 3 --turn-s 0 --out docs/study/reference
	set -e; for row in $(ROWS); do $(STUDY) train $$row --frames "$(FRAMES)" --minutes $(MINUTES) --out out/study/$$row; done
	$(STUDY) judge $(TRAINED) --frames "$(FRAMES)"
	$(STUDY) table $(TRAINED) --out docs/study

generate: .venv/.everything ## what is written from code: asyncapi.yaml, Prometheus's rules, Grafana's dashboards
	$(PY) -m contracts asyncapi
	$(PY) -m monitoring rules
	$(PY) -m monitoring dashboards

screenshots: .venv/.everything ## the pictures of the operator's page in docs/station, from a staged line; needs Debian's chromium
	$(PY) -m tests.support.screenshots --out docs/station

broker: .venv/.line
	@$(PY) -m local kafka fetch || echo "The tests that need a broker will be skipped."

lock: .venv/.everything ## newer versions of everything, with hashes
	$(COMPILE) --extra dev --output-file requirements.lock
	$(COMPILE) --constraint requirements.lock --output-file requirements-line.lock

clean: ## stop the local broker and remove what was made: .venv, .local, out
	@[ ! -x $(PY) ] || $(PY) -m local kafka clean
	rm -rf .venv .local out

# The line alone: no torch, so that a demo or a worker costs a few hundred MB.
.venv/.line: requirements-line.lock pyproject.toml | .venv/bin/pip
	@echo "==> Installing what the line needs into .venv (about 200 MB to fetch, once)"
	$(INSTALL) --requirement requirements-line.lock
	@$(EDITABLE)
	@touch $@

.venv/.everything: requirements.lock pyproject.toml | .venv/bin/pip
	@echo "==> Installing everything into .venv, torch and the developer's tools too (about 3 GB to fetch, once)"
	$(INSTALL) --requirement requirements.lock
	@$(EDITABLE)
	@touch .venv/.line $@

.venv/bin/pip:
	@command -v $(PYTHON) > /dev/null || { echo "$(PYTHON) is not on this machine: install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "coilwatch needs Python 3.11 or newer, $(PYTHON) is older: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) cannot make virtual environments: apt-get install python3-venv" >&2; exit 1; }
	@echo "==> Making .venv with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv .venv
