"""Whatever a public function is given, it computes finite numbers or says which argument is wrong.

A bad call ends in a ValueError or TypeError that names the argument, in no other exception and no
warning; arrays of the caller stay as they are. `TABLE` says what is tried in place of each
argument, one at a time, and `calls` has a good call of everything that is public in `ROOMS`. The
checks of the exercises, which never raise, have tests of their own. With FUZZ=long in the
environment, every bad value is tried beside every odd one of the other arguments.
"""

import copy
import dataclasses
import functools
import importlib
import inspect
import itertools
import os
import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from helpers import DATA

import lazylib as lz
from lazylib import experiments, theory, trainers, widgets
from lazylib.installation import check_installation

ROOMS = "data losses models kernels trainers theory experiments widgets installation".split()

#: What is public, and has no call of its own here.
WITHOUT = {
    "experiments.Balance": "what balance() returns",
    "experiments.Experiment": "a table, which run() checks",
    "experiments.Results": "what load() returns",
    "experiments.sgd_on_f": "a text to read, as notebook 02 has it; train_by_sgd() checks",
    "experiments.sgd_on_tangent": "as sgd_on_f",
    "kernels.Stop": "what best_stop() returns",
    "models.Activation.both": "for inner loops, whose arrays have been checked",
    "models.Model": "what all models have in common",
    "models.Model.at": "for the trainers, which have checked what they choose from",
    "models.Scaled.at": "as Model.at",
    "models.TorchModel": "made by from_module()",
    "models.TorchModel.dataset": "for PyTorch, an option: see tests/models/test_module.py",
    "models.TorchModel.read": "as TorchModel.dataset",
    "models.TorchModel.rows": "as TorchModel.dataset",
    "models.TorchModel.unpack": "as TorchModel.dataset",
    "models.TorchModel.constants_change": "as TorchModel.dataset",
    "models.from_module": "as TorchModel.dataset",
    "experiments.digits_network": "for PyTorch, an option: see tests/experiments/test_digits.py",
    "experiments.digits_run": "as digits_network",
    "experiments.digits_setting": "as digits_network",
    "experiments.right": "as digits_network",
    "experiments.train_on_digits": "as digits_network",
    "theory.LazinessReport": "what laziness_report() returns",
    "theory.LazinessReport.rows": "of a report, which has been checked",
    "theory.LazinessReport.save": "as LazinessReport.rows",
    "theory.after": "for PyTorch, an option: see tests/theory/test_report_modules.py",
    "theory.before": "as after",
    "theory.laziness_report": "tests/theory/test_report.py has a table of what it refuses",
    "widgets.compare": "tests/widgets/test_panel.py has what it refuses",
    "widgets.explore_digits": "for PyTorch, an option: see tests/experiments/test_digits.py",
    "trainers.Interrupted": "what trainers raise",
    "trainers.reporting": "a context, not a computation",
}

#: Results that say infinity where there is no bound, no second derivative, or no end.
INFINITE = {
    "experiments.foresee",
    "experiments.space_setting",
    "kernels.KernelFlow.best_stop",
    "losses.Loss",
    "models.Activation",
    "models.softplus",
    "theory.Criterion",
    "theory.LazyTheorem",
    "theory.LazyTheorem.of",
    "theory.criterion",
    "theory.lemma_a1_bound",
    "theory.lipschitz_bound",
    "trainers.Run",
}

#: What takes seconds for each odd but possible value is given such values in the long form only.
SLOW = {
    "experiments.balance",
    "experiments.descend_with_step",
    "experiments.follow_clock",
    "experiments.sweep",
    "experiments.train_and_round",
    "experiments.train_classifier",
    "experiments.train_in_space",
    "experiments.train_on_noise",
    "experiments.train_on_population",
    "theory.compare",
}
LONG = os.environ.get("FUZZ") == "long"


