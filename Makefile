# Every target does its own set-up, once: `make lab` and `make test` work in a fresh clone.

VENV ?= .venv
DATA ?= $(if $(wildcard ../shared/data),../shared/data,data)
LAB_ARGS ?=
BENCH_ARGS ?=
LOAD_ARGS ?=
HOSTS_ARGS ?=
TRAIN_ARGS ?=
TEACH_ARGS ?=
# Looked for only when an environment has to be made.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --constraint constraints.txt
ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Stamps: the installs are editable, so only a change of what is required repeats them, never one of the sources.
LAB := $(VENV)/.lab-installed
LAB_TORCH := $(VENV)/.lab-torch-installed
VOILA := $(VENV)/.voila-installed
DEV := $(VENV)/.dev-installed
NODE := js/node_modules/.installed
HOSTS := $(VENV)/.hosts-installed
HOSTS_NODE := tests/hosts/node_modules/.installed
HOSTS_WHEELS := tests/hosts/wheels/.fetched
# Servers conflict with each other: each has an environment of its own.
SERVERS := .venv-mlserver/.installed .venv-kserve/.installed .venv-ray/.installed

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# In the order given: pytest's closing line is the last one of `make test`.
.NOTPARALLEL:
.PHONY: help lab lab-torch dashboard test test-python test-js test-browser test-hosts test-databases test-servers lint types build page docs onnxruntime fresh wheel release-check bench load screenshots train teach evaluate compare clean chromium

help:  ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

lab: $(LAB)  ## Open JupyterLab on the first example, without PyTorch; LAB_ARGS=... are passed on
	$(VENV)/bin/jupyter lab $(ROOT) --LabApp.default_url=/lab/tree/examples/quickstart.ipynb $(LAB_ARGS)

lab-torch: $(LAB_TORCH)  ## The same with PyTorch, on the example with a model of your own
	$(VENV)/bin/jupyter lab $(ROOT) --LabApp.default_url=/lab/tree/examples/your_model.ipynb $(LAB_ARGS)

dashboard: $(VOILA)  ## Open the dashboard, as colleagues see it; LAB_ARGS=... are passed on
	$(VENV)/bin/voila $(LAB_ARGS) examples/dashboard.ipynb

test: fresh test-js chromium  ## Run every test: front end, Python, browser
	$(PY) -m pytest

test-python: $(DEV)  ## Run the Python tests that need no browser
	$(PY) -m pytest tests/test_*.py

test-js: $(NODE)  ## Run the front end's own tests
	cd js && npm run --silent test

test-browser: $(NODE) chromium  ## Run the tests that draw in a real browser
	$(PY) -m pytest tests/browser

test-hosts: $(HOSTS) $(HOSTS_NODE) $(HOSTS_WHEELS) chromium  ## Draw in every host; HOSTS_ARGS='--table --screenshots' writes docs/hosts
	$(PY) -m pytest tests/hosts $(HOSTS_ARGS)

test-databases: $(DEV)  ## Save feedback to SQLite, and to PostgreSQL if it is installed: apt-get install postgresql
	$(PY) -m pytest tests/databases

test-servers: $(DEV)  ## Ask MLServer, KServe and Ray Serve, each really started; those that cannot be installed are skipped
	-@$(MAKE) --keep-going $(SERVERS)
	$(PY) -m pytest tests/servers

lint: $(DEV)  ## Check style and format of the Python code
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check

types: $(DEV) $(NODE)  ## Check the types of the Python code and the front end
	$(VENV)/bin/mypy
	cd js && npm run --silent check

build: $(NODE)  ## Build the front end into src/digit_widget/static
	cd js && npm run --silent build

page: $(LAB)  ## Write docs/digits.html, a pad in one file that answers without Python
	$(PY) -c 'from digit_widget import DigitWidget; print(DigitWidget().save("docs/digits.html"))'

