# Set-up goes into .venv; constraints.txt pins what was tested. Compiled at once, for each of Ray's many processes would
# else compile torch again wherever Python may not write (PYTHONDONTWRITEBYTECODE): 20 s instead of 7.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: setup demo shuffled pictures test test-slow test-browser test-cluster proof chaos fuzz check

setup: .venv/ready

.venv/ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable ".[dev]"
	touch $@

# Everything the paper does, on made-up patients whose answers are known; see docs/results.md for what it shows.
# SEED makes the patients, the partition and the training; DEMO is where all of it is kept. The last epoch is kept:
# fourteen validation patients do not tell epochs apart.
SEED = 0
DEMO = runs
TRAINING = --network shufflenet_v2_x2_0 --until stage2 --pool max --weights none --epochs 28 --optimizer adamw \
	--schedule one-cycle --learning-rate 0.005 --flips --normals 2 --keep last --workers 2

demo: setup
	$(BIN)/deepminer phantom $(DEMO)/phantom --patients 360 --seed $(SEED)
	$(BIN)/deepminer words $(DEMO)/phantom/corpus.txt $(DEMO)/words.txt
	$(BIN)/deepminer run $(DEMO)/demo $(DEMO)/phantom --train 0.4 --test 0.3 --side 64 --seed $(SEED) $(TRAINING) \
		--from-lesions --vectors $(DEMO)/words.txt
	$(BIN)/deepminer audit $(DEMO)/demo

# The demo's network taught with shuffled labels, several times: what it then tells apart, it owes to chance.
shuffled: demo
	$(BIN)/python benchmarks/shuffled.py $(DEMO)/demo

# The pictures of the README and of docs/survey.md, of the demo; with Debian's chromium.
pictures: setup
	$(BIN)/python docs/pictures.py $(DEMO)/demo

# A file's tests stay in one process, and each process has a Ray of its own. PROCESSES=0 runs all in one.
PROCESSES = 3

test: setup
	$(BIN)/python -m pytest --numprocesses $(PROCESSES) --dist loadfile --no-loadscope-reorder

# What takes minutes: killed trainings, memory, half precision; ten minutes.
test-slow: setup
	$(BIN)/python -m pytest -m slow

# The survey's pages in a real browser, which must be installed: Debian's chromium.
test-browser: setup
	$(BIN)/python -m pytest -m browser --numprocesses $(PROCESSES)

# The phantom proof: named by the truth explanations score far above chance, with shuffled names they do not.
proof: setup
	$(BIN)/python -m pytest -m proof

# Nodes that are lost or unlike each other, the cluster launcher over ssh, every job; as root, with openssh-server, rsync
# and netcat-openbsd.
test-cluster: setup
	$(BIN)/python -m pytest -m "nodes or launcher"

# SIGKILLs while 20,000 patches are probed on three nodes and over every stage (KILLS=40), damaged files; half an hour.
chaos: setup
	$(BIN)/python -m pytest -m chaos

# Damaged inputs for every reader, and whole sources with one damaged file; ten minutes, see docs/robustness.md.
fuzz: setup
	$(BIN)/python benchmarks/fuzz.py

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
