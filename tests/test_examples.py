"""The examples of the reference: each is whole by itself, and prints what it says."""

import doctest
import importlib
import pkgutil
from fnmatch import fnmatchcase as fnmatch

import pytest

ROOMS = ["losses", "data", "models", "kernels", "trainers", "theory", "experiments"]
ROOMS += ["plots", "widgets", "exercises"]

#: What is public and has no example, with the reason.
WITHOUT = {
    "models.TorchModel": "`from_module` makes it, and has one",
    "experiments.train_*": "seconds long, for a figure or a panel",
    "experiments.follow_clock": "likewise",
    "experiments.sweep": "likewise; `compare` has one",
    "experiments.digits_*": "for PyTorch, an option; notebook 09 shows them",
    "experiments.right": "as digits_network",
    "theory.LazinessReport": "`laziness_report` makes it; the README has an example, which is run",
    "theory.laziness_report": "as LazinessReport",
    "theory.after": "as LazinessReport",
    "plots.*": "the notebooks show what it draws",
    "widgets.explore_*": "seconds long; the notebooks show it, and `explore_neurons` has one",
    "exercises.*": "an example would give the answer away; the notebooks call it",
}


def examples():
    """Return the doctests of all that the rooms define; they are given no names beforehand."""
    found = []
    for room in ROOMS:
        module = importlib.import_module(f"lazylib.{room}")
        paths = getattr(module, "__path__", [])
        inner = [importlib.import_module(f"{module.__name__}.{m.name}") for m in modules(paths)]
        for each in [module, *inner]:
            found += doctest.DocTestFinder().find(each, globs={})
    return {test.name: test for test in found if test.examples}


def modules(paths):
    """Return what can be imported of a room without running it."""
    return [module for module in pkgutil.iter_modules(paths) if module.name != "__main__"]


EXAMPLES = examples()


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_says(name):
    if "import torch" in EXAMPLES[name].docstring:
        pytest.importorskip("torch")
    said = []
    doctest.DocTestRunner().run(EXAMPLES[name], out=said.append)
    assert not said, "".join(said)


def test_everything_public_has_an_example_or_a_reason_to_have_none():
    missing = []
    for room in ROOMS:
        module = importlib.import_module(f"lazylib.{room}")
        for name, thing in ((name, getattr(module, name)) for name in module.__all__):
            if callable(thing) and f"{thing.__module__}.{name}" not in EXAMPLES:
                missing.append(f"{room}.{name}")
    assert [name for name in missing if not any(fnmatch(name, each) for each in WITHOUT)] == []
    assert [each for each in WITHOUT if not any(fnmatch(name, each) for name in missing)] == []
