# The two commands: `make book` and `make test`. Everything else is in `make help`.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
.DEFAULT_GOAL := help
.PHONY: help book test lab exercises urls lint format lock clean

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1	\2/' | expand -t 20

book: $(VENV)/installed ## execute the chapters that changed and build build/html/index.html
	@$(RUN) -m rnnbook.book html

test: $(VENV)/installed ## run the whole test suite, the notebooks and the built site included
	@$(RUN) -m rnnbook.book html
	@$(RUN) -m pytest --numprocesses=auto --dist=loadfile
	@echo "All tests passed. The book is at build/html/index.html"

lab: $(VENV)/installed ## open JupyterLab on your own copy of the chapters and exercises, in lab/
	@$(RUN) -m rnnbook.book lab

exercises: $(VENV)/installed ## write exercises/ from solutions/
	@$(VENV)/bin/rnnbook exercises

urls: $(VENV)/installed ## copy the repository's address from pyproject.toml to where it is needed
	@$(RUN) -m rnnbook.book urls

lint: $(VENV)/installed ## check form: ruff, notebooks without outputs, exercises and addresses up to date
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
	@$(VENV)/bin/nbstripout --verify --keep-id book/*.ipynb solutions/*.ipynb exercises/*.ipynb
	@$(VENV)/bin/rnnbook exercises --check
	@$(RUN) -m rnnbook.book urls --check
	@echo "Form is fine."

format: $(VENV)/installed ## mend what ruff and nbstripout can mend
	@$(VENV)/bin/ruff check --fix . ; $(VENV)/bin/ruff format .
	@$(VENV)/bin/nbstripout --keep-id book/*.ipynb solutions/*.ipynb exercises/*.ipynb

# The lock: all versions, direct and indirect, for every platform. PyPI's Linux build of torch pins its own CUDA
# libraries and the CPU build has none, so they are left out.
lock: ## resolve requirements.txt anew from pyproject.toml (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml | grep -vE '^(nvidia-|cuda-|triton)' > requirements.new
	mv requirements.new requirements.txt

clean: ## remove what was made: build/ and the environment (lab/, your own work, stays)
	rm -rf build $(VENV)

$(VENV)/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "rnnbook needs Python 3.11 or later. Name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Installing into $(VENV). The first time takes a few minutes."
	@$(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "$(PYTHON) can't make an environment. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	@$(RUN) -m pip install --disable-pip-version-check -r requirements.txt
	@$(RUN) -m pip install --disable-pip-version-check --quiet --no-deps --editable .
	@touch $@
