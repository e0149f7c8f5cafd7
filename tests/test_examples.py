"""The examples of the reference: each is whole by itself, and prints what it says."""

import doctest
import importlib
import pkgutil

import pytest

ROOMS = ["losses", "data", "models", "kernels", "trainers", "theory", "experiments"]

#: What is public and has no example, with the reason.
WITHOUT = {
    "experiments": "not yet",
    "models.TorchModel": "`from_module` makes it, and has one",
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


@pytest.mark.parametrize("room", ROOMS)
def test_everything_public_has_an_example(room):
    module = importlib.import_module(f"lazylib.{room}")
    public = {name: getattr(module, name) for name in module.__all__}
    missing = {
        f"{room}.{name}"
        for name, thing in public.items()
        if callable(thing) and f"{thing.__module__}.{name}" not in EXAMPLES
    }
    if room not in WITHOUT:
        assert missing == {name for name in WITHOUT if name.startswith(f"{room}.")}
