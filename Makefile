# `make help` lists the targets; README.md says what they build.
.DEFAULT_GOAL := help
.PHONY: help build publish summary export dashboard superset quality erase env lint test test-all test-slow test-postgres test-spark test-clouds test-superset browser bench slim docs site lock clean java

PYTHON ?= python3
UV ?= uv
ARGS ?=
STATE ?=
SIZE ?= M
PYTEST_ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK_STAMP := $(VENV)/.installed-spark
SITE_STAMP := $(VENV)/.installed-docs
CLOUDS_VENV := .venv-clouds
CLOUDS_STAMP := $(CLOUDS_VENV)/.installed
SUPERSET_VENV := .venv-superset
SUPERSET_STAMP := $(SUPERSET_VENV)/.installed

# Two halves side by side, and hardly any garbage collection, which took a third of the time.
SQLFLUFF := $(BIN)/python -c "import gc, sys; gc.set_threshold(200000, 50, 50); \
from sqlfluff.cli.commands import cli; sys.exit(cli())" lint --disable-progress-bar
SQL_HALVES = "models/core models/marts" \
  "$(filter-out models/core/ models/marts/,$(wildcard models/*/)) tests analyses"

LOCK = $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
  --no-strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --quiet

# A lock that is installed on top of the plain one holds only what that one does not.
BEYOND = --constraint requirements.lock $$(sed -n 's/^\([A-Za-z0-9._-]*\)[^ ]*==.*/--no-emit-package \1/p' requirements.lock)

# (bin folder, locks, target that wants them): what the locks hold, in that environment.
installed = $(1)/python -m pip install --quiet --require-hashes $(2:%=--requirement %) || { \
  echo "Installing $(lastword $(2)) failed (pip's message is above). Check the network or pip's index settings, then run make $(3) again." >&2; exit 1; }

# DuckDB resolves a relative path against the working directory, so it is made absolute here.
export VOC_DUCKDB_PATH ?= $(CURDIR)/voc.duckdb
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help: ## Show this help
	@echo "voc-warehouse: make <target>"
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-14s %s\n", $$1, $$2}'
	@echo "Arguments for dbt go in ARGS, for example: make build ARGS=\"--target postgres\""

build: $(STAMP) profiles.yml ## Build the warehouse with dbt, publish its marts and print the headline figures
	@$(BIN)/python -m voc_cli build $(ARGS)

publish: $(STAMP) profiles.yml ## Show readers the marts of the last build (make build does it by itself)
	@$(BIN)/python -m voc_cli publish $(ARGS)

summary: $(STAMP) profiles.yml ## Print the headline figures of the warehouse that is there
	@$(BIN)/python -m voc_cli summary $(ARGS)

export: $(STAMP) profiles.yml ## Write the published marts as Parquet and CSV to exports/ (ARGS="--to FOLDER", "--full", "--excel")
	@$(BIN)/python -m voc_cli export $(ARGS)

dashboard: $(STAMP) profiles.yml ## Write the published marts as a site, target/dashboard, to open from disk or to host
	@$(BIN)/python -m voc_cli dashboard $(ARGS)

superset: $(STAMP) profiles.yml ## Write the dashboard's overview for Superset, target/superset (ARGS="--uri URI" names the database)
	@$(BIN)/python -m voc_cli superset $(ARGS)

erase: $(STAMP) profiles.yml ## Show whom erasure_requests reach, ask (ARGS="--yes" does not), and build without them, leaving no trace
	@$(BIN)/python -m voc_cli erase $(ARGS)

quality: $(STAMP) profiles.yml ## Check landed tables and public marts (Great Expectations), and write target/quality
	@$(BIN)/python -m voc_cli quality $(ARGS)

env: $(STAMP) ## Create or update the Python environment in .venv

