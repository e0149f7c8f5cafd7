"""Draw the README's moving picture: the same network, active on the left and lazy on the right."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image

from lazylib import plots
from lazylib.experiments import train_in_plane

TARGET = Path(__file__).resolve().parents[1] / "notebooks" / "images" / "two-regimes.gif"
TAUS, FRAMES = (0.1, 2.0), np.unique(np.linspace(0, 99, 34).astype(int))


def main():
    """Train both networks and write the picture."""
    results = [train_in_plane(tau) for tau in TAUS]
    plt.rcParams.update(plots.STYLE)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 4.9), dpi=85)
    titles = "small initial weights (τ = 0.1): active", "large initial weights (τ = 2): lazy"
    artists = [plots.neuron_artists(ax, title) for ax, title in zip(axes, titles, strict=True)]
    figure.tight_layout()
    pictures = []
    for frame in FRAMES:
        for ax, each, result in zip(axes, artists, results, strict=True):
            paths = result.net.positions(result.run.w)
            b = result.net.unpack(result.run.w[frame])[1]
            limit = plots.plane_limit(paths)
            plots.set_neurons(ax, each, paths[: frame + 1], b, result.teacher, limit)
        figure.canvas.draw()
        picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
        pictures.append(picture.quantize(32, dither=Image.Dither.NONE))
    times = [80] * (len(pictures) - 1) + [3000]
    TARGET.parent.mkdir(exist_ok=True)
    pictures[0].save(
        TARGET, save_all=True, append_images=pictures[1:], duration=times, loop=0, optimize=True
    )


if __name__ == "__main__":
    main()
