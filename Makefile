# Wicketgate. As root on Debian 12; every target sets up what it needs.
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup run test lint format accuracy bench deb clean

help: ## say what there is to make
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## install Debian packages, make .venv, mount a bpffs
	@packaging/setup.sh

run: setup ## show the gateway at work; ONCE=1 ends after the table, IFACE=eth0 guards that interface
	@exec $(PYTHON) -m tests.lab.run $(if $(ONCE),--once) $(if $(IFACE),--interface $(IFACE)) $(if $(PORT),--port $(PORT))

test: lint ## all checks and all tests
	$(PYTHON) -m pytest -n 2 --dist loadfile

lint: setup ## style and types
	.venv/bin/ruff check --quiet
	.venv/bin/ruff format --check --quiet
	.venv/bin/mypy --no-error-summary
	clang-format --dry-run --Werror bpf/*.c bpf/*.h

format: setup ## put the sources into shape
	.venv/bin/ruff check --quiet --fix
	.venv/bin/ruff format --quiet
	clang-format -i bpf/*.c bpf/*.h

accuracy: setup ## the captures of others, and what is made of them
	$(PYTHON) -m pytest -v tests/corpus

bench: setup ## how fast, beside the peers
	$(PYTHON) -m bench

deb: ## the Debian packages, into build/deb; VERSION=0.1.1 overrides the version, INTO=build/other the place
	@VERSION=$(VERSION) INTO=$(INTO) packaging/build-deb.sh

clean: ## remove what was made here
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .setup.lock
