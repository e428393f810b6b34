# Everything a person or a CI machine does here. Needs Python >= 3.11 and make; `make help` lists the targets.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
FUZZ   := .venv-fuzz
EVAL   := .venv-eval
MUTANTS := .venv-mutants
CLIENTS := .venv-clients
OFFLINE := .venv-offline
PIPS   := $(foreach pip,oldest distribution newest,$(VENV)/pips/$(pip)/.installed)
EXTRAS := $(foreach extra,embedded energy export offline otel plan postgres quality redis,--extra $(extra))

.DEFAULT_GOAL := help
.PHONY: help serve pips test check check-wheel fix bench bench-compute stats-check loop chaos soak fleet chart fuzz mutants offline clients agents eval default-model lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(STAMP): requirements/dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "gearshift needs Python >= 3.11; set PYTHON=/path/to/python3.11 or newer" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

serve: $(STAMP) ## run the gateway (ARGS="--port 0 …" are passed on)
	$(BIN)/gearshift serve $(ARGS)

# The pips that tests resolve the lock files with, beside the one that comes with Python.
pips: $(PIPS)
$(PIPS): $(VENV)/pips/%/.installed: requirements/pips/%.lock | $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --upgrade --target $(@D) -r $<
	@touch $@

# More processes than cores, as most tests wait for something. A file stays in one of them, with
# what its fixtures start. Bytecode is kept: each of a thousand processes would compile every module.
WORKERS ?= 4
test: export PYTHONDONTWRITEBYTECODE =
test: $(STAMP) $(PIPS) ## run all tests, WORKERS=4 processes of them (ARGS="tests/unit -x" are passed on)
	@$(BIN)/python -m compileall -q src simulations endurance examples benchmarks # once, not in each process
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(STAMP) ## formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(STAMP) ## format and apply safe fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check-wheel: $(STAMP) ## install the wheel in empty environments: newest and lowest versions, each extra
	$(BIN)/python -m release.wheel

