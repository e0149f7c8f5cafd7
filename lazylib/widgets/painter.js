// Paints what lazylib/widgets/recorder.py notes, on a canvas, and plays its frames; no library, no
// network. `render` is for anywidget; `mount(element, data)` needs no kernel and no anywidget.

const UNIT = 16;
const FONTS = '"DejaVu Sans", Verdana, sans-serif';
const RATE = 25; // frames a second at speed 1
const STYLE = `
.lazylib-picture { --words: var(--jp-ui-font-color0, #111); position: relative;
  color: var(--words); font-size: var(--jp-content-font-size2, 1em);
  font-family: var(--jp-ui-font-family, ${FONTS}); line-height: 1.4 }
.lazylib-picture.lazylib-dark { --words: #eee; --paper: #111 }
.lazylib-picture.lazylib-light { --words: #111; --paper: #fff }
.lazylib-canvas { display: block; width: 100% }
.lazylib-busy .lazylib-canvas { opacity: .35 }
.lazylib-trouble .lazylib-canvas { opacity: .08 }
.lazylib-over { position: absolute; top: 1em; left: 1em; right: 1em; text-align: center }
.lazylib-picture.lazylib-large { font-size: 150% }
.lazylib-over > * { display: inline-block; margin: 0 .3em .4em; padding: .2em .6em;
  background: var(--paper) !important; border-radius: 3px }
.lazylib-over .lazylib-alert { color: #b00020 }
.lazylib-dark .lazylib-over .lazylib-alert { color: #ff9a8d }
.lazylib-controls { display: flex; flex-wrap: wrap; gap: .4em .6em; align-items: center }
.lazylib-controls label { white-space: nowrap }
.lazylib-picture button, .lazylib-picture select { font: inherit; color: inherit; min-height: 1.9em;
  background: transparent; border: 1px solid #888; border-radius: 3px; cursor: pointer }
.lazylib-dark option { background: #111 }
.lazylib-controls button { min-width: 2.4em }
.lazylib-picture :focus-visible { outline: 3px solid #2b8ae2; outline-offset: 1px }
.lazylib-scrub { flex: 1 1 10em; min-width: 8em; cursor: pointer }
.lazylib-words { margin: .4em 0; min-height: 1.4em }
.lazylib-picture [hidden] { display: none }`;

// ---- bytes to frames: see `encode` in recorder.py

function decode(buffer, base = []) {
  if (typeof buffer === "string") buffer = Uint8Array.from(atob(buffer), (letter) => letter.charCodeAt(0));
  const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  if (!bytes.length) return null;
  const length = bytes[0] | (bytes[1] << 8) | (bytes[2] << 16) | (bytes[3] << 24);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const next = () => {
    for (let number = 0, shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      number |= (byte & 127) << shift;
      if (byte < 128) return number;
    }
  };
  head.frames = Array.from({ length: head.frames }, () => []);
  head.frames.forEach((groups, i) => {
    const before = i ? head.frames[i - 1] : base;
    for (let g = 0; g < head.groups; g++) groups.push(decodeGroup(head, next, before[g] ?? []));
  });
  return head;
}

function decodeGroup({ looks, colors }, next, before) {
  const group = [];
  for (let left = next(); left > 0; ) {
    let look = next();
    if (look === 0) {
      const same = next();
      group.push(...before.slice(group.length, group.length + same));
      left -= same;
      continue;
    }
    const old = before[group.length] ?? { points: new Float32Array() };
    const pens = look === 1 ? old : { look: looks[look - 2], fill: colors[next()], stroke: colors[next()] };
    const kept = next(), count = next();
    const points = new Float32Array(2 * (kept + count));
    points.set(old.points.subarray(0, 2 * kept));
    let x = kept ? points[2 * kept - 2] * UNIT : 0, y = kept ? points[2 * kept - 1] * UNIT : 0;
    const step = () => { const number = next(); return (number >>> 1) ^ -(number & 1); };
    for (let i = 2 * kept; i < points.length; ) {
      points[i++] = (x += step()) / UNIT;
      points[i++] = (y += step()) / UNIT;
    }
    group.push({ look: pens.look, fill: pens.fill, stroke: pens.stroke, points });
    left--;
  }
  return group;
}

