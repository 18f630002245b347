# Everything that README names. `make help` lists it.
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
DATA ?=
RUN ?=
PRESET ?= quick
MIX ?= mixes/x

.DEFAULT_GOAL := help
.PHONY: help setup demo data test lint figures codebook screenshots train-pgan train-dcgan train-lapgan mix serve bench bench-rating bench-serving bench-training bench-analysis bench-faults bench-exports clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/dev ## a virtual environment with everything: the program, tests, a browser

demo: $(VENV)/training ## a study from nothing, or from DATA=some/folder, running on 127.0.0.1; RUN=your own generator
	@$(BIN)/dermvtt demo $(if $(DATA),--data "$(DATA)") $(if $(RUN),--checkpoint "$(RUN)")

data: $(VENV)/data ## the training images of ISIC 2018, fetched (3 GB) and prepared into data/isic2018
	@sh scripts/data.sh $(BIN)

test: setup lint ## everything: lint, unit, property, database and browser tests
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

lint: $(VENV)/dev ## ruff: style and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

figures: $(VENV)/training ## draw the documentation's figures from the code, into docs/images
	$(BIN)/python -m docs.figures.growing

codebook: $(VENV)/training ## write the codebooks of results and data from the code, into docs/codebook.md and docs/data.md
	$(BIN)/python -m docs.codebook

screenshots: $(VENV)/training ## draw the pictures of docs/admin.md from a made-up study, into docs/images
	$(BIN)/python -m docs.screenshots

train-pgan: FAMILY := pgan
train-pgan: ## train a PGAN: DATA=a data set or a folder of photographs, PRESET=quick, RUN=runs/pgan
train-dcgan: FAMILY := dcgan
train-dcgan: ## train a DCGAN, likewise: RUN=runs/dcgan
train-lapgan: FAMILY := lapgan
train-lapgan: ## train a LAPGAN, likewise: RUN=runs/lapgan
train-pgan train-dcgan train-lapgan: $(VENV)/training
	@sh scripts/train.sh $(BIN) $(FAMILY) "$(DATA)" "$(PRESET)" "$(or $(RUN),runs/$(FAMILY))"

mix: $(VENV)/training ## draw a mix from RUN and DATA into MIX=mixes/x
	@test -n "$(DATA)" || { echo 'error: say which data set the reals come from: make mix DATA=data/x RUN=runs/pgan' >&2; exit 2; }
	$(BIN)/dermvtt-train mix --checkpoint "$(or $(RUN),runs/pgan)" --data "$(DATA)" --fakes 30 --reals 50 --seed 0 --out "$(MIX)"

serve: $(VENV)/training ## serve the studies of the data folder
	$(BIN)/dermvtt migrate
	$(BIN)/dermvtt serve

bench: setup ## speed of drawing, preparing and rating on this machine
	$(BIN)/python -m benchmarks.run

bench-rating: setup ## from a key press to the next image, in Chromium, near and over a slow line; a minute or two
	$(BIN)/python -m benchmarks.rating

bench-serving: setup ## steps a second on SQLite and PostgreSQL, beside a bare insert; some six minutes
	$(BIN)/python -m benchmarks.load

bench-training: $(VENV)/training ## speed and memory of training steps, in pairs; some minutes a case
	$(BIN)/python benchmarks/steps.py

bench-analysis: setup ## speed of the analysis beside statsmodels, and what its intervals cover; some six minutes
	$(BIN)/python -m benchmarks.analysis

bench-faults: setup ## ten thousand connections, and PostgreSQL restarted again and again, below raters; a minute
	$(BIN)/python -m benchmarks.faults

bench-exports: setup ## speed and memory of exporting a million ratings in each format, on both databases; some ten minutes
	$(BIN)/python -m benchmarks.exports

clean: ## remove the virtual environment and caches; data, runs and studies stay
	rm -rf $(VENV) build *.egg-info .pytest_cache .ruff_cache .hypothesis

# The markers below are renewed when what is installed changes.
$(VENV)/python:
	@$(PYTHON) scripts/check_python.py
	@$(PYTHON) -m venv $(VENV)
	@sh scripts/pip_install.sh $(BIN) --upgrade pip
	@touch $@

$(VENV)/training: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing DermVTT (some minutes the first time: PyTorch is large) ..."
	@sh scripts/pip_install.sh $(BIN) --constraint constraints.txt --editable '.[training]'
	@touch $@

$(VENV)/data: $(VENV)/training
	@echo "Installing the ISIC Archive's client ..."
	@sh scripts/pip_install.sh $(BIN) --constraint constraints.txt --editable '.[data]'
	@touch $@

# All at once: what training and data need is among it.
$(VENV)/dev: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing DermVTT and what its tests need (some minutes the first time: PyTorch is large) ..."
	@sh scripts/pip_install.sh $(BIN) --constraint constraints.txt --editable '.[dev]'
	@sh scripts/install_browser.sh $(BIN)
	@touch $(VENV)/training $(VENV)/data $@
