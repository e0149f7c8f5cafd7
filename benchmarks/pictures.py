"""What a picture of a panel costs: time to record, bytes, the kernel's memory, frames a second.

Notebook 01's panel (d = 2, n = 15, m = 20) with its 100 frames, without a notebook around it.
"""

import gc
import sys
from pathlib import Path

from measure import in_turns, pin, ratio, table

sys.path[:0] = [
    str(Path(__file__).resolve().parents[1]),
    str(Path(__file__).resolve().parents[1] / "tests"),
]

import numpy as np  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402
from painting import mounted  # noqa: E402

from lazylib.experiments.plane import FRAMES, train_in_plane  # noqa: E402
from lazylib.plots.plane import describe_plane, fill_plane, plane_panels  # noqa: E402
from lazylib.widgets import explore_neurons  # noqa: E402
from lazylib.widgets.picture import Picture, drawing  # noqa: E402
from tools.lab import find_chromium, headless_browser  # noqa: E402

# Plays at the screen's rate for three seconds, and notes when a frame was painted.
PLAY = """async () => {
    const moments = [], begun = performance.now();
    addEventListener("lazylib-painted", () => moments.push(performance.now()));
    document.querySelector(".lazylib-play").click();
    while (performance.now() < begun + 3000) await new Promise(requestAnimationFrame);
    return moments;
}"""


def plane():
    """Return the picture and a function that fills its frames with a run."""
    with drawing():
        figure = Figure(figsize=(13.5, 5.0))
        axes, artists = plane_panels(figure)
        for each in (artist for panel in artists for artist in panel.values()):
            each.set_animated(True)
    run = train_in_plane(0.1)

    def fill(k):
        fill_plane(axes, artists, run, k)
        return describe_plane(run, k)

    return Picture(figure, label="neurons in the plane"), fill


def resident():
    """Return the memory of this process in MB, or NaN where the system does not tell."""
    gc.collect()
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
    except OSError:
        return float("nan")


def memory(picture, fill):
    """Return how many MB 1,000 moves take, and 100 panels that were closed."""
    before = resident()
    for _ in range(1000):
        picture.record(fill, 1, first=0)
    moves, before = resident() - before, resident()
    for _ in range(100):
        explore_neurons(m=2, n=2).close()
    return moves, resident() - before


def playing(data):
    """Return frames a second and the longest time between two, in ms, in a page of its own."""
    chromium = find_chromium()
    if chromium is None:
        return None
    with headless_browser(chromium) as browser:
        page = mounted(browser, data | {"speed": 4.0, "loop": True}, width=1350)
        gaps = np.diff(page.evaluate(PLAY))
        return 1000 / gaps.mean(), np.percentile(gaps, 99)


def main():
    """Print the costs beside what is wanted."""
    pin()
    picture, fill = plane()
    picture.record(fill, FRAMES)
    sent = len(picture._still), len(picture._view), len(picture._frames)
    png = len(picture.png())
    contestants = {
        "words and values alone": lambda: [fill(k) for k in range(FRAMES)],
        "recorded and encoded": lambda: picture.record(fill, FRAMES),
        "as PNG by Agg": lambda: [picture.png() for _ in range(10)],
    }
    times = in_turns(contestants, 5)
    milliseconds = {
        name: 1e3 * np.median(each) / (10 if "PNG" in name else FRAMES)
        for name, each in times.items()
    }
    print("a frame of notebook 01's panel, CPU time")
    table([(name, f"{each:.2f} ms") for name, each in milliseconds.items()])
    faster = ratio([10 * each for each in times["as PNG by Agg"]], times["recorded and encoded"])
    print(f"  PNG / recorded: {faster}")
    print(
        f"bytes: {sum(sent):,} for a move with {FRAMES} frames (wanted: 150,000); one PNG: {png:,}"
    )
    print("  {:,} what stands still, {:,} the frame in view, {:,} all frames".format(*sent))
    moves, closed = memory(picture, fill)
    print(f"memory: {moves:+.1f} MB after 1,000 moves (wanted: 5)", end="")
    print(f", {closed:+.1f} MB after 100 panels were closed (wanted: 10)")
    picture.record(fill, FRAMES)
    if (played := playing(picture.data())) is not None:
        print("playing: {:.0f} frames a second, 99 % of them within {:.0f} ms".format(*played))


if __name__ == "__main__":
    main()
