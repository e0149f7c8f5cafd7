# Every target sets up what it needs: .venv, from the pins in requirements.lock, once.
# In an activated conda environment made from environment.yml, that one is used instead.
# Works with GNU make 3.81 (macOS) and later. Nothing is written outside the repository.

PYTHON ?= python3
ARGS ?=
UV := uv==0.13.8
LOCK_DATE ?= 2026-11-08T00:00:00Z

ifeq ($(if $(CONDA_PREFIX),$(CONDA_DEFAULT_ENV)),lazy-training)
  PY := $(CONDA_PREFIX)/bin/python
  READY := conda
else
  PY := .venv/bin/python
  READY := venv
endif

# Settings for a user's other work stay out. Of pip's, those that say how packages are reached are
# kept; tools/surroundings.py sees to Jupyter, IPython and Matplotlib.
KEEP := PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_TRUSTED_HOST \
  PIP_CERT PIP_CLIENT_CERT PIP_PROXY PIP_KEYRING_PROVIDER PIP_TIMEOUT PIP_DEFAULT_TIMEOUT PIP_RETRIES \
  PIP_CACHE_DIR PIP_NO_CACHE_DIR PYTHON PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX PYTHONUNBUFFERED
$(foreach name,$(filter-out $(KEEP),$(filter PIP_% PYTHON%,$(.VARIABLES))),$(eval unexport $(name)))
unexport LC_ALL

# A folder may have any name: Python reads paths as UTF-8 whatever the locale.
export PYTHONUTF8 := 1
export LC_CTYPE := C.UTF-8

# Two threads a small matrix product, on a busy machine, take many times as long as one.
OPENBLAS_NUM_THREADS ?= 1
OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS OMP_NUM_THREADS

# Options that undo what a configuration file of pip may say.
INSTALL := -m pip --disable-pip-version-check install --quiet --no-user --target= --no-binary=:none:
INSTALL_SELF := $(INSTALL) --no-deps --no-build-isolation --editable .

# A file's tests, and a notebook's cells, stay together and in order. The cap is for the memory.
SIDE_BY_SIDE := -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

# What is skipped where PyTorch is not installed.
EXTRAS := tests/models/test_module.py tests/theory/test_report_modules.py tests/experiments/test_digits.py \
  tests/test_browser.py::test_every_control_of_notebook_09_moves_its_picture \
  $(wildcard notebooks/09-*.ipynb notebooks/solutions/09-*.ipynb)

.PHONY: help install lab test test-extras notebooks exercises figures site badge bench lint format lock clean venv venv-bench venv-extras conda

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-18s %s\n", $$1, $$2 }'

install: $(READY) ## set up .venv from the pins, and nothing else

lab: $(READY) ## open the collection in JupyterLab (ARGS="--no-browser --port 8899" are handed on)
	"$(PY)" tools/surroundings.py jupyterlab --ServerApp.root_dir="$(CURDIR)" --LabApp.default_url=/lab/tree/notebooks/00-start-here.ipynb \
	  --LanguageServerManager.autodetect=False $(ARGS)

test: $(READY) ## all tests, notebooks included (ARGS="-k kernels" are handed on)
	"$(PY)" -m pytest $(SIDE_BY_SIDE) $(ARGS)

test-extras: venv-extras ## what needs PyTorch, in a .venv-extras of its own: its tests, and notebook 09
	.venv-extras/bin/python -m pytest $(SIDE_BY_SIDE) $(EXTRAS) $(ARGS)

notebooks: $(READY) ## re-run notebooks in place and store their outputs (ARGS="notebooks/00-start-here.ipynb" for one)
	"$(PY)" tools/cut_exercises.py
	"$(PY)" tools/run_notebooks.py $(ARGS)

exercises: $(READY) ## cut the exercises of the notebooks from notebooks/solutions
	"$(PY)" tools/cut_exercises.py

figures: $(READY) ## make the stored figures at the note's own settings (without notebooks/data: their data, too)
	"$(PY)" -m lazylib.experiments
	$(MAKE) notebooks
	"$(PY)" tools/build_site.py --picture

site: $(READY) ## the static site, in _site/html (ARGS="--serve" shows it)
	"$(PY)" tools/build_site.py $(ARGS)

badge: ## put a badge into the README that opens your copy on Binder: make badge REPOSITORY=owner/name
	$(PYTHON) tools/badge.py $(REPOSITORY)

bench: venv-bench ## each claim about speed, against JAX and PyTorch in the same run
	.venv-bench/bin/python benchmarks/run.py $(ARGS)

lint: $(READY) ## what ruff has to say about modules and notebooks; changes nothing
	"$(PY)" -m ruff check
	"$(PY)" -m ruff format --check