lint: $(STAMP) profiles.yml ## Check the policy seeds, and the style of the SQL (sqlfluff) and the Python (ruff)
	@echo "Checking the Python (ruff) ..."
	@$(BIN)/ruff check --quiet .
	@echo "Checking the policy seeds (voc-weights check) ..."
	@$(BIN)/voc-weights check
	@mkdir -p target
	@echo "Checking the SQL (sqlfluff compiles every model first, so this takes a while) ..."
	@printf '%s\n' $(SQL_HALVES) | VOC_DUCKDB_PATH=:memory: xargs -P 2 -I{} sh -c '$(SQLFLUFF) {}' 2> target/lint.log \
	  || { cat target/lint.log >&2; exit 1; }
	@$(SQLFLUFF) --templater raw dashboard/queries 2> target/lint.log || { cat target/lint.log >&2; exit 1; }

test: lint ## Lint, then run the Python tests (which run dbt on DuckDB and PostgreSQL)
	@$(BIN)/python -m pytest -m "not slow and not spark and not clouds and not superset" $(PYTEST_ARGS)

test-slow: $(STAMP) ## Run the tests that need minutes: other vendors, erasure, and builds that are killed, starved, locked out or read meanwhile
	@$(BIN)/python -m pytest -m "slow and not spark" $(PYTEST_ARGS)

test-all: java lint $(SPARK_STAMP) ## Lint, then run the tests of test, test-slow and test-spark together, which takes less time than one after another
	@$(BIN)/python -m pytest -m "not clouds and not superset" $(PYTEST_ARGS)

test-postgres: $(STAMP) ## Run the tests on PostgreSQL alone
	@$(BIN)/python -m pytest -m "postgres and not superset" $(PYTEST_ARGS)

test-spark: java $(SPARK_STAMP) ## Run the tests on Spark (needs a Java; installs pyspark into .venv)
	@$(BIN)/python -m pytest -m spark --numprocesses 0 $(PYTEST_ARGS)

java:
	@java=$${JAVA_HOME:+$$JAVA_HOME/bin/}java; command -v "$$java" >/dev/null || { \
	  echo "Spark needs Java 17 or later. On Debian and Ubuntu install openjdk-17-jre-headless, or set JAVA_HOME." >&2; exit 1; }

test-clouds: $(CLOUDS_STAMP) ## Compile the project for Snowflake, BigQuery, Databricks and Redshift, without a connection
	@$(CLOUDS_VENV)/bin/python -m pytest -m clouds --noconftest --override-ini addopts= tests/python/test_clouds.py $(PYTEST_ARGS)

test-superset: $(SUPERSET_STAMP) ## Import the overview into Superset, on DuckDB and PostgreSQL, and compare its charts with the marts
	@VOC_SUPERSET_PYTHON=$(CURDIR)/$(SUPERSET_VENV)/bin/python $(BIN)/python -m pytest -m superset --numprocesses 0 $(PYTEST_ARGS)

browser: ## Install Chromium for the dashboard's tests where there is none (Debian and Ubuntu, as root)
	@for name in chromium chromium-browser google-chrome; do command -v $$name >/dev/null && exit 0; done; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "Installing Chromium (once, about a minute) ..."; \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else \
	    echo "The dashboard's tests need Chromium: install it (apt-get install chromium, as root)." >&2; exit 1; \
	  fi

bench: $(STAMP) ## Generate landed tables and measure builds over them (SIZE=S, M or L), and write bench/README.md
	@$(BIN)/python -m bench.run --size $(SIZE)

slim: $(STAMP) profiles.yml ## Build what differs from the manifest.json in STATE=folder, in schemas ci_*, and read the rest
	@test -f "$(STATE)/manifest.json" || { \
	  echo "make slim needs STATE=folder, the folder with the manifest.json of the last build of this warehouse." >&2; exit 2; }
	@VOC_SCHEMA_PREFIX=ci_ $(BIN)/dbt build --selector changed --defer --state "$(STATE)" $(ARGS)

docs: $(STAMP) profiles.yml ## Write dbt's documentation of a built warehouse as one page, target/static_index.html
	@$(BIN)/dbt docs generate --static $(ARGS)

site: $(SITE_STAMP) ## Write the pages of docs/ as a site that needs no network, target/site/index.html (with dbt's page if make docs wrote it)
	@NO_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --strict --quiet --config-file mkdocs.yml
	@echo "Wrote target/site: open target/site/index.html in a browser."

