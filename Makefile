# One verb per task. `make demo` and `make test` do everything on a fresh machine.
PYTHON ?= python3
BIN := .venv/bin
# One more than there are cores: tests often wait.
JOBS ?= $(shell expr $$(nproc) + 1)
WEB := src/stallaini/web
WEB_SOURCES := $(wildcard $(WEB)/*.json $(WEB)/*.ts $(WEB)/*.html $(WEB)/public/* $(WEB)/src/* $(WEB)/src/*/*)

.PHONY: install demo test lint bench docs web lock clean

install: .venv/.installed $(WEB)/static/index.html  ## .venv with edge and server, and the built page

demo: install  ## a simulated site, live at http://127.0.0.1:8080
	@exec $(BIN)/stallaini demo

test: install .venv/.tools  ## every check
	@scripts/system-packages
	@$(MAKE) --no-print-directory lint
	@$(BIN)/pytest -n $(JOBS) --dist worksteal

lint: install .venv/.tools  ## style, types, rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@scripts/npm run check

bench: install  ## the quick figures
	@$(BIN)/stallaini bench quick

docs: install .venv/.tools  ## make the reference pages anew from the code
	@$(BIN)/python scripts/make_docs.py
	@$(BIN)/python -m stallaini.devices.can_battery.reference docs/reference/battery-can.md
	@$(BIN)/python -m stallaini.devices.studer.writes_reference docs/reference/studer-writes.md
	@$(BIN)/python -m stallaini.devices.studer.polling_reference docs/reference/studer-polling.md
	@$(BIN)/python -m stallaini.twin.reference docs/reference/twin-faults.md
	@STALLAINI_WRITE_DOCS=1 $(BIN)/pytest tests/site/test_reference.py

web: $(WEB)/static/index.html  ## the page alone

lock:  ## pin dependencies anew (needs uv)
	@scripts/lock

clean:  ## remove everything that was made
	rm -rf .venv .demo $(WEB)/static $(WEB)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/.installed: requirements/run.txt pyproject.toml
	@scripts/make-venv $(PYTHON)
	@echo "installing what the edge and the server need ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/.tools: .venv/.installed requirements/dev.txt
	@echo "installing the test tools ..."
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(WEB)/static/index.html: .venv/.installed $(WEB_SOURCES)
	@echo "building the page ..."
	@scripts/npm ci --silent
	@scripts/npm run --silent build
	@touch $@