format: $(READY) ## let ruff mend and format modules and notebooks
	"$(PY)" -m ruff check --fix
	"$(PY)" -m ruff format

# The build backend is pinned too. argon2-cffi-bindings 26 has no wheel for Macs with an Intel processor.
# What needs PyTorch has pins of its own: its SymPy wants an older mpmath. Those are for the CPU: on
# Linux the registry's PyTorch would bring several GB of CUDA libraries. There pip has to be shown
# PyTorch's own index of CPU wheels, or a folder with one (its extra-index-url, or find-links).
COMPILE = "$$tmp/venv/bin/uv" pip compile --quiet --no-config --cache-dir "$$tmp/cache" \
  --universal --python-version 3.11 --fork-strategy fewest --only-binary :all: --exclude-newer $(LOCK_DATE) \
  --generate-hashes --no-annotate --no-header --extra lab --extra cluster --extra test
ALSO = grep -o 'flit_core[^"]*' pyproject.toml | head -n 1; echo 'argon2-cffi-bindings<26'
TORCH := torch==2.13.0
# Of its CPU wheels for Linux, from PyTorch's index: Python 3.11 to 3.14, on x86_64 and then aarch64.
TORCH_CPU := 6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b \
  4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2 \
  3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6 \
  d20fa53ee744502fa4c69818a720b05ca0d37abd055d4f6e66cae155114bc691 \
  84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7 \
  6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604 \
  0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d \
  ca021f9eb2f8345c83fa03e3a04587308afb8df71bd472670b3ece00df58621c

lock: ## make both files of pins anew from pyproject.toml, with releases up to LOCK_DATE
	@tmp=$$(mktemp -d) && trap 'rm -rf "$$tmp"' EXIT && \
	$(PYTHON) -m venv "$$tmp/venv" && "$$tmp/venv/bin/python" -m pip install --quiet $(UV) && \
	{ echo "# Made by 'make lock' from pyproject.toml: Python 3.11 and later; Linux, macOS, Windows."; \
	  echo "# Releases up to $(LOCK_DATE); one version of each package for every Python."; \
	  { $(ALSO); } | $(COMPILE) --extra site pyproject.toml -; \
	} > "$$tmp/lock" && \
	{ echo "# Made by 'make lock', with the extra 'torch' for the CPU: see the Makefile."; \
	  { $(ALSO); echo '$(TORCH)'; echo 'mpmath<1.4'; } | $(COMPILE) --extra torch pyproject.toml - | \
	    awk -v on="$(TORCH)%s ; sys_platform %s 'linux' %s" -v cpu='$(TORCH_CPU:%=\\\n    --hash=sha256:%)' \
	      '/^$(TORCH)/ { printf on "\n", "+cpu", "==", cpu; $$0 = sprintf(on, "", "!=", "\\") } \
	       /^[a-z]/ { left = /^(cuda|nvidia|triton)/ } !left'; \
	} > "$$tmp/torch" && mv "$$tmp/lock" requirements.lock && mv "$$tmp/torch" requirements-torch.lock
	@echo "Now bring environment.yml and .pre-commit-config.yaml to the same versions; make test compares them."

clean: ## remove everything that make has set up
	rm -rf .venv .venv-bench .venv-extras .var _site .pytest_cache .ruff_cache .hypothesis

# A .venv with exactly what is pinned; $(1) is its folder, $(2) the files of pins. What is there
# already is looked at each time: folders are moved, and packages removed, behind make's back.
define set-up
@$(1)/bin/python -I -X utf8 tools/installed.py $(2) 2> /dev/null; case $$? in 0) exit 0;; 3) ;; *) \
  command -v "$(PYTHON)" > /dev/null || { echo "There is no '$(PYTHON)'. Name yours: make PYTHON=python3.12 ..."; exit 1; }; \
  "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
    echo "Python 3.11 or later is needed, but $(PYTHON) is $$("$(PYTHON)" -V 2>&1)."; \
    echo "Name another one: make PYTHON=python3.12 ..."; exit 1; }; \
  echo "Setting up $(1), once: this takes a minute or two."; \
  "$(PYTHON)" -m venv --clear $(1) && \
  for pins in $(2); do $(1)/bin/python $(INSTALL) $$(case $$pins in *.lock) echo --require-hashes;; esac) \
    --requirement $$pins || exit 1; done || exit 1;; \
esac; $(1)/bin/python $(INSTALL_SELF)
endef

venv:
	$(call set-up,.venv,requirements.lock)

venv-bench:
	$(call set-up,.venv-bench,requirements-torch.lock benchmarks/requirements.txt)

venv-extras:
	$(call set-up,.venv-extras,requirements-torch.lock)

conda:
	@"$(PY)" $(INSTALL_SELF)
