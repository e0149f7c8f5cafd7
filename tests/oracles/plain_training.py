"""Make plain_training.json: cells of the experiments, by the plainest loops. README.md says how."""

import json
from pathlib import Path

import numpy as np

from lazylib.data import nth_draw

D, N, BATCH = 100, 1000, 200


def start(rng, m, tau):
    """Initial weights with the doubling trick: a of shape (m, d) and b of shape (m,)."""
    half = tau * rng.standard_normal((m // 2, D + 1))
    a, b = half[:, :D], half[:, D]
    return np.concatenate([a, a]), np.concatenate([b, -b])


def predict(a, b, x):
    return np.maximum(x @ a.T, 0) @ b


def step(a, b, alpha, x, y, size):
    """One step of gradient descent on (1/α²) (1/2n) Σ (α f(x) − y)²."""
    z = x @ a.T
    residual = (alpha * np.maximum(z, 0) @ b - y) / (alpha * len(y))
    grad_b = np.maximum(z, 0).T @ residual
    grad_a = ((z > 0) * residual[:, None] * b).T @ x
    return a - size * grad_a, b - size * grad_b


def error(prediction, y):
    """Mean square error relative to that of the zero predictor."""
    return float(np.mean((prediction - y) ** 2) / np.mean(y**2))


def generalization(tau):
    """Figure 1(c) by the authors' protocol: 10,000 steps of min(10, 0.1/τ²)."""
    _, data, rng = nth_draw(0, D, N, 1000)
    a, b = start(rng, 50, tau)
    errors = []
    for _ in range(10_000):
        a, b = step(a, b, 1.0, data.x, data.y, min(10, 0.1 / tau**2))
        errors.append(error(predict(a, b, data.x_test), data.y_test))
    return {"tau": tau, "best": min(errors), "end": errors[-1]}


def width(scaling, m):
    """Figure 6(a) by the authors' protocol: 25,000 steps of 5/m or 100/m; a large test set."""
    target, data, rng = nth_draw(0, D, N)
    alpha, size = {"1/m": (1 / m, 5 / m), "1/√m": (m**-0.5, 100 / m)}[scaling]
    a, b = start(rng, m, 0.1)
    for _ in range(25_000):
        a, b = step(a, b, alpha, data.x, data.y, size)
    x = np.random.default_rng(99).standard_normal((200_000, D))
    x /= np.linalg.norm(x, axis=1)[:, None]
    return {"scaling": scaling, "m": m, "end": error(alpha * predict(a, b, x), target(x))}


def underparameterized(tau):
    """Figure 6(b): 4,000 steps of 0.025/τ² with fresh samples; errors on a large sample."""
    target, _, rng = nth_draw(0, D)
    a, b = start(rng.spawn(3)[0], 50, tau)
    rng = np.random.default_rng(99)
    large = rng.standard_normal((100_000, D))
    large /= np.linalg.norm(large, axis=1)[:, None]
    t, errors = [], []
    for number in range(4001):
        if number % 250 == 0:
            t.append(number * 0.025 / tau**2)
            errors.append(error(predict(a, b, large), target(large)))
        x = rng.standard_normal((BATCH, D))
        x /= np.linalg.norm(x, axis=1)[:, None]
        a, b = step(a, b, 1.0, x, target(x), 0.025 / tau**2)
    return {"tau": tau, "t": t, "errors": errors}


if __name__ == "__main__":
    reference = {
        "generalization": [generalization(tau) for tau in (0.1, 1.0)],
        "width": [width("1/m", 8), width("1/m", 32), width("1/√m", 32)],
        "underparameterized": [underparameterized(tau) for tau in (0.1259, 0.2512, 1.0)],
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(reference, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