lock: ## Remake the locks of requirements (plain, docs, spark, clouds, superset) from pyproject.toml (needs uv)
	@command -v $(UV) >/dev/null || { \
	  echo "make lock needs uv: install it (pip install uv) or name it (make lock UV=/path/to/uv)." >&2; exit 1; }
	$(LOCK) pyproject.toml --extra bench --extra dashboard --extra dev --extra quality --output-file requirements.lock
	$(LOCK) pyproject.toml --extra docs $(BEYOND) --output-file requirements-docs.lock
	$(LOCK) pyproject.toml --extra spark $(BEYOND) --output-file requirements-spark.lock
	$(LOCK) --group clouds --output-file requirements-clouds.lock
	$(LOCK) --group superset --output-file requirements-superset.lock

clean: ## Remove what dbt and the tests wrote (keeps profiles.yml, .venv and the database)
	@rm -rf target logs dbt_packages .pytest_cache .hypothesis .ruff_cache
	@find bench dashboard voc_cli quality tests macros -name __pycache__ -type d -prune -exec rm -rf {} +

# Never overwritten: it is yours once it is there.
profiles.yml:
	@cp profiles.example.yml profiles.yml
	@echo "Created profiles.yml from profiles.example.yml; it is yours to change."

# The first line of the recipe is the whole test of a usable environment: right Python, pip in it.
# The project itself is installed too, without fetching anything: it brings `voc-weights`.
$(STAMP): requirements.lock pyproject.toml
	@if ! $(BIN)/python -c 'import pip, sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then \
	  version=$$($(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null) || { \
	    echo "'$(PYTHON)' does not run. Install Python 3.11, 3.12 or 3.13, or name one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }; \
	  case $$version in 3.11|3.12|3.13) ;; *) \
	    echo "'$(PYTHON)' is Python $$version, and this project needs 3.11, 3.12 or 3.13. Install one, or name one: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1;; esac; \
	  echo "Creating the Python environment in $(VENV) (once, about a minute) ..."; \
	  $(PYTHON) -m venv --clear $(VENV) || { \
	    echo "'$(PYTHON) -m venv' failed. On Debian and Ubuntu install the package python$$version-venv, then try again." >&2; exit 1; }; \
	else \
	  echo "Bringing the Python environment in $(VENV) up to requirements.lock ..."; \
	fi
	@$(call installed,$(BIN),requirements.lock,env)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --no-index --editable . || { \
	  echo "Installing the project itself into $(VENV) failed (pip's message is above). Is $(CURDIR) writable?" >&2; exit 1; }
	@touch $(STAMP)

# What the site adds to the same environment, for those who ask for it.
$(SITE_STAMP): $(STAMP) requirements-docs.lock
	@echo "Installing the generator of the site into $(VENV) (once, some seconds) ..."
	@$(call installed,$(BIN),requirements.lock requirements-docs.lock,site)
	@touch $(SITE_STAMP)

# What Spark adds to the same environment, for those who ask for it.
$(SPARK_STAMP): $(STAMP) requirements-spark.lock
	@echo "Installing Spark into $(VENV) (once, about a minute) ..."
	@$(call installed,$(BIN),requirements.lock requirements-spark.lock,test-spark)
	@touch $(SPARK_STAMP)

# Nothing of the project is installed here: dbt reads its files, and dbt-databricks would contradict its pins.
$(CLOUDS_STAMP): $(STAMP) requirements-clouds.lock
	@echo "Creating the environment of cloud adapters in $(CLOUDS_VENV) (once, some minutes) ..."
	@$(BIN)/python -m venv --clear $(CLOUDS_VENV)
	@$(call installed,$(CLOUDS_VENV)/bin,requirements-clouds.lock,test-clouds)
	@touch $(CLOUDS_STAMP)

# Nothing of the project is installed here either: Superset holds SQLAlchemy and pandas to earlier versions than the project's.
$(SUPERSET_STAMP): $(STAMP) requirements-superset.lock
	@echo "Creating the environment of Superset in $(SUPERSET_VENV) (once, some minutes) ..."
	@$(BIN)/python -m venv --clear $(SUPERSET_VENV)
	@$(call installed,$(SUPERSET_VENV)/bin,requirements-superset.lock,test-superset)
	@touch $(SUPERSET_STAMP)
