# Wicketgate. As root on Debian; every target sets up what it needs.
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help
.PHONY: help setup lock run test test-on faults outages matrix routers fuzz lint format documents accuracy bench bench-check deb vagrant-up vagrant-test vagrant-down clean

help: ## say what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## install Debian packages, make .venv, mount a bpffs
	@packaging/setup.sh

lock: setup ## renew the lock: the newest libraries within the bounds of pyproject.toml, with their hashes
	@packaging/lock.sh

run: setup ## show the gateway at work; ONCE=1 ends after the table, IFACE=eth0 guards that interface
	@exec $(PYTHON) -m lab.run $(if $(ONCE),--once) $(if $(IFACE),--interface $(IFACE)) $(if $(PORT),--port $(PORT))

test: lint ## all checks and all tests
	$(PYTHON) -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test-on: ## the same on another release of Debian, in a tree of its own: RELEASE=trixie; COMMAND="make run ONCE=1" for another command
	@packaging/test-on.sh "$$RELEASE" "$${COMMAND:-make test}"

faults: setup ## everything that is known to go wrong at an edge, with live traffic across it; a table, and build/faults.json
	@$(PYTHON) -m lab.faults.run
	@$(PYTHON) -m bench.moves --json build/faults.json

outages: setup ## outages of others, played here with live sessions across the edge; a table, and build/outages.json
	@$(PYTHON) -m lab.outages.run

routers: setup ## what routers say to each other across a gateway that enforces everything; a table, and build/routers.json
	@$(PYTHON) -m lab.routers.run

matrix: setup ## every VPN software shakes hands across the edge; a table, and build/matrix.json; ROWS="ssh tor" for some, RECORD=1 keeps captures
	@packaging/unpack.sh libreswan build/libreswan
	@$(PYTHON) -m lab.matrix.run $(if $(RECORD),--record tests/kernel/captures) $(ROWS)

fuzz: setup ## the program against another reading of the documents: FRAMES=10000000 or SECONDS=600, RANDOM=100000000 payloads, SEED=1
	@$(PYTHON) -m tests.fuzz $(if $(FRAMES),--frames $(FRAMES)) $(if $(SECONDS),--seconds $(SECONDS)) \
		$(if $(RANDOM),--payloads $(RANDOM)) $(if $(SEED),--seed $(SEED))

lint: setup ## style, types, and who imports whom
	.venv/bin/ruff check --quiet
	.venv/bin/ruff format --check --quiet
	.venv/bin/mypy --no-error-summary
	@report=$$(.venv/bin/lint-imports --no-logo --no-cache imports.toml) || { echo "$$report"; exit 1; }
	clang-format --dry-run --Werror bpf/*.c bpf/*.h

format: setup ## put the sources into shape
	.venv/bin/ruff check --quiet --fix
	.venv/bin/ruff format --quiet
	clang-format -i bpf/*.c bpf/*.h

documents: setup ## write the API's documents into docs/, as they are served now
	@$(PYTHON) -m manual.documents

accuracy: setup ## how right it is on captures of others, beside another classifier; a table, and build/accuracy.json
	@$(PYTHON) -m bench.accuracy

bench: setup ## how fast, beside the peers and, with BASE=COMMIT, that commit, by its own code in turns; build/bench.json
	@bash -c '. packaging/install-missing.sh && install_missing bench packaging/apt-packages-bench.txt'
	@$(PYTHON) -m bench $(if $(BASE),--base $(BASE))

bench-check: setup ## has a ratio of build/bench.json lost over 15 % since the committed run? ACCEPT=1 makes it the committed one
	@$(PYTHON) -m bench.check $(if $(ACCEPT),--accept)
	@$(if $(ACCEPT),$(PYTHON) -m bench.page)

deb: ## the Debian packages, into build/deb; VERSION=0.1.1 overrides the version, INTO=build/other the place
	@VERSION=$(VERSION) INTO=$(INTO) packaging/build-deb.sh

vagrant-up: ## bring up the lab of real machines
	@vagrant/host/up

vagrant-test: setup ## all that is tested on real machines; SUBJECTS="attach reboot" for some of it
	@vagrant/host/test $(SUBJECTS)

vagrant-down: ## remove the machines
	@vagrant/host/down

clean: vagrant-down ## remove what was made here
	rm -rf .venv build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .setup.lock
