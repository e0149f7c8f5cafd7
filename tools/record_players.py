"""Record the panels' runs for the static site: what each of its players can show.

A player moves along axes: an axis is a slider or a choice, and each of its positions is a part of
the panel's state. All combinations are recorded, one small file each, loaded when it is looked at.
"""

import base64
import itertools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from joblib import Parallel, delayed

from lazylib import widgets
from lazylib.experiments import stored


@dataclass(frozen=True)
class Axis:
    """A slider (or choice) of a player: for each position its text, and the state it stands for."""

    name: str
    label: str
    states: dict
    start: str
    kind: str = "slider"


def slider(name, label, values, start):
    """An axis along one control of the panel."""
    return Axis(name, label, {f"{value:g}": {name: value} for value in values}, f"{start:g}")


TWENTY = [1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.2, 2.5, 2.8, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8, 9]
SIX, FOUR = [1, 1.5, 2, 3, 5, 7], [1, 2, 3, 5]


def decades(low, high, steps):
    """Values from low to high, ``steps`` in each decade, as people write them."""
    values = (float(f"{step}e{power}") for power in range(-3, 4) for step in steps)
    return [value for value in values if low <= value <= high]


DRAWS = {"first": {"weights": 2, "teacher": 25}, "second": {"weights": 0, "teacher": 0}}
SIZES = {
    "20 neurons, 15 points": {"m": 20, "n": 15},
    "200 neurons, 200 points": {"m": 200, "n": 200},
}
LABELS = {
    "teacher": {"labels": "teacher", "n": 8, "biases": False},
    "cos 3θ, 40 points": {"labels": "cos 3 theta", "n": 40, "biases": False},
    "cos 3θ, 40 points, biases": {"labels": "cos 3 theta", "n": 40, "biases": True},
}
DOUBLING = {"on": {"doubling": True}, "off": {"doubling": False}}

#: For each panel, the axes of its player.
PLAYERS = {
    "explore_neurons": [
        slider("tau", "τ", decades(0.01, 10, TWENTY), 0.1),
        Axis("size", "size", SIZES, "20 neurons, 15 points", "choice"),
        Axis("draw", "draw", DRAWS, "first", "choice"),
    ],
    "explore_surface": [slider("alpha", "α", decades(0.3, 100, SIX), 2)],
    "explore_sgd": [
        slider("alpha", "α", decades(0.1, 100, SIX), 10),
        Axis("doubling", "doubling trick", DOUBLING, "on", "choice"),
    ],
    "explore_kernels": [slider("m", "width m", [1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000], 50)],
    "explore_predictors": [
        slider("t", "time t", decades(0.01, 1000, FOUR), 10),
        Axis("tau", "τ", {f"{tau}": {"tau": tau} for tau in (0.1, 0.3, 1.0)}, "1.0", "choice"),
        Axis("labels", "labels", LABELS, "teacher", "choice"),
    ],
    "explore_theorem": [slider("alpha", "α", decades(1, 1000, SIX), 10)],
    "explore_criterion": [slider("tau", "τ", decades(0.01, 10, SIX), 0.3)],
    "explore_balance": [slider("labels", "label scale", decades(0.1, 10, SIX), 1)],
    "explore_generalization": [slider("tau", "τ", decades(0.01, 10, FOUR), 0.1)],
    "explore_population": [
        slider("tau", "τ", [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.5, 0.7, 1, 2, 4, 8], 0.2)
    ],
    "explore_clock": [
        slider("seed", "draw no.", range(10), 3),
        Axis("clock", "clock", {c: {"clock": c} for c in ("t", "t/alpha^2")}, "t", "choice"),
    ],
    "explore_time": [
        slider("decades", "decades of t", range(1, 11), 6),
        Axis("alpha", "α", {f"{a}": {"alpha": a} for a in (5, 10, 20)}, "10", "choice"),
    ],
    "explore_steps": [slider("factor", "step · λ_max", [k / 4 for k in range(4, 25)], 2.5)],
    "explore_bits": [slider("tau", "τ", decades(0.03, 100, FOUR), 1)],
    "explore_noise": [slider("noise", "noise", [k / 4 for k in range(13)], 1)],
}