class Frame:
    """As data frames do, it turns into an array when asked."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype)


class Unspeakable:
    """Nothing can be said about it."""

    def __repr__(self):
        raise RuntimeError("no words")


def some(value):
    """The array with one entry replaced."""

    def replaced(good):
        bad = np.array(good, dtype=np.result_type(np.asarray(good), value))
        bad.flat[-1] = value
        return bad

    return replaced


def read_only(good):
    good = np.array(good)
    good.setflags(write=False)
    return good


def ragged(good):
    return [[1.0], [1.0, 2.0]]


NOTHING = {
    "None": lambda good: None,
    "object": lambda good: object(),
    "unspeakable": lambda good: Unspeakable(),
    "ellipsis": lambda good: ...,
    "class": lambda good: int,
    "bytes": lambda good: b"3",
    "dictionary": lambda good: {"a": 1},
    "generator": lambda good: (i for i in [1.0]),
}
NO_NUMBER = NOTHING | {
    "str": lambda good: "3",
    "complex": lambda good: np.asarray(good) * (1 + 0j),
    "NaN": some(np.nan),
    "infinity": some(np.inf),
    "masked": lambda good: np.ma.masked_array(good, mask=True),
    "list of masked": lambda good: [np.ma.masked_array(good)],
    "object array": lambda good: np.asarray(good, dtype=object),
    "str array": lambda good: np.asarray(good).astype(str),
    "bool": lambda good: np.asarray(good) > 0,
    "date": lambda good: np.datetime64("2018-12-19"),
    "ragged": ragged,
    "decimal": lambda good: Decimal(3),
    "fraction": lambda good: Fraction(1, 3),
}
EXTREMES = {f"times {factor:g}": factor for factor in (1e160, 1e300, 1e-300, 1e-160, -1.0, 0.0)}


def times(factor):
    def extreme(good):
        with np.errstate(over="ignore"):
            return np.clip(np.asarray(good) * factor, -1.7e308, 1.7e308)

    return extreme


EXTREME = {name: times(factor) for name, factor in EXTREMES.items()}

#: What is tried, by the kind of argument: what must be refused, what may be refused or computed to
#: a finite result, and what must be taken.
TABLE = {
    "array": (
        NO_NUMBER,
        EXTREME
        | {
            "empty": lambda good: np.empty((0, *np.shape(good)[1:])),
            "no entry": lambda good: np.empty(0),
            "0-d": lambda good: np.float64(1.5),
            "shorter": lambda good: np.asarray(good)[..., :-1],
            "one": lambda good: np.asarray(good)[..., :1],
            "first": lambda good: np.asarray(good)[0],
            "column": lambda good: np.asarray(good)[..., None],
            "batch": lambda good: np.asarray(good)[None],
            "whole numbers": lambda good: np.ceil(good).astype(int),
            "uint8": lambda good: np.ceil(np.abs(good)).astype(np.uint8),
            "half": lambda good: np.asarray(good).astype(np.float16),
        },
        {
            "float32": lambda good: np.asarray(good).astype(np.float32),
            "read-only": read_only,
            "Fortran": np.asfortranarray,
            "strided": lambda good: np.repeat(good, 2, axis=0)[::2],
            "list": lambda good: np.asarray(good).tolist(),
            "data frame": Frame,
        },
    ),
    "number": (
        NO_NUMBER,
        EXTREME | {"list": lambda good: [good, good], "no entry": lambda good: []},
        {
            "float32": np.float32,
            "0-d": lambda good: np.array(float(good)),
        },
    ),
    "integer": (
        NO_NUMBER | {"half": lambda good: 2.5, "float": float, "pair": lambda good: [good, good]},
        {
            "negative": lambda good: -1,
            "0": lambda good: 0,
            "huge": lambda good: 10**30,
        },
        {name: getattr(np, name) for name in ("uint8", "int16", "int64", "uint64")}
        | {"0-d": lambda good: np.array(good)},
    ),
    "flag": (
        NOTHING | {"1": lambda good: 1, "yes": lambda good: "yes", "0.0": lambda good: 0.0},
        {},
        {"np.bool": np.bool_},
    ),
    "word": (
        NOTHING
        | {"another": lambda good: "nonsense", "3": lambda good: 3, "list": lambda good: [good]},
        {},
        {"np.str": np.str_},
    ),
    "rng": (
        NOTHING
        | {
            "seed": lambda good: 0,
            "legacy": lambda good: np.random.RandomState(0),
            "module": lambda good: np.random,
            "bits": lambda good: good.bit_generator,
        },
        {},
        {"another": lambda good: np.random.Generator(np.random.MT19937(0))},
    ),
    "function": (NOTHING | {"str": lambda good: "sin", "3": lambda good: 3}, {}, {}),
    "thing": (NOTHING | {"str": lambda good: "x", "3": lambda good: 3, "itself": type}, {}, {}),
    "any": ({}, NOTHING | NO_NUMBER, {}),
}
# a class is a function too, and a dictionary's word is in no list of words
TABLE["function"][0].pop("class")


def without(kind, *names):
    """The row of a kind, less what must be refused there but not here."""
    refused, possible, taken = TABLE[kind]
    return {name: make for name, make in refused.items() if name not in names}, possible, taken


TABLE |= {
    "any word": without("word", "another"),
    "time": without("array", "infinity"),
    "any loss": without("array", "infinity", "NaN"),
    "loss": without("array", "infinity", "NaN", "None"),
    "bound": without("number", "infinity"),
    "sizes": without("integer", "pair"),
    "frame": without("integer", "None"),
    "path": (NOTHING | {"3": lambda good: 3}, {}, {"str": str}),
    "status": (NOTHING, {}, {}),
}

#: Arguments whose kind their good value does not tell.
KINDS = {
    "experiments.load(path)": "path",
    "experiments.run(folder)": "path",
    "experiments.stored(name)": "any word",
    "kernels.KernelFlow.coefficients(times)": "time",
    "kernels.KernelFlow.predict(times)": "time",
    "losses.Loss(name)": "any word",
    "losses.Loss.check_labels(name)": "any word",
    "models.Activation(max_curvature)": "bound",
    "models.Activation(max_slope)": "bound",
    "models.Activation(name)": "any word",
    "models.TwoLayer.init(batch)": "sizes",
    "theory.Criterion(extent)": "bound",
    "theory.LazyTheorem(lipschitz)": "bound",
    "trainers.Run(status)": "status",
    "trainers.Run(train_loss)": "any loss",
    "trainers.Run(test_loss)": "loss",
    "trainers.sgd(teacher)": "function",
    "trainers.status(before)": "any loss",
    "trainers.status(loss)": "any loss",
    "trainers.status(lost)": "flag",
    "trainers.status(start)": "any loss",
    "trainers.status(zero_loss)": "any loss",
    "widgets.explore_sgd(frame)": "frame",
}


def kind(name, argument, value):
    """The row of `TABLE` for an argument."""
    types = {bool: "flag", int: "integer", float: "number", str: "word", np.ndarray: "array"}
    types |= {np.random.Generator: "rng"}
    function = "function" if callable(value) and not isinstance(value, lz.Teacher) else "thing"
    return KINDS.get(f"{name}({argument})") or types.get(type(value), function)


RNG, NET = np.random.default_rng, lz.TwoLayer(2, 4, activation="tanh")
TEACHER = lz.teacher(RNG(0), 2)
DATASET = lz.Dataset.from_teacher(RNG(1), TEACHER, 3, 2)
X, Y, W0 = np.array(DATASET.x), np.array(DATASET.y), NET.init(RNG(2))
W = W0 + 0.1 * RNG(3).standard_normal(W0.shape)
A, B = (np.array(v) for v in NET.unpack(W))
RELU, POPULATION = lz.TwoLayer(2, 4), theory.Population(TEACHER)
CENTERED = lz.Centered(NET, W0)
FLOW = lz.KernelFlow(lz.arc_cosine(X), Y)
THEOREM = theory.LazyTheorem.of(NET, W0, DATASET)
SHORT = {"frames": 3, "accuracy": 1e-4, "periods": 0.5}
COMPARISON = theory.compare(CENTERED, W0, DATASET, np.array([8.0, 16.0, 32.0]), **SHORT)
RUN = trainers.gradient_descent(RELU, DATASET, W0, n_steps=3)
RESULTS = experiments.stored("underparameterized")
METRICS = np.stack([np.eye(3), 2 * np.eye(3)])


def fields(instance, *names):
    return {f.name: getattr(instance, f.name) for f in dataclasses.fields(instance)}


def run_one(experiments, **options):
    """Run an experiment whose cells are all there."""
    return lz.experiments.run(experiments, **options)


def calls():
    """Return a good call, a function with its arguments, of everything that is public, by name."""
    path = [(0.0, W0, W), (1.0, W, W0)]
    plane = {"tau": 0.3, "alpha": 1.0, "m": 4, "n": 3, "doubling": True, "twin": False}
    flow = {"model": NET, "data": DATASET, "w0": W0, "t_max": 1.0, "alpha": 2.0, "accuracy": 0.1}
    flow |= {"record": 3, "tolerance": 1e-3, "max_steps": 5}
    descent = {"model": NET, "data": DATASET, "w0": W0, "step": 0.1, "n_steps": 5, "alpha": 2.0}
    descent |= {"record": 3, "tolerance": 1e-3}
    models = {
        f"models.Model.{name}": (getattr(NET, name), {"w": W, "x": X} | more)
        for name, more in (("predict", {}), ("jacobian", {}), ("vjp", {}), ("jvp", {"v": W0}))
    }
    return models | {
        "data.Dataset": (lz.Dataset, fields(DATASET)),
        "data.Dataset.from_teacher": (
            lz.Dataset.from_teacher,
            {"rng": RNG(0), "teacher": TEACHER, "n": 3, "n_test": 2},
        ),
        "data.Teacher": (lz.Teacher, {"a": A, "b": B}),
        "data.Teacher.__call__": (TEACHER, {"x": X}),
        "data.circle": (lz.circle, {"n": 3}),
        "data.nth_draw": (lz.nth_draw, {"number": 1, "d": 2, "n": 3, "n_test": 2}),
        "data.sphere": (lz.sphere, {"rng": RNG(0), "n": 3, "d": 2}),
        "data.teacher": (lz.teacher, {"rng": RNG(0), "d": 2, "m0": 3}),
        "losses.Loss": (lz.Loss, fields(lz.log_cosh())),
        "losses.Loss.check_labels": (lz.logistic.check_labels, {"y": np.sign(Y), "name": "y"}),
        "losses.Loss.gradient": (lz.log_cosh().gradient, {"g": Y + 1, "y": Y}),
        "losses.Loss.value": (lz.log_cosh().value, {"g": Y + 1, "y": Y}),
        "losses.Loss.zero": (lz.quadratic.zero, {"y": Y}),
        "losses.log_cosh": (lz.log_cosh, {"mu": 0.3}),
        "models.Activation": (lz.Activation, fields(lz.softplus()) | {"degree": 1}),
        "models.Centered": (lz.Centered, {"model": NET, "w0": W0}),
        "models.FirstLayer": (lz.FirstLayer, {"model": NET, "b": B}),
        "models.Model.positions": (NET.positions, {"w": W}),
        "models.Scaled": (lz.Scaled, {"model": NET, "alpha": 2.0}),
        "models.Tangent": (lz.Tangent, {"model": NET, "w0": W0}),
        "models.TwoLayer": (lz.TwoLayer, {"d": 2, "m": 4, "activation": "tanh", "scale": 0.5}),
        "models.TwoLayer.init": (
            NET.init,
            {"rng": RNG(0), "tau": 0.5, "doubling": True, "batch": 2},
        ),
        "models.TwoLayer.pack": (NET.pack, {"a": A, "b": B}),
        "models.TwoLayer.unpack": (NET.unpack, {"w": W}),
        "models.softplus": (lz.softplus, {"sharpness": 2.0}),
        "kernels.KernelFlow": (lz.KernelFlow, {"K": lz.arc_cosine(X), "y": Y, "u0": 0.5}),
        "kernels.KernelFlow.best_stop": (
            FLOW.best_stop,
            {"K_test": lz.arc_cosine(X[:2], X), "y_test": Y[:2], "u0_test": Y[1:]},
        ),
        "kernels.KernelFlow.coefficients": (FLOW.coefficients, {"times": Y**2}),
        "kernels.KernelFlow.predict": (
            FLOW.predict,
            {"times": Y**2, "K_test": lz.arc_cosine(X[:2], X), "u0_test": 0.5},
        ),
        "kernels.arc_cosine": (lz.arc_cosine, {"x": X, "y": X[1:], "order": 1}),
        "kernels.deep_kernels": (lz.deep_kernels, {"x": X, "y": X[1:], "depth": 2, "gain": 2.0}),
        "kernels.limit_kernels": (
            lz.limit_kernels,
            {"x": X, "y": X[1:], "mean_b2": 0.5, "mean_a2": 2.0},
        ),
        "kernels.limit_spectrum": (
            lz.limit_spectrum,
            {"d": 3, "max_degree": 4, "mean_b2": 0.5, "mean_a2": 2.0},
        ),
        "kernels.multiplicities": (lz.multiplicities, {"d": 3, "max_degree": 4}),
        "kernels.random_feature_kernels": (
            lz.random_feature_kernels,
            {"a": A, "b": B, "x": X, "y": X[1:], "activation": "relu"},
        ),
        "kernels.relu_coefficients": (
            lz.relu_coefficients,
            {"d": 3, "max_degree": 4, "order": 1},
        ),
        "kernels.tangent_kernel": (lz.tangent_kernel, {"model": NET, "w": W, "x": X, "y": X[1:]}),
        "kernels.teacher_energy": (lz.teacher_energy, {"teacher": TEACHER, "max_degree": 4}),
        "kernels.unseen_energy": (
            lz.unseen_energy,
            {"teacher": TEACHER, "max_degree": 2, "x": X, "coefficients": Y, "spectrum": Y + 1},
        ),
        "kernels.zonal": (lz.zonal, {"d": 3, "max_degree": 4, "t": Y / 9}),
        "trainers.Run": (trainers.Run, fields(RUN)),
        "trainers.between": (trainers.between, {"states": path, "times": np.array([0.2, 0.7])}),
        "trainers.gradient_descent": (trainers.gradient_descent, descent | {"loss": lz.log_cosh()}),
        "trainers.gradient_flow": (trainers.gradient_flow, flow | {"loss": lz.log_cosh()}),
        "trainers.sgd": (
            trainers.sgd,
            {"model": NET, "teacher": TEACHER, "w0": W0, "rng": RNG(0), "n_steps": 3, "step": 0.1}
            | {"batch_size": 4, "alpha": 2.0, "test": (X, Y), "record": 2, "loss": lz.quadratic},
        ),
        "trainers.status": (
            trainers.status,
            {"loss": Y**2, "before": Y**2 + 1, "zero_loss": Y**2 + 1, "start": Y**2 + 1}
            | {"tolerance": 0.01, "promised": Y**2, "lost": False},
        ),
        "theory.Comparison": (theory.Comparison, fields(COMPARISON)),
        "theory.Comparison.lemma_bounds": (COMPARISON.lemma_bounds, {"i": 1}),
        "theory.Comparison.slopes": (COMPARISON.slopes, {"at_least": 1.0}),
        "theory.Criterion": (
            theory.Criterion,
            {"distance": 1.0, "extent": 2.0, "displacement": 3.0, "bend": 4.0},
        ),
        "theory.LazyTheorem": (theory.LazyTheorem, fields(THEOREM)),
        "theory.LazyTheorem.bound": (THEOREM.bound, {"times": Y**2, "alpha": Y**2 + 1}),
        "theory.LazyTheorem.of": (
            theory.LazyTheorem.of,
            {"model": NET, "w0": W0, "data": DATASET, "loss": lz.log_cosh(), "lipschitz": 1.0},
        ),
        "theory.Population": (theory.Population, {"teacher": TEACHER}),
        "theory.Population.loss": (POPULATION.loss, {"model": RELU, "w": W}),
        "theory.Population.loss_and_gradient": (
            POPULATION.loss_and_gradient,
            {"model": RELU, "w": W},
        ),
        "theory.Population.zero_loss": (POPULATION.zero_loss, {}),
        "theory.compare": (
            theory.compare,
            {"model": CENTERED, "w0": W0, "data": DATASET, "alpha": np.array([10.0])}
            | {"loss": lz.log_cosh()}
            | SHORT,
        ),
        "theory.criterion": (
            theory.criterion,
            {"model": NET, "w0": W0, "data": DATASET, "alpha": 2.0, "lipschitz": 1.0},
        ),
        "theory.displacement": (theory.displacement, {"w": W, "w0": W0}),
        "theory.estimate_lipschitz": (
            theory.estimate_lipschitz,
            {"model": NET, "w0": W0, "x": X, "rng": RNG(0), "starts": 2, "iterations": 5},
        ),
        "theory.feature_angle": (theory.feature_angle, {"model": NET, "w": W, "teacher": TEACHER}),
        "theory.jacobian_change": (
            theory.jacobian_change,
            {"model": NET, "w": W, "w0": W0, "x": X},
        ),
        "theory.kernel_change": (theory.kernel_change, {"model": NET, "w": W, "w0": W0, "x": X}),
        "theory.lemma_3_3_bound": (
            theory.lemma_3_3_bound,
            {"times": Y**2, "start": 1.0, "metrics": METRICS, "loss": lz.quadratic, "lowest": 0.5},
        ),
        "theory.lemma_a1_bound": (
            theory.lemma_a1_bound,
            {"metrics": METRICS, "gradients": X.T, "loss": lz.quadratic},
        ),
        "theory.lipschitz_bound": (
            theory.lipschitz_bound,
            {"model": NET, "w0": W0, "x": X, "radius": 0.5},
        ),
        "theory.neuron_angles": (theory.neuron_angles, {"model": NET, "w": W, "teacher": TEACHER}),
        "theory.power_law": (theory.power_law, {"x": Y**2 + 1, "y": Y**2 + 2}),
        "theory.regime": (theory.regime, {"displacement": 0.5}),
        "theory.sign_flips": (theory.sign_flips, {"model": NET, "w": W, "w0": W0}),
        "theory.tangent_gram": (theory.tangent_gram, {"model": RELU, "w": W}),
        "theory.under_parameterized": (theory.under_parameterized, {"d": 2, "m": 4, "seed": 0}),
        "experiments.balance": (
            experiments.balance,
            {"labels": 1.0, "tau": 0.3, "ratio": 2.0, "draws": 1, "narrow": 4, "wide": 8},
        ),
        "experiments.best_constant": (
            experiments.best_constant,
            {"results": experiments.stored("generalization")},
        ),
        "experiments.curves": (experiments.curves, {"results": RESULTS}),
        "experiments.data_folder": (experiments.data_folder, {}),
        "experiments.descend_with_step": (
            experiments.descend_with_step,
            {"factor": 1.0, "seed": 0, "activation": "tanh", "m": 4, "n_steps": 2},
        ),
        "experiments.draw_realizations": (
            experiments.draw_realizations,
            {"m": 3, "seed": 0, "draws": 2},
        ),
        "experiments.figure_2": (experiments.figure_2, {}),
        "experiments.follow_clock": (
            experiments.follow_clock,
            {"m": 2, "seed": 0, "alpha": np.array([2.0]), "last": 0.1, "d": 2},
        ),
        "experiments.foresee": (
            experiments.foresee,
            {"activation": "tanh", "tau": 0.3, "alpha": 2.0, "m": 4, "doubling": True}
            | {"seed": 0, "train": False},
        ),
        "experiments.keep_bits": (experiments.keep_bits, {"w": W0, "bits": 8}),
        "experiments.load": (experiments.load, {"path": DATA / "width.jsonl"}),
        "experiments.mean_and_error": (experiments.mean_and_error, {"values": X, "axis": 0}),
        "experiments.plane_setting": (
            experiments.plane_setting,
            {"n": 3, "n_test": 2, "teacher": 25},
        ),
        "experiments.plane_weights": (
            experiments.plane_weights,
            {"net": NET, "tau": 0.5, "doubling": True, "weights": 2},
        ),
        "experiments.run": (
            run_one,
            {"experiments": experiments.WIDTH, "folder": DATA, "scale": "full", "n_jobs": 1},
        ),
        "experiments.smooth_network": (
            experiments.smooth_network,
            {"n": 3, "start": "doubling", "layers": "first", "seed": 0}
            | {"activation": "tanh", "m": 4, "d": 2},
        ),
        "experiments.space_setting": (
            experiments.space_setting,
            {"draw": 2, "d": 3, "m": 4, "n": 5, "n_test": 6},
        ),
        "experiments.still_falling": (experiments.still_falling, {"results": RESULTS}),
        "experiments.stored": (experiments.stored, {"name": "width"}),
        "experiments.sweep": (
            experiments.sweep,
            {"n": 3, "start": "doubling", "layers": "first", "loss": "quadratic", "seed": 0},
        ),
        "experiments.tangent_minimum": (
            experiments.tangent_minimum,
            {"population": POPULATION, "model": RELU, "w0": W0},
        ),
        "experiments.train_and_round": (experiments.train_and_round, {"tau": 1.0, "seed": 0}),
        "experiments.train_by_sgd": (
            experiments.train_by_sgd,
            {"algorithms": (experiments.sgd_on_f, experiments.sgd_on_tangent), "alpha": 0.2}
            | {"tau": 0.3, "step": 0.3, "doubling": True, "smooth": False, "seed": 0},
        ),
        "experiments.train_classifier": (
            experiments.train_classifier,
            {"alpha": 10.0, "seed": 0, "decades": 4},
        ),
        "experiments.train_four": (
            experiments.train_four,
            {
                "tau": 1.0,
                "alpha": 2.0,
                "m": 4,
                "n": 3,
                "seed": 2,
                "labels": "cos 3 theta",
                "biases": True,
            },
        ),
        "experiments.train_in_plane": (
            experiments.train_in_plane,
            plane | {"weights": 2, "teacher": 25},
        ),
        "experiments.train_in_space": (experiments.train_in_space, {"tau": 0.1, "draw": 2}),
        "experiments.train_on_noise": (
            experiments.train_on_noise,
            {"noise": 1.0, "tau": 1.0, "seed": 0},
        ),
        "experiments.train_on_population": (
            experiments.train_on_population,
            {"tau": 0.2, "steps": 20, "batch_size": 5, "draw": 2},
        ),
        "experiments.train_on_surface": (experiments.train_on_surface, {"alpha": 2.0}),
        "installation.check_installation": (check_installation, {}),
    }


def panels():
    """Return calls of the panels with all arguments that have a value by default."""
    stored = {
        "explore_generalization": "generalization",
        "explore_population": "underparameterized",
    }
    found = {}
    for name in sorted({*widgets.__all__} - {each.removeprefix("widgets.") for each in WITHOUT}):
        function = getattr(widgets, name)
        given = {k: p.default for k, p in inspect.signature(function).parameters.items()}
        given = {
            k: v for k, v in given.items() if v is not None and v is not inspect.Parameter.empty
        }
        if name in stored:
            given["results"] = experiments.stored(stored[name])
        found[f"widgets.{name}"] = (function, given)
    return found


CALLS = calls() | panels()


def public():
    """Names of all public functions and classes of the rooms, and of the methods of the latter."""
    for room in ROOMS:
        module = importlib.import_module(f"lazylib.{room}")
        for name in getattr(module, "__all__", ["check_installation"]):
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isfunction(thing):
                yield f"{room}.{name}"
            for method, function in vars(thing).items() if inspect.isclass(thing) else ():
                function = getattr(function, "__func__", function)
                if inspect.isfunction(function) and (method[0] != "_" or method == "__call__"):
                    yield f"{room}.{name}.{method}"


def numbers(result):
    """Yield all arrays of numbers in a result, and in what it computes when asked."""
    if isinstance(result, (np.ndarray, np.number, float, complex)):
        yield np.asarray(result)
    elif isinstance(result, (tuple, list)):
        for value in result:
            yield from numbers(value)
    elif isinstance(result, dict):
        yield from numbers([*result.values()])
    elif dataclasses.is_dataclass(result) and not isinstance(result, (lz.Model, lz.Activation)):
        asked = [k for k, v in vars(type(result)).items() if k[0] != "_" and isinstance(v, ASKED)]
        names = [field.name for field in dataclasses.fields(result)]
        yield from numbers([getattr(result, name) for name in names + asked])


ASKED = (property, functools.cached_property)


def fault(name, arguments, bad, must):
    """Call; return what is wrong with how it ended, or None.

    ``bad`` names the argument that is, and ``must`` says what becomes of it: "refused", "taken", or
    "either", which may have to do with the other arguments.
    """
    arrays = {k: (v, v.copy()) for k, v in arguments.items() if isinstance(v, np.ndarray)}
    try:
        result = CALLS[name][0](**arguments)
        found = [each for each in numbers(result) if each.dtype.kind in "fc"]
    except (ValueError, TypeError) as error:
        said = str(error)
        names = [*arguments, "beyond the range"] if must == "either" else [bad]
        named = any(re.search(rf"(?<!\w){each}(?!\w)", said) for each in names)
        return f"{type(error).__name__}: {said}" if must == "taken" or not named else None
    except Exception as error:  # warnings, too
        return f"{type(error).__name__}: {error}"
    if must == "refused":
        return "was taken"
    limit = np.isnan if name in INFINITE else lambda each: ~np.isfinite(each)
    if any(each.dtype.kind == "c" or limit(each).any() for each in found):
        return "gave NaN, infinity or complex numbers"
    changed = [k for k, (v, before) in arrays.items() if v.tobytes() != before.tobytes()]
    return f"changed {changed}" if changed else None


def tried(name):
    """Yield (argument, what, value, must) for all that is tried in place of one argument."""
    function, good = CALLS[name]
    signature = inspect.signature(function).parameters
    for argument, value in good.items():
        row = dict(
            zip(("refused", "either", "taken"), TABLE[kind(name, argument, value)], strict=True)
        )
        for must, ways in row.items():
            if must != "refused" and (name in SLOW or "widgets" in name) and not LONG:
                continue
            for what, make in ways.items():
                optional = argument in signature and signature[argument].default is None
                if not (what == "None" and optional):
                    yield argument, what, make(value), must


def test_everything_public_has_a_good_call():
    assert sorted({*CALLS, *WITHOUT}) == sorted({*public()})


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_is_refused_by_its_name_and_an_odd_one_gives_finite_numbers(name):
    good = CALLS[name][1]
    wrong = {"": fault(name, copy.deepcopy(good), "", "taken")}
    for argument, what, value, must in tried(name):
        arguments = copy.deepcopy(good) | {argument: value}
        wrong[f"{argument}, {what}, {must}"] = fault(name, arguments, argument, must)
    assert {call: said for call, said in wrong.items() if said} == {}


@pytest.mark.skipif(not LONG, reason="FUZZ=long is not in the environment")
@pytest.mark.parametrize("name", CALLS)
def test_a_bad_argument_beside_an_odd_one_is_refused_by_name(name):
    good, wrong = CALLS[name][1], {}
    one = f"({'|'.join(good)})"
    refused = [each for each in tried(name) if each[-1] == "refused"]
    odd = [each for each in tried(name) if each[-1] == "either"]
    for (first, what, value, _), (second, other, beside, _) in itertools.product(refused, odd):
        if first != second:
            arguments = copy.deepcopy(good) | {first: value, second: beside}
            case = f"{first}, {what}, beside {second}, {other}"
            wrong[case] = fault(name, arguments, one, "refused")
    assert {call: said for call, said in wrong.items() if said} == {}
