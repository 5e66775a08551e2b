# `make demo`: from nothing to a trained model. `make test`: lint, types, tests.
# On systems without make, README.md shows the same steps with plain pip.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
OUT ?= demo-out
FONTS := fonts-noto-cjk fonts-wqy-microhei fonts-wqy-zenhei fonts-arphic-uming fonts-arphic-ukai \
	fonts-dejavu fonts-liberation fonts-liberation2 fonts-freefont-ttf fonts-roboto-unhinted fonts-open-sans fonts-hack fonts-b612 \
	fonts-routed-gothic fonts-roadgeek fonts-urw-base35 fonts-opendin fonts-national-park fonts-play fonts-dosis fonts-ocr-b fonts-jura

# libgomp1: Paddle's wheel links to it and a minimal system lacks it. gcc: builds the optional kernel of the renderer.
SYSTEM := libgomp1 gcc libc6-dev $(FONTS)

.PHONY: demo test setup system lint types previews clean

demo: setup
	$(BIN)/ocrdata demo --out $(OUT)

test: setup lint types
	$(BIN)/python -m pytest

setup: $(BIN)/.installed system

$(BIN)/.installed: pyproject.toml
	@$(PYTHON) -m ensurepip --version >/dev/null 2>&1 || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
			apt-get update -qq && apt-get install -qq -y python3-venv libgomp1 >/dev/null; \
		else echo "Python's venv is missing: sudo apt-get install python3-venv libgomp1"; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[train,dev]'
	touch $@

# Chinese fonts, and enough others for variety, from Debian's packages where we may install them.
system:
	@if dpkg -s $(SYSTEM) >/dev/null 2>&1; then :; \
	elif command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
		echo "installing: $(SYSTEM)"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y $(SYSTEM) >/dev/null; \
	elif command -v apt-get >/dev/null; then \
		echo "hint: for Chinese lines and more variety: sudo apt-get install $(SYSTEM)"; \
	else \
		echo "hint: for Chinese lines install a font that covers Chinese, for example Noto Sans CJK"; \
	fi

# The contact sheets of all recipes, for the README.
previews: setup
	$(BIN)/python docs/previews.py

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# The root folder is the package, whatever its name: a link gives the type checker the right one.
types: setup
	mkdir -p build/types && ln -sfn ../.. build/types/ocrdata
	cd build/types && ../../$(BIN)/mypy --config-file ../../pyproject.toml -p ocrdata

clean:
	rm -rf $(VENV) build $(OUT) *.egg-info
