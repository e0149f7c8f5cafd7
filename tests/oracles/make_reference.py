"""Make the reference values of this folder with neural-tangents; README.md says how to run it."""

import sys
import types
from pathlib import Path

# it asks for tf2jax, and is not needed for what is computed here
sys.modules["neural_tangents.experimental"] = types.ModuleType("experimental")

import jax  # noqa: E402
import neural_tangents as nt  # noqa: E402
import numpy as np  # noqa: E402
from neural_tangents import stax  # noqa: E402

jax.config.update("jax_enable_x64", True)

HERE = Path(__file__).parent
RNG = np.random.default_rng(20181219)


def save(name, array, what):
    """Write an array, of any shape, as text with all its digits."""
    rows = np.asarray(array).reshape(-1, np.shape(array)[-1])
    shape = " ".join(map(str, np.shape(array)))
    np.savetxt(HERE / f"{name}.txt", rows, fmt="%.17g", header=f"{what}\n{shape}", encoding="utf-8")


def kernels(x, depth):
    """The covariance at initialisation (nngp) and the tangent kernel of a deep ReLU network."""
    layers = [stax.Dense(512), stax.Relu()] * depth + [stax.Dense(1)]
    result = stax.serial(*layers)[2](x, None, get=("nngp", "ntk"))
    # there the first layer is divided by √d; here it is not
    return x.shape[-1] * np.stack([result.nngp, result.ntk])


def empirical(a, b, x):
    """The tangent kernel of (1/√m) Σⱼ bⱼ σ(aⱼ·x) by automatic differentiation."""

    def network(parameters, x):
        a, b = parameters
        return (b @ jax.nn.relu(a @ x.T) / np.sqrt(len(b)))[:, None]

    return nt.empirical_ntk_fn(network, trace_axes=(-1,))(x, None, (a, b))


def main():
    """Draw inputs, weights and labels, and store them with what neural-tangents makes of them."""
    x = RNG.standard_normal((12, 5))
    save("x", x, "12 inputs in dimension 5; the last 4 serve as test points")
    deep = np.stack([kernels(x, depth) for depth in (1, 2, 3, 5)])
    save("deep", deep, "nngp and ntk of ReLU networks with 1, 2, 3 and 5 hidden layers, on x")

    a, b = RNG.standard_normal((7, 5)), RNG.standard_normal(7)
    save("weights", np.column_stack([a, b]), "7 neurons: input weights a, and output weight b")
    save("empirical", empirical(a, b, x), "tangent kernel of these neurons, on x")

    y, u0 = RNG.standard_normal((2, 12))
    train, test = slice(0, 8), slice(8, 12)
    times = np.array([0.0, 0.01, 0.3, 2.0, 17.0, 150.0, 4000.0])
    K = deep[0, 1]
    flow = nt.predict.gradient_descent_mse(K[train, train], y[train, None])
    paths = [flow(t, u0[train, None], u0[test, None], K[test, train]) for t in times]
    paths.append(flow(None, u0[train, None], u0[test, None], K[test, train]))
    u = np.stack([np.concatenate([now, test_now])[:, 0] for now, test_now in paths])
    save("labels", np.stack([y, u0]), "labels, and predictions at t = 0, of the 12 inputs")
    save("times", times[None], "times of the flow; its last frame is t = infinity")
    save("flow", u, "predictions on the 8 training and 4 test inputs along the flow, by time")


if __name__ == "__main__":
    main()
