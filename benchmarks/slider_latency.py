"""From a key on a slider to the new picture on the screen, and frames a second at play.

Measured inside headless Chromium: the clock starts at the key event and stops at the animation
frame after the canvas was painted anew. Beside it, as the floor on this machine, a trial widget: a
slider, and a canvas that paints the 120 KB that its kernel sends back, computing nothing. Once as
it is, and once through a proxy that makes of the loopback a line as one to a Binder: a round trip
of 150 ms, and 8 Mbit a second.
"""

import asyncio
import contextlib
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
from playwright.sync_api import TimeoutError as TooLate

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.lab import (  # noqa: E402
    Panel,
    find_chromium,
    headless_browser,
    jupyterlab,
    run_notebook,
    write_notebook,
)

#: Notebook, number of its panel, slider, wanted median and 95 % in ms (None: training is the cost).
SLIDERS = [
    ("01-two-regimes", 0, "τ", (40, 70)),
    ("02-tangent-model", 0, "α", (60, 120)),
    ("02-tangent-model", 1, "α", (60, 120)),
    ("03-kernels", 0, "width m", (60, 120)),
    ("03-kernels", 1, "time t", (60, 120)),
    ("04-lazy-theorem", 0, "α", (60, 120)),
    ("05-when-is-it-lazy", 0, "α", (60, 120)),
    ("06-generalization", 0, "τ", None),
    ("07-population-loss", 1, "τ", None),
]
DELAY, RATE = 0.075, 1e6  # seconds one way, bytes a second

#: The floor, in ms, on the machine on which those were wanted.
FLOOR = 26

TRIAL = """
import os
import anywidget, traitlets

class Trial(anywidget.AnyWidget):
    _esm = '''
    export default { render({ model, el }) {
      el.classList.add("lazylib-panel");
      el.dataset.lmSuppressShortcuts = "true";
      el.innerHTML = '<div class="lazylib-words" aria-busy="false">trial</div>'
        + '<input type="range" min="0" max="60" value="30" aria-label="trial"><canvas></canvas>';
      const slider = el.querySelector("input"), canvas = el.querySelector("canvas");
      Object.assign(canvas, { width: 1240, height: 470 });
      slider.addEventListener("keydown", event => event.stopPropagation());
      slider.addEventListener("input", () => {
        model.set("value", Number(slider.value));
        model.save_changes();
      });
      const paint = () => {
        const context = canvas.getContext("2d"), bytes = new Uint8Array(model.get("data").buffer);
        context.clearRect(0, 0, canvas.width, canvas.height);
        context.beginPath();
        for (let i = 0; i < 6000; i += 2) context.lineTo(4.8 * bytes[i], 1.8 * bytes[i + 1]);
        context.stroke();
      };
      model.on("change:data", () => requestAnimationFrame(paint));
      paint();
    } };
    '''
    value = traitlets.Int(30).tag(sync=True)
    data = traitlets.Bytes(os.urandom(120_000)).tag(sync=True)

trial = Trial()
trial.observe(lambda change: trial.set_trait("data", os.urandom(120_000)), "value")
trial
"""

# A canvas is painted anew when it was cleared: each painting begins with that.
CLOCK = """canvas => {
  window.latencies = []; window.paintings = []; let pressed = null;
  document.addEventListener('keydown', () => { pressed = performance.now(); }, true);
  const context = canvas.getContext('2d'), clear = context.clearRect.bind(context);
  context.clearRect = (...box) => {
    clear(...box);
    requestAnimationFrame(() => {
      const now = performance.now();
      window.paintings.push(now);
      if (pressed !== null) { window.latencies.push(now - pressed); pressed = null; }
    });
  };
}"""

FILL = "count => { while (window.latencies.length < count) window.latencies.push(NaN); }"


def measure(page, number, slider, presses, wait=3_000):
    """Return the latencies of one slider, in milliseconds."""
    panel = Panel(page, number)
    panel.settle()
    panel.canvas.evaluate(CLOCK)
    panel.control(slider).focus()
    for press in range(presses):
        page.keyboard.press("ArrowLeft" if press % 20 < 10 else "ArrowRight")
        # two positions of a slider may show the same stored run: nothing is painted then
        with contextlib.suppress(TooLate):
            page.wait_for_function(f"window.latencies.length > {press}", timeout=wait)
        page.evaluate(FILL, press + 1)
        page.wait_for_timeout(30)
    found = np.array(page.evaluate("window.latencies"), dtype=float)
    return found[np.isfinite(found)]