#: The stored results that a panel shows its runs against.
STORED = {"explore_generalization": "generalization", "explore_population": "underparameterized"}


def state_of(name, query):
    """Return the state of a panel that an address such as ``tau=0.1&frame=99`` stands for.

    Raises
    ------
    ValueError
        If the player has no such position: an address of ours names recorded views only.
    """
    asked, state = dict(parse_qsl(query)), {}
    frame = asked.pop("frame", None)
    for axis in PLAYERS[name]:
        if (text := asked.pop(axis.name, axis.start)) not in axis.states:
            raise ValueError(f"{name} has no {axis.name} = {text!r}; it has {list(axis.states)}")
        state |= axis.states[text]
    if frame is not None:
        state["frame"] = int(frame)
    if asked:
        raise ValueError(f"{name} has no {sorted(asked)}")
    return state


def guide():
    """Return the guide's views: notebook, panel, query of the address, words of the panel."""
    page = Path(__file__).parents[1] / "site" / "guide" / "notebooks.md"
    view = r"\{view\} (\S+) (\S+) (\S+)\n:says: (.+)\n"
    return re.findall(view, page.read_text(encoding="utf-8"))


def written(data):
    """Return what a picture's data are in a file: bytes as base64."""
    text = {k: base64.b64encode(v).decode() for k, v in data.items() if isinstance(v, bytes)}
    return data | text


def positions(name, thin):
    """Return, by key, the states of all combinations of the positions of a player's axes.

    With ``thin`` > 1 only every so many of a slider's are taken, the first view's and the guide's.
    """
    axes, kept = PLAYERS[name], []
    named = {pair for _, panel, query, _ in guide() if panel == name for pair in parse_qsl(query)}
    named |= {(axis.name, axis.start) for axis in axes}
    for axis in axes:
        step = thin if axis.kind == "slider" else 1
        each = enumerate(axis.states.items())
        kept.append([(i, s) for i, (t, s) in each if i % step == 0 or (axis.name, t) in named])
    return {
        "-".join(str(i) for i, _ in each): {k: v for _, part in each for k, v in part.items()}
        for each in itertools.product(*kept)
    }


def record_views(name, states, folder):
    """Record views of one panel into a folder, a file each; return the panel's other controls."""
    results = [stored(STORED[name])] if name in STORED else []
    panel = getattr(widgets, name)(*results)
    for key, state in states.items():
        panel.state = state
        view = written(panel.picture.data()) | {"n_frames": panel.picture.n_frames}
        save(folder / f"{key}.js", f"{name}/{key}", view)
    spec = panel.controls.spec
    panel.close()
    return [each["label"] for each in spec if each["name"] not in states[key]]


def record(folder, thin=1):
    """Record all players, on all cores; see `positions` for ``thin``."""
    jobs, views = [], {}
    for name in PLAYERS:
        (folder / name).mkdir(parents=True)
        views[name] = positions(name, thin)
        parts = list(views[name].items())
        jobs += [(name, dict(parts[i : i + 8]), folder / name) for i in range(0, len(parts), 8)]
    others = Parallel(n_jobs=-1)(delayed(record_views)(*job) for job in jobs)
    needs = {name: labels for (name, _, _), labels in zip(jobs, others, strict=True)}
    for name, axes in PLAYERS.items():
        controls = [
            {"name": axis.name, "label": axis.label, "kind": axis.kind, "values": list(axis.states)}
            | {"start": list(axis.states).index(axis.start)}
            for axis in axes
        ]
        manifest = {"controls": controls, "views": list(views[name]), "others": needs[name]}
        save(folder / name / "manifest.js", f"{name}/manifest", manifest)


def save(path, name, contents):
    """Write a script that hands its contents to players.js."""
    words = json.dumps(contents, ensure_ascii=False, separators=(",", ":"))
    path.write_text(f"lazylibRecorded({json.dumps(name)}, {words});\n", encoding="utf-8")