// ---- painting

const TAKES = { M: 1, L: 1, Q: 2, C: 3, Z: 1 }; // points, and letters
const CALLS = { M: "moveTo", L: "lineTo", Q: "quadraticCurveTo", C: "bezierCurveTo" };

// A path of letters ("": a line through all points), scaled. As in Matplotlib, a path whose sides
// are all upright or level is moved to whole pixels, so that axes and ticks are sharp.
function outline(letters, points, scale, width) {
  const path = new Path2D();
  const odd = (Math.round(width * scale) % 2) / 2;
  const snap = upright(letters, points) ? (value) => Math.floor(value + 0.5) + odd : (value) => value;
  for (let i = 0, p = 0; p < points.length; ) {
    const letter = letters ? letters[i] : i ? "L" : "M";
    const values = [];
    for (let end = p + 2 * TAKES[letter]; p < end; ) values.push(snap(points[p++] * scale));
    i += TAKES[letter];
    if (letter === "Z") path.closePath();
    else path[CALLS[letter]](...values);
  }
  return path;
}

function upright(letters, points) {
  if (points.length > 2048 || /[QC]/.test(letters)) return false;
  for (let i = 1; 2 * i < points.length; i++) {
    if (letters && letters[i] !== "L") continue;
    const across = Math.abs(points[2 * i] - points[2 * i - 2]);
    if (across > 0.01 && Math.abs(points[2 * i + 1] - points[2 * i - 1]) > 0.01) return false;
  }
  return true;
}

class Brush {
  constructor(canvas, scale, color, again) {
    Object.assign(this, { ctx: canvas.getContext("2d"), scale, color, again, clipped: undefined });
    this.ctx.setTransform(1, 0, 0, 1, 0, 0);
    this.ctx.clearRect(0, 0, canvas.width, canvas.height);
  }

  paint(group, others, left_out = []) {
    for (const instruction of group) {
      const [kind, ...look] = instruction.look;
      if (kind === "slot" && left_out.includes(look[0])) continue;
      if (kind === "slot") this.paint(others[look[0]], others);
      else this[kind](instruction, ...look);
    }
  }

  done() {
    if (this.clipped) this.ctx.restore();
  }

  clip(clip) {
    if (clip === this.clipped) return;
    const { ctx, scale } = this, [box, path] = clip;
    this.done();
    ctx.save();
    this.clipped = clip;
    if (box) {
      const [left, top, right, bottom] = box.map((value) => Math.round(value * scale));
      const area = new Path2D();
      area.rect(left, top, right - left, bottom - top);
      ctx.clip(area);
    }
    if (path) ctx.clip(outline(path[0], path.slice(1), scale, 0));
  }

  lines([width, join, cap, offset, dashes], fill, stroke) {
    const { ctx, scale } = this;
    ctx.lineWidth = width * scale;
    ctx.lineJoin = join;
    ctx.lineCap = cap;
    ctx.lineDashOffset = offset * scale;
    ctx.setLineDash(dashes.map((dash) => dash * scale));
    ctx.fillStyle = this.color(fill);
    ctx.strokeStyle = this.color(stroke);
  }

  path(instruction, letters, pen, clip) {
    const { points, fill, stroke } = instruction;
    this.clip(clip);
    this.lines(pen, fill, stroke);
    if (instruction.scale !== this.scale) {
      instruction.scale = this.scale;
      instruction.path = outline(letters, points, this.scale, stroke ? pen[0] : 0);
    }
    if (fill) this.ctx.fill(instruction.path);
    if (stroke) this.ctx.stroke(instruction.path);
  }