def playing(page, seconds=3):
    """Return the frames a second of notebook 01's panel while it plays."""
    panel = Panel(page)
    panel.settle()
    panel.button("reset").click()
    panel.settle()
    page.evaluate("window.paintings = []")
    panel.button("play").click()
    page.wait_for_timeout(1000 * seconds)
    moments = np.array(page.evaluate("window.paintings"))
    return (len(moments) - 1) / (moments[-1] - moments[0]) * 1e3


@contextlib.contextmanager
def slow_line(address):
    """Yield an address that leads to ``address`` over a slow line."""
    loop, port = asyncio.new_event_loop(), int(address.rsplit(":", 1)[1])

    async def pump(reader, writer):
        queue, free = asyncio.Queue(), loop.time()

        async def deliver():
            with contextlib.closing(writer):
                while item := await queue.get():
                    due, data = item
                    await asyncio.sleep(max(0, due - loop.time()))
                    writer.write(data)
                    await writer.drain()

        async with asyncio.TaskGroup() as group:
            group.create_task(deliver())
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(16_384):
                    free = max(free, loop.time()) + len(data) / RATE
                    queue.put_nowait((free + DELAY, data))
            queue.put_nowait(None)

    async def serve(reader, writer):
        there = await asyncio.open_connection("127.0.0.1", port)
        pumps = pump(reader, there[1]), pump(there[0], writer)
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*pumps, return_exceptions=True)

    async def end():
        server.close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def report(name, latencies, floor, wanted=None, best=FLOOR):
    """Print the median and the 95 % of latencies, in ms and in floors; ``best``: that of wanted."""
    found = np.percentile(latencies, [50, 95])
    in_floors = found / floor
    said = f"{found[0]:5.0f} / {found[1]:4.0f} ms = {in_floors[0]:.2f} / {in_floors[1]:.2f} floors"
    aim = "(training is the cost)"
    if wanted:
        aim = f"(wanted: {wanted[0] / best:.2f} / {wanted[1] / best:.2f})"
    print(f"  {name:38} {said} {aim}", flush=True)


def main(only=""):
    """Print what was measured beside what is wanted, for notebooks whose names begin with ``only``.

    The slow line's turn comes with notebook 01.
    """
    chromium = find_chromium()
    if chromium is None:
        return print("slider latency: skipped, there is no Chromium or Chrome on this machine")
    print("slider to pixels in headless Chromium, median / 95 %")
    with (
        tempfile.TemporaryDirectory() as folder,
        jupyterlab(Path(folder)) as address,
        slow_line(address) as far,
        headless_browser(chromium) as browser,
    ):
        trial, floors = write_notebook(Path(folder), "trial.ipynb", TRIAL), []
        for where in (address, far):
            page = run_notebook(browser, where, trial)
            floors.append(np.median(measure(page, 0, "trial", 40)))
            page.close()
        print("  the floor, a trial widget: {:.0f} ms; far away: {:.0f} ms".format(*floors))
        for name, number, slider, wanted in SLIDERS:
            if not name.startswith(only):
                continue
            page = run_notebook(browser, address, f"{name}.ipynb")
            options = {"presses": 40} if wanted else {"presses": 10, "wait": 30_000}
            report(f"{name}, {slider}", measure(page, number, slider, **options), floors[0], wanted)
            if name == "01-two-regimes":
                print(f"  playing: {playing(page):.0f} frames a second (25 are recorded)")
            page.close()
        if "01".startswith(only[:2]):
            page = run_notebook(browser, far, "01-two-regimes.ipynb")
            report("01, far away, τ", measure(page, 0, "τ", 20), floors[1], (230, 400), 150 + FLOOR)
            print(f"  playing there: {playing(page):.0f} frames a second")


if __name__ == "__main__":
    main(*sys.argv[1:])