onnxruntime: VERSION = 1.30.0
onnxruntime:  ## Renew what runs ONNX on a page, src/digit_widget/ort, from npm; then name VERSION in its README
	@made=$$(mktemp -d) && trap 'rm -rf "$$made"' EXIT && \
	npm pack --silent --pack-destination "$$made" onnxruntime-web@$(VERSION) && tar -xzf "$$made"/*.tgz -C "$$made" && \
	sed '/^\/\/# sourceMappingURL/d' "$$made/package/dist/ort.wasm.bundle.min.mjs" > src/digit_widget/ort/ort.mjs && \
	xz -9e --stdout "$$made/package/dist/ort-wasm-simd-threaded.wasm" > src/digit_widget/ort/ort.wasm.xz

docs: $(DEV)  ## Build the documentation into site/, without a network
	$(VENV)/bin/sphinx-build --fail-on-warning --keep-going --quiet --builder html docs site
	@echo "Open site/index.html."

fresh: $(NODE)  ## Fail when the committed front end is not what its sources build
	@echo "Checking that src/digit_widget/static is what js/ builds."
	@built=$$(mktemp -d) && trap 'rm -rf "$$built"' EXIT && \
	(cd js && OUTDIR="$$built" npm run --silent build) && \
	{ diff -rq "$$built" src/digit_widget/static || \
	{ echo "The committed front end is stale: run 'make build' and commit src/digit_widget/static." >&2; exit 1; }; }

wheel: $(DEV)  ## Build the sdist, and the wheel from it, into dist
	$(PY) -m build --no-isolation

release-check: $(DEV)  ## Check what would be published: versions, sdist and wheel, conda's recipe
	$(PY) release/check.py

bench: $(DEV)  ## Run the benchmarks; BENCH_ARGS=... are passed on
	$(PY) benchmarks/run.py $(BENCH_ARGS)

screenshots: chromium  ## Take the screenshots of the documentation anew
	$(PY) -m pytest tests/browser --screenshots

load: chromium  ## Send visitors to a dashboard as deploy/voila serves it; LOAD_ARGS='--visitors 10' for fewer
	$(PY) benchmarks/load.py $(LOAD_ARGS)

train: $(DEV)  ## Train the bundled network on the digits in DATA=...; TRAIN_ARGS=--resume goes on
	$(PY) models/train.py --data $(DATA) $(TRAIN_ARGS)
	$(PY) models/pack.py

teach: $(DEV)  ## Learn once what a pad that is taught needs, and measure it; TEACH_ARGS=--measure only measures
	$(PY) models/teach.py --data $(DATA) $(TEACH_ARGS)

compare: $(DEV)  ## Compare ways to learn what is no digit, for the model card
	$(PY) models/compare.py --data $(DATA)

evaluate: $(DEV)  ## Measure the bundled network and write the model card
	$(PY) models/evaluate.py --data $(DATA)

clean:  ## Remove what builds, tools and tests leave behind; the environments stay
	rm -rf build dist test-results .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find benchmarks examples models src tests -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

chromium: $(DEV)
	@$(PY) tests/browser/chromium.py

# pip, not python: venv makes python first, and may fail after it where Debian keeps pip in a package of its own.
$(VENV)/bin/pip:
	@"$(or $(PYTHON),false)" -c '$(NEW_ENOUGH)' || { echo "digit-widget needs Python 3.11 or newer; found \
	$$("$(or $(PYTHON),python3)" --version 2>/dev/null || echo none). Install one, or name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	@echo "Making a Python environment in $(VENV)."
	"$(PYTHON)" -m venv $(VENV)

$(LAB): pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing digit-widget and JupyterLab into $(VENV): about 550 MB, under a minute, once."
	$(PIP) --editable '.[lab]'
	@touch $@

$(LAB_TORCH): $(LAB)
	@echo "Installing PyTorch into $(VENV): about 5 GB, 2 to 5 minutes, once."
	$(PIP) --editable '.[examples]'
	@touch $@

$(VOILA): $(LAB)
	@echo "Installing Voila into $(VENV): a few MB, once."
	$(PIP) --editable '.[lab,voila]'
	@touch $@

$(DEV): pyproject.toml constraints.txt | $(VENV)/bin/pip
	@echo "Installing digit-widget, PyTorch and the test tools into $(VENV): some 5.5 GB, 2 to 5 minutes, only this once."
	$(PIP) --editable '.[dev]'
	@touch $(LAB) $(LAB_TORCH) $(VOILA) $@  # the test tools include what the examples need

$(HOSTS): $(DEV)
	@echo "Installing the hosts to draw in, Notebook to JupyterLite, into $(VENV): some 550 MB, half a minute, only this once."
	$(PIP) --editable '.[dev,hosts]'
	@touch $@

.venv-%/.installed: deploy/%/requirements.txt pyproject.toml | $(VENV)/bin/pip
	@echo "Installing digit-widget and what serves it into .venv-$*: 500 to 950 MB, under a minute, only this once."
	"$(or $(PYTHON),python3)" -m venv .venv-$*
	.venv-$*/bin/python -m pip install --requirement deploy/$*/requirements.txt --editable .
	@touch $@

$(HOSTS_NODE): tests/hosts/package.json tests/hosts/package-lock.json
	@command -v npm >/dev/null || { echo "The tests of the hosts need Node 20 or newer, with npm; install it." >&2; exit 1; }
	cd tests/hosts && npm ci --ignore-scripts
	@touch $@

# What JupyterLite's Python needs, as it is installed here.
$(HOSTS_WHEELS): $(HOSTS) $(HOSTS_NODE) tests/hosts/lite.py
	rm -rf $(@D)
	PYTHONPATH=tests/browser $(PY) tests/hosts/lite.py
	@touch $@

# No package's install script is run; esbuild and TypeScript work without.
$(NODE): js/package.json js/package-lock.json
	@command -v npm >/dev/null || { echo "The front end needs Node 20 or newer, with npm; install it." >&2; exit 1; }
	@echo "Installing the front end's tools into js/node_modules: 50 MB, a few seconds."
	cd js && npm ci --ignore-scripts
	@touch $@
