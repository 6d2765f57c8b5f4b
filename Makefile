# Yaodian 要点. `make` alone lists what can be made.
UV_VERSION := 0.13.9
PYTHON ?= python3
BIN := .venv/bin

.PHONY: help install demo test lint bench messages clean
.DEFAULT_GOAL := help

help: ## list what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 20

install: .venv/.installed ## set up .venv with the locked packages; leaves .venv/bin/yaodian

.venv/.installed: pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Yaodian needs Python 3.11 or newer; $(PYTHON) is older. Say which to use: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv || \
		{ echo "Python has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --frozen --quiet --inexact --active --compile-bytecode
	@touch $@

demo: install ## four days of publishing and editing on sample sites, and the digest they make
	@$(BIN)/yaodian demo

test: lint ## lint, types and every test; on PostgreSQL too where Debian has it
	@$(BIN)/pytest -n auto --dist loadfile

lint: install ## ruff and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

bench: install ## measure against named rivals (see bench/README.md)
	@VIRTUAL_ENV="$(CURDIR)/.venv" $(BIN)/uv sync --frozen --quiet --inexact --active --group bench
	@$(BIN)/python -m bench

messages: install ## bring the catalogues of pages, mails and what is said of sites up to date (templates/locale)
	@$(BIN)/pybabel -q extract -F babel.cfg -k N_ --no-location --project=Yaodian -o templates/locale/yaodian.pot .
	@$(BIN)/pybabel -q update -D yaodian -i templates/locale/yaodian.pot -d templates/locale \
		--no-wrap --no-fuzzy-matching --ignore-obsolete
	@$(BIN)/pybabel -q extract -F babel-said.cfg --no-default-keywords -k said --no-location --project=Yaodian -o templates/locale/said.pot .
	@$(BIN)/pybabel -q update -D said -i templates/locale/said.pot -d templates/locale -l zh \
		--no-wrap --no-fuzzy-matching --ignore-obsolete
	@sed -i '/^"POT-Creation-Date:/d' templates/locale/*/LC_MESSAGES/*.po  # it would make every change conflict
	@rm templates/locale/*.pot

clean: ## remove the virtual environment and what the demo wrote
	rm -rf .venv demo-data