# On the train splits alone: what the tables in docs/evaluation.md are measured on stays unseen.
# The Qwen pair is left out: its scores are artefacts of how answers were extracted.
default-model: $(STAMP) ## train the scorer that comes with gearshift (DATA=folder of recorded outcomes)
	@test -d "$(DATA)" || { echo "DATA=folder is needed: the recorded outcomes, *.jsonl.gz" >&2; exit 2; }
	$(BIN)/gearshift train --split train --config config/ssot_config.yaml --out src/gearshift/tiered_routing/default_model.npz \
	  $(filter-out %qwen7b_nemotron51b.jsonl.gz %mtbench.jsonl.gz,$(sort $(wildcard $(DATA)/*.jsonl.gz)))

bench: $(STAMP) ## measure; results and method in docs/benchmarks.md
	$(BIN)/python -m benchmarks

bench-compute: $(STAMP) ## CPU time of large, tiered, small on models of the true shapes (12 GB of memory, half an hour)
	$(BIN)/python -m benchmarks.compute $(ARGS)

stats-check: $(STAMP) ## simulate worlds with known truth: no guarantee may be broken more often than it says
	$(BIN)/python -m simulations $(ARGS)

loop: $(STAMP) ## the tutorial: judged answers, a learned scorer, an experiment, the switch (docs/loop.md)
	$(BIN)/python -m examples.loop $(ARGS)

chaos: $(STAMP) ## kill real engines under load; no answer may be lost (ARGS="--seconds 60 --seed 7")
	$(BIN)/python -m endurance.chaos $(ARGS)

soak: $(STAMP) ## memory and file descriptors must stay flat under load (ARGS="--minutes 10")
	$(BIN)/python -m endurance.soak $(ARGS)

fleet: $(STAMP) ## replicas, Redis and upstreams on hosts of their own are cut off and killed; takes root (ARGS="--seed 7")
	$(BIN)/python -m endurance.fleet $(ARGS)

# Programs of Kubernetes' world, built with Go: no package manager has them everywhere.
TOOLS := $(CURDIR)/.tools
chart: $(STAMP) ## check the Helm chart with real helm and kubeconform (needs Go; a few minutes at first)
	GOBIN=$(TOOLS) GOFLAGS=-mod=mod go install helm.sh/helm/v3/cmd/helm@v3.22.0
	GOBIN=$(TOOLS) GOFLAGS=-mod=mod go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0
	cd / && go mod download -json k8s.io/kubernetes@v1.37.2 | sed -n 's/.*"Dir": "\(.*\)".*/\1/p' >$(TOOLS)/kubernetes
	$(BIN)/python -m release.kubernetes_schemas "$$(cat $(TOOLS)/kubernetes)/api/openapi-spec/swagger.json" $(TOOLS)/schemas
	GEARSHIFT_TEST_HELM=$(TOOLS)/helm GEARSHIFT_TEST_KUBECONFORM=$(TOOLS)/kubeconform \
	  GEARSHIFT_TEST_KUBERNETES_SCHEMAS=$(TOOLS)/schemas $(BIN)/python -m pytest tests/deploy $(ARGS)

# An environment of its own: the peers that it compares with stay out of everybody else's.
$(EVAL)/.installed: requirements/eval.lock pyproject.toml
	$(PYTHON) -m venv $(EVAL)
	$(EVAL)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/eval.lock
	$(EVAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

eval: $(EVAL)/.installed ## measure all scorers on recorded outcomes (DATA=folder), write docs/evaluation.md
	$(EVAL)/bin/python -m benchmarks.routing_quality --data "$(DATA)" $(ARGS)

# An environment of its own: these tools are large, and nothing else needs them.
$(FUZZ)/.installed: requirements/fuzz.lock pyproject.toml
	$(PYTHON) -m venv $(FUZZ)
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.lock
	$(FUZZ)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

fuzz: $(FUZZ)/.installed ## look for inputs that break it, for 6 minutes (ARGS="--minutes N --json")
	$(FUZZ)/bin/python -m fuzz $(ARGS)

# An environment of its own: it wants newer versions of what others pin.
$(MUTANTS)/.installed: requirements/mutants.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] == (3, 13))' || \
	  { echo "make mutants needs a Python other than 3.13; set PYTHON=/path/to/python3.12, say" >&2; exit 2; }
	$(PYTHON) -m venv $(MUTANTS)
	$(MUTANTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutants.lock
	$(MUTANTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

mutants: $(MUTANTS)/.installed ## change the code in small places and count what the tests do not notice (an hour; not on 3.13)
	@PATH="$(CURDIR)/$(MUTANTS)/bin:$$PATH" $(MUTANTS)/bin/python -m mutation $(ARGS)

# An environment of its own: Ray is large, and nothing else needs it.
$(OFFLINE)/.installed: requirements/offline.lock pyproject.toml
	$(PYTHON) -m venv $(OFFLINE)
	$(OFFLINE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/offline.lock
	$(OFFLINE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

offline: $(OFFLINE)/.installed ## test --engine ray on a real cluster of this machine (docs/offline.md)
	$(OFFLINE)/bin/python -m pytest tests/offline $(ARGS)

# Environments of their own: the clients are many and large, bring Node.js for those in JavaScript, and
# not all of them work with one version of OpenAI's SDK.
$(CLIENTS)/.installed: requirements/clients.lock clients/node/package-lock.json pyproject.toml
	$(PYTHON) -m venv $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/clients.lock
	$(CLIENTS)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" npm ci --prefix clients/node --no-audit --no-fund
	@touch $@

$(CLIENTS)-openai2/.installed: requirements/clients-openai2.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

$(CLIENTS)-aider/.installed: requirements/clients-aider.lock
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@touch $@

clients/agents/node_modules/.installed: clients/agents/package-lock.json | $(CLIENTS)/.installed
	PATH="$(CURDIR)/$(CLIENTS)/bin:$$PATH" npm ci --prefix clients/agents --no-audit --no-fund
	@touch $@

agents: $(CLIENTS)/.installed $(CLIENTS)-aider/.installed clients/agents/node_modules/.installed ## try coding agents (2 GB), write docs/clients/README.md
	$(CLIENTS)/bin/python -m clients --agents $(ARGS)

clients: $(CLIENTS)/.installed $(CLIENTS)-openai2/.installed ## try the clients that people use, write docs/clients/README.md (ARGS="--only litellm")
	$(CLIENTS)/bin/python -m clients $(ARGS)

# Oldest: the pips of Python 3.11.0 and 3.12.0; distribution: those of Debian 12 and Ubuntu 24.04.
COMPILE := uv pip compile --universal --no-strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q
lock: $(STAMP) $(PIPS) ## rewrite the lock files from pyproject.toml and clients/*/package.json (needs uv, pip install uv, and npm)
	$(COMPILE) pyproject.toml $(EXTRAS) -o requirements/run.lock
	$(COMPILE) pyproject.toml $(EXTRAS) --group dev -o requirements/dev.lock
	$(COMPILE) pyproject.toml --extra otel --extra postgres --extra redis -c requirements/run.lock -o requirements/container.lock
	echo hatchling | $(COMPILE) - -c requirements/dev.lock -o requirements/build.lock
	$(COMPILE) pyproject.toml $(EXTRAS) --group dev --group fuzz -o requirements/fuzz.lock
	$(COMPILE) pyproject.toml $(EXTRAS) --group dev --group mutants -o requirements/mutants.lock
	$(COMPILE) pyproject.toml $(EXTRAS) --extra ray --group dev -o requirements/offline.lock
	$(COMPILE) pyproject.toml --extra quality --group eval -o requirements/eval.lock
	$(COMPILE) pyproject.toml --extra embedded --group clients -o requirements/clients.lock
	$(COMPILE) --group clients-openai2 -o requirements/clients-openai2.lock
	$(COMPILE) --group clients-aider -o requirements/clients-aider.lock
	$(COMPILE) --group types -o requirements/types.lock
	printf 'pip==%s\n' '22.3 ; python_version < "3.12"' '23.2.1 ; python_version >= "3.12"' | $(COMPILE) - -o requirements/pips/oldest.lock
	printf 'pip==%s\n' '23.0.1 ; python_version < "3.12"' '24.0 ; python_version >= "3.12"' | $(COMPILE) - -o requirements/pips/distribution.lock
	echo pip | $(COMPILE) - --upgrade -o requirements/pips/newest.lock
	PYTHONPATH=$(VENV)/pips/newest $(BIN)/python requirements/demands.py
	for each in clients/node clients/agents; do \
	  npm install --prefix $$each --package-lock-only --ignore-scripts --no-audit --no-fund --loglevel error || exit; done
	$(BIN)/python requirements/node_locks.py

clean: ## remove the virtual environments and caches
	rm -rf $(VENV) $(TOOLS) $(FUZZ) $(EVAL) $(MUTANTS) $(OFFLINE) $(CLIENTS) $(CLIENTS)-openai2 $(CLIENTS)-aider clients/node/node_modules clients/agents/node_modules mutants .fuzz .mypy_cache .ruff_cache .pytest_cache .hypothesis