  marks({ points, fill, stroke }, letters, pen, clip, shape) {
    const { ctx, scale } = this;
    this.clip(clip);
    this.lines(pen, fill, stroke);
    const sharp = upright(letters, shape), mark = outline(letters, shape, scale, pen[0]);
    for (let i = 0; i < points.length; i += 2) {
      const at = [points[i] * scale, points[i + 1] * scale];
      ctx.setTransform(1, 0, 0, 1, ...(sharp ? at.map(Math.round) : at));
      if (fill) ctx.fill(mark);
      if (stroke) ctx.stroke(mark);
    }
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  text({ points: [x, y], fill }, words, font, width, angle, clip) {
    const { ctx, scale } = this;
    this.clip(clip);
    ctx.fillStyle = this.color(fill);
    ctx.font = `${font} ${FONTS}`;
    ctx.setTransform(scale, 0, 0, scale, x * scale, y * scale);
    ctx.rotate((-angle * Math.PI) / 180);
    ctx.scale(width / ctx.measureText(words).width, 1); // another font takes the same room
    ctx.fillText(words, 0, 0);
    ctx.setTransform(1, 0, 0, 1, 0, 0);
  }

  image(instruction, address, wide, high, alpha, clip) {
    const { ctx, scale } = this, [x, y] = instruction.points;
    if (!instruction.image) {
      instruction.image = new Image();
      instruction.image.onload = this.again;
      instruction.image.src = address;
    }
    if (!instruction.image.complete) return;
    this.clip(clip);
    ctx.globalAlpha = alpha;
    ctx.drawImage(instruction.image, x * scale, y * scale, wide * scale, high * scale);
    ctx.globalAlpha = 1;
  }
}

// ---- theme

const LIGHT = "data-jp-theme-light", THEME = "data-theme";

// JupyterLab says it on the body; Sphinx' and other pages on body or html; else the reader's system.
function isDark() {
  const said = (name) => [document.body, document.documentElement].map((e) => e.getAttribute(name)).find(Boolean);
  if (said(LIGHT)) return said(LIGHT) === "false";
  if (/^(light|dark)$/.test(said(THEME))) return said(THEME) === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

function whenThemeChanges(change, signal) {
  const watch = new MutationObserver(change);
  for (const element of [document.body, document.documentElement]) {
    watch.observe(element, { attributes: true, attributeFilter: [LIGHT, THEME] });
  }
  signal.addEventListener("abort", () => watch.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", change, { signal });
}

// ---- the picture in a page

let count = Math.floor(1e9 * Math.random()); // for ids: each widget has a module of its own

const BODY = (id) => `
<style>${STYLE}</style>
<canvas class="lazylib-canvas" role="img" aria-describedby="${id}"></canvas>
<div class="lazylib-over" hidden><p class="lazylib-alert" role="alert"></p>
  <p class="lazylib-progress" role="status"></p><button type="button" class="lazylib-stop">Stop</button></div>
<div class="lazylib-controls" role="group" aria-label="player" hidden>
  <button type="button" class="lazylib-play" aria-pressed="false" aria-label="play" title="play, pause (space)"></button>
  <button type="button" class="lazylib-back" aria-label="one frame back" title="one frame back (←)">‹</button>
  <button type="button" class="lazylib-forward" aria-label="one frame forward" title="one frame forward (→)">›</button>
  <button type="button" class="lazylib-reset" title="back to the first frame (Home)">reset</button>
  <input type="range" class="lazylib-scrub" aria-label="frame" min="0" step="1">
  <label>speed <select class="lazylib-speed"></select></label>
  <label><input type="checkbox" class="lazylib-loop"> loop</label>
</div>
<p class="lazylib-words" id="${id}" aria-live="polite"></p>`;

const SPEEDS = { 0.25: "¼×", 0.5: "½×", 1: "1×", 2: "2×", 4: "4×" };

class View {
  constructor(model, element) {
    this.model = model;
    this.end = new AbortController();
    this.root = document.createElement("div");
    this.root.innerHTML = BODY(`lazylib-words-${++count}`);
    element.append(this.root);
    for (const child of this.root.querySelectorAll("[class]")) {
      this[child.className.replace("lazylib-", "")] = child;
    }
    this.again = () => this.schedule();
    this.connect();
    for (const name of ["_still", "_view", "_frames"]) this.take(name);
    this.show();
    this.run();
  }

  // -- listening

  on(names, change) {
    const { model, end } = this;
    for (const name of names.split(" ")) {
      model.on(name, change);
      end.signal.addEventListener("abort", () => model.off(name, change));
    }
  }

  connect() {
    const { signal } = this.end;
    for (const name of ["_still", "_view", "_frames"]) {
      this.on(`change:${name}`, () => {
        this.take(name);
        if (name === "_still") ["_view", "_frames"].forEach((each) => this.take(each)); // they build on it
        this.show();
        this.schedule();
      });
    }
    this.on("change:frame", () => { this.show(); this.schedule(); });
    this.on("change:playing", () => { this.show(); this.run(); });
    const rest = "n_frames loop speed label busy progress trouble size";
    this.on(rest.replace(/\w+/g, "change:$&"), () => this.show());
    this.on("comm:close comm_live_update", () => this.model.set("playing", false)); // the kernel is gone
    whenThemeChanges(() => { this.show(); this.schedule(); }, signal);
    const resize = new ResizeObserver(this.again);
    resize.observe(this.canvas);
    signal.addEventListener("abort", () => resize.disconnect());
    addEventListener("resize", this.again, { signal });
    const click = (button, act) => button.addEventListener("click", act, { signal });
    click(this.play, () => this.set("playing", !this.model.get("playing")));
    click(this.back, () => this.step(-1));
    click(this.forward, () => this.step(1));
    click(this.reset, () => this.go(0));
    click(this.stop, () => this.model.send({ stop: true }));
    this.scrub.addEventListener("input", () => this.go(Number(this.scrub.value), true), { signal });
    this.scrub.addEventListener("change", () => this.send(true), { signal });
    this.speed.addEventListener("change", () => this.set("speed", Number(this.speed.value)), { signal });
    this.loop.addEventListener("change", () => this.set("loop", this.loop.checked), { signal });
    this.controls.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  key(event) {
    const last = this.count - 1, frame = this.model.get("frame");
    const moves = { ArrowLeft: frame - 1, ArrowRight: frame + 1, Home: 0, End: last };
    if (event.target === this.speed || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key in moves) this.go(moves[event.key]);
    else if (event.key === " " && event.target === this.scrub) this.play.click();
    else return;
    event.preventDefault();
    event.stopPropagation(); // of the notebook's own keys
  }

  // -- the model

  take(name) {
    this.fault = "";
    try {
      this[name] = decode(this.model.get(name) ?? new Uint8Array(), this._still?.frames[0]);
    } catch (error) {
      this.fault = `This picture cannot be read: ${error.message}.`;
    }
  }

  get count() {
    return this._frames?.frames.length ?? this.model.get("n_frames") ?? 1;
  }

  set(name, value) {
    this.model.set(name, value);
    this.model.save_changes();
  }

  step(by) {
    this.go(this.model.get("frame") + by);
  }

  go(frame, often = false) {
    if (this.model.get("playing")) this.set("playing", false);
    this.move(Math.min(Math.max(frame, 0), this.count - 1));
    this.send(!often);
  }

  move(frame) {
    this.model.set("frame", frame);
  }

  // The kernel hears of frames at most five times a second, and of the last one always.
  send(now) {
    clearTimeout(this.later);
    const wait = now ? 0 : Math.max(0, (this.sent ?? 0) + 200 - performance.now());
    const save = () => { this.sent = performance.now(); this.model.save_changes(); };
    if (wait) this.later = setTimeout(save, wait);
    else save();
  }

  // -- playing

  run() {
    cancelAnimationFrame(this.beat);
    if (!this.model.get("playing")) return;
    const { model } = this;
    let then = performance.now(), reached = model.get("frame");
    if (reached >= this.count - 1) this.move((reached = 0));
    const beat = (now) => {
      const frame = model.get("frame"), last = this.count - 1;
      if (frame !== Math.floor(reached)) reached = frame; // moved by somebody else
      if (this._frames) reached += (Math.max(0, now - then) / 1000) * RATE * model.get("speed");
      then = now;
      if (reached > last && model.get("loop")) reached %= last + 1;
      if (Math.floor(reached) !== frame) this.move(Math.min(Math.floor(reached), last));
      if (reached >= last && !model.get("loop")) return this.rest();
      if (frame !== this.told) this.send((this.told = frame) === null);
      this.beat = requestAnimationFrame(beat);
    };
    this.beat = requestAnimationFrame(beat);
  }

  rest() {
    this.set("playing", false);
    this.send(true);
  }

  // -- showing

  get now() {
    const frame = this.model.get("frame"), run = this._frames ?? this._view;
    const place = this._frames ? Math.min(frame, this.count - 1) : 0;
    return run && { frame: run.frames[place], words: run.words[place], time: run.times?.[place] };
  }

  schedule() {
    this.pending ??= requestAnimationFrame(() => { this.pending = undefined; this.paint(); });
  }

  paint() {
    const { canvas, now } = this;
    if (!now?.frame || !this._still) return;
    const [width, height] = this._still.size, sharp = devicePixelRatio;
    this.root.style.maxWidth = `${2 * width}px`;
    const plan = arrange(width, height, this._still.columns, canvas.clientWidth || width);
    const wide = Math.round((canvas.clientWidth || width) * sharp);
    fit(canvas, wide, plan.height * sharp);
    canvas.style.aspectRatio = `${canvas.width} / ${canvas.height}`;
    const scale = plan.cells ? plan.scale * sharp : wide / width;
    const sheet = plan.cells ? (this.sheet ??= document.createElement("canvas")) : canvas;
    if (plan.cells) fit(sheet, width * scale, height * scale);
    const ctx = plan.cells && canvas.getContext("2d");
    ctx?.clearRect(0, 0, canvas.width, canvas.height);
    for (const { from, to, others, x, y } of plan.cells ?? [{}]) {
      const brush = new Brush(sheet, scale, this.colors(), this.again);
      brush.paint(now.frame[0], now.frame, others);
      brush.done();
      const size = [(to - from) * scale, height * scale];
      ctx?.drawImage(sheet, from * scale, 0, ...size, x * scale, y * scale, ...size);
    }
    canvas.dispatchEvent(new Event("lazylib-painted", { bubbles: true }));
  }

  colors() {
    const roles = {};
    for (const [name, [light, dark]] of Object.entries(this._still.roles)) roles[name] = this.dark ? dark : light;
    return (text) => (roles[text.slice(0, -2)] ?? text.slice(0, -2)) + text.slice(-2);
  }

  show() {
    const { model, root, now } = this, get = (name) => model.get(name);
    const frames = this.count, playing = get("playing"), trouble = get("trouble") || this.fault;
    this.dark = isDark();
    root.className = `lazylib-picture lazylib-${this.dark ? "dark" : "light"} lazylib-${get("size")}`;
    root.classList.toggle("lazylib-trouble", Boolean(trouble));
    this.canvas.setAttribute("aria-label", get("label") || "picture");
    say(this.words, trouble ? "" : now?.words ?? "");
    this.words.setAttribute("aria-live", playing ? "off" : "polite");
    this.controls.hidden = frames < 2;
    say(this.play, playing ? "❚❚" : "▶");
    this.play.setAttribute("aria-pressed", playing);
    this.scrub.max = frames - 1;
    this.scrub.value = get("frame");
    const time = now?.time === undefined ? "" : `, ${now.time}`;
    this.scrub.setAttribute("aria-valuetext", `frame ${get("frame") + 1} of ${frames}${time}`);
    const speeds = { [get("speed")]: `${get("speed")}×`, ...SPEEDS };
    if (!this.speed.querySelector(`[value="${get("speed")}"]`)) {
      this.speed.replaceChildren(...Object.keys(speeds).sort((a, b) => a - b).map((s) => new Option(speeds[s], s)));
    }
    this.speed.value = get("speed");
    this.loop.checked = get("loop");
    this.showWork(trouble);
  }

  // That it computes is said from 0.3 s on.
  showWork(trouble) {
    const { model, root } = this, busy = model.get("busy");
    if (busy && !this.waiting) this.waiting = setTimeout(() => { this.slow = true; this.show(); }, 300);
    if (!busy) { clearTimeout(this.waiting); this.waiting = undefined; this.slow = false; }
    root.classList.toggle("lazylib-busy", Boolean(this.slow));
    root.setAttribute("aria-busy", Boolean(busy));
    this.over.hidden = !this.slow && !trouble;
    this.stop.hidden = !this.slow;
    say(this.alert, trouble);
    say(this.progress, this.slow ? `computing … ${Math.round(100 * model.get("progress"))} %` : "");
  }

  dispose() {
    cancelAnimationFrame(this.beat);
    cancelAnimationFrame(this.pending);
    clearTimeout(this.later);
    clearTimeout(this.waiting);
    this.end.abort();
  }
}

function fit(canvas, width, height) {
  const [wide, high] = [Math.round(width), Math.round(height)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
}

// Where a page is narrow, the columns of a figure stand below each other.
function arrange(width, height, columns, wide) {
  if (wide >= 0.6 * width || columns.length < 2) return { height: (wide * height) / width };
  const scale = Math.min(1, wide / Math.max(...columns.map(([from, to]) => to - from)));
  let x = 0, y = 0;
  const cells = columns.map(([from, to, own]) => {
    const others = columns.flatMap((column) => column[2]).filter((panel) => !own.includes(panel));
    if (x && (x + to - from) * scale > wide + 1) [x, y] = [0, y + height];
    x += to - from;
    return { from, to, others, x: x - (to - from), y };
  });
  return { scale, cells, height: (y + height) * scale };
}

function say(element, words) {
  if (element.textContent !== words) element.textContent = words;
}

// ---- doors

function render({ model, el }) {
  const view = new View(model, el);
  return () => view.dispose();
}

const REST = { frame: 0, playing: false, loop: false, speed: 1, label: "", busy: false, progress: 0, trouble: "", size: "normal" };

// A picture that plays without a kernel. `data` holds what Picture.data() returns in Python: static
// and frames (bytes, or these in base64), and any of frame, label, speed, loop, size. Returns
// {frame, update(data), onframe(callback), dispose()}: `update` shows another run, and plays on.
function mount(element, data) {
  const values = { ...REST }, heard = {};
  const model = {
    get: (name) => values[name],
    set(name, value) {
      if (values[name] === value) return;
      values[name] = value;
      for (const change of heard[`change:${name}`] ?? []) change();
    },
    on: (name, change) => (heard[name] ??= new Set()).add(change),
    off: (name, change) => heard[name]?.delete(change),
    save_changes() {},
    send() {},
  };
  const update = ({ static: still, frames, ...rest }) => {
    Object.assign(values, rest, { _still: still ?? values._still, _frames: frames ?? values._frames });
    for (const name of ["_still", "_frames", "frame"]) heard[`change:${name}`]?.forEach((change) => change());
  };
  update(data);
  const view = new View(model, element);
  return {
    get frame() { return values.frame; },
    set frame(frame) { view.go(frame); },
    update,
    onframe: (callback) => model.on("change:frame", () => callback(values.frame)),
    dispose: () => view.dispose(),
  };
}

export { mount };
export default { render };
