# Everything runs in .venv, made on first use from pyproject.toml and constraints.txt.
# Python compiles a module when it is first imported; to compile all of them would take half of the installation.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
COUNTS := docs/results/synthesis
EXTRAS := train,reference,sweep,ray,serial,gpu,hardware,simulation,docs,dev

.PHONY: help install train test test-long lint docs synthesis synthesis-table speed clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## */\t/' | expand -t 12

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt --editable '.[$(EXTRAS)]'
	touch $@

install: $(STAMP)  ## make .venv with everything in it

train: $(STAMP)    ## train the embedded digits on the bit-exact model of the machine
	$(BIN)/bsff train digits --device emulated

test: $(STAMP) lint  ## every check, and every test but the long ones
	$(BIN)/pytest -n 2 --dist worksteal

test-long: $(STAMP) ## the long tests: netlists that learn, counts made again, the site, more machines
	$(BIN)/pytest -n 2 -m long

lint: $(STAMP)     ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(STAMP)     ## the generated pages, and the site in build/site
	$(BIN)/bsff registers > docs/registers.md
	BSFF_SITE_NOTEBOOKS=cache BSFF_NOTEBOOK_DEVICE=emulated \
	    $(BIN)/sphinx-build -W --keep-going -q -b html -d build/site-cache docs build/site

synthesis: $(STAMP) ## the tables of what machines take: an hour and a half
	mkdir -p $(COUNTS)
	$(BIN)/bsff synth digits-small --target xc7z020 --json $(COUNTS)/digits-small-xc7z020.json
	$(BIN)/bsff synth digits-tiny --target ecp5-85k --no-reader --json $(COUNTS)/digits-tiny-ecp5-85k.json
	$(BIN)/bsff synth digits-tiny --target ecp5-85k --serial --frequency 100 --json $(COUNTS)/digits-tiny-serial-ecp5-85k.json
	$(BIN)/bsff synth digits-tiny --block layer1 --target ecp5-85k --no-reader --no-route \
	    --json $(COUNTS)/digits-tiny-layer1-ecp5-85k.json
	$(BIN)/bsff synth mnist --target xc7z020 --set head.enabled=false --set training.predictor=goodness \
	    --json $(COUNTS)/mnist-xc7z020.json
	$(BIN)/bsff synth mnist-pynq --target xc7z020 --json $(COUNTS)/mnist-pynq-xc7z020.json
	$(BIN)/bsff synth fashion-pynq --target xc7z020 --json $(COUNTS)/fashion-pynq-xc7z020.json
	$(BIN)/bsff synth cifar10-pynq --target xc7z020 --json $(COUNTS)/cifar10-pynq-xc7z020.json
	$(MAKE) synthesis-table

synthesis-table: $(STAMP)
	$(BIN)/bsff synth-table $(COUNTS) > docs/results/synthesis.md

speed: $(STAMP)    ## speed of the golden model
	$(BIN)/python -m bsff.studies.engine_speed

clean:             ## remove what can be made again
	rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
