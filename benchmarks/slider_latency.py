"""From a key on the τ slider to the new picture on the screen, and frames a second at play.

Measured inside headless Chromium: the clock starts at the key event and stops at the animation
frame after the new picture has loaded. Notebook 01's panel, d = 2, n = 15, m = 20.
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.lab import Panel, find_chromium, headless_browser, jupyterlab, run_notebook  # noqa: E402

CLOCK = """([picture]) => {
  window.latencies = []; window.pictures = []; let pressed = null;
  document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
  picture.addEventListener('load', () => requestAnimationFrame(() => {
    const now = performance.now();
    window.pictures.push(now);
    if (pressed !== null) { window.latencies.push(now - pressed); pressed = null; }
  }));
}"""


def measure(presses=60, seconds=3):
    """Return latencies in milliseconds, and frames a second while playing."""
    chromium = find_chromium()
    if chromium is None:
        return None
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        headless_browser(chromium) as browser,
    ):
        page = run_notebook(browser, address, "01-two-regimes.ipynb")
        panel = Panel(page)
        page.evaluate(CLOCK, [panel.picture.element_handle()])
        panel.slider("τ").focus()
        for press in range(presses):
            page.keyboard.press("ArrowLeft" if press < 20 else "ArrowRight")
            page.wait_for_function(f"window.latencies.length > {press}", timeout=10_000)
            page.wait_for_timeout(30)
        latencies = np.array(page.evaluate("window.latencies"))
        panel.button("reset").click()
        page.wait_for_timeout(500)
        before = page.evaluate("window.pictures.length")
        panel.button("play").click()
        page.wait_for_timeout(1000 * seconds)
        moments = np.array(page.evaluate("window.pictures"))[before:]
        return latencies, (len(moments) - 1) / (moments[-1] - moments[0]) * 1e3


def main():
    """Print the latencies beside what is wanted."""
    measured = measure()
    if measured is None:
        return print("slider latency: skipped, there is no Chromium or Chrome on this machine")
    latencies, rate = measured
    median, late = np.percentile(latencies, [50, 95])
    print("slider to pixels, notebook 01 (n = 15, m = 20), in headless Chromium")
    print(f"  median {median:.0f} ms (wanted: 100), 95 % within {late:.0f} ms (wanted: 200)")
    print(f"  playing: {rate:.0f} frames a second (wanted: 20)")


if __name__ == "__main__":
    main()
