// The panels of the static site: sliders over recorded runs, painted by the notebooks' own painter.
// Classic scripts only: a page opened from a folder may neither import modules nor fetch files.
(() => {
  "use strict";
  const waiting = new Map(); // file → what to do with what it brings
  const here = document.currentScript.src.replace(/[^/]*$/, "");

  // A file of recorded runs calls this with its name and contents.
  window.lazylibRecorded = (name, contents) => waiting.get(name)?.(contents);

  function load(name) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      waiting.set(name, (contents) => (waiting.delete(name), script.remove(), resolve(contents)));
      script.onerror = () => (waiting.delete(name), script.remove(), reject(new Error(name)));
      script.src = `${here}players/${name}.js`;
      document.head.append(script);
    });
  }

  function element(tag, properties = {}, ...children) {
    const made = Object.assign(document.createElement(tag), properties);
    made.append(...children);
    return made;
  }

  // #tau=0.1&frame=40, after the panel's own name where a page has several
  function readAddress(name) {
    const [panel, query] = location.hash.slice(1).split("?");
    return panel === name ? Object.fromEntries(new URLSearchParams(query)) : {};
  }

  function nearest(control, value) {
    const asked = Number(value);
    const exact = control.values.findIndex((each) => String(each) === String(value));
    if (exact >= 0 || Number.isNaN(asked)) return exact;
    const gaps = control.values.map((each) => Math.abs(each - asked));
    return gaps.indexOf(Math.min(...gaps));
  }

  function slider(control, chosen, moved) {
    const shown = element("output", { textContent: control.values[chosen] });
    const input = element("input", {
      type: "range", min: 0, max: control.values.length - 1, step: 1, value: chosen,
    });
    const say = () => {
      shown.textContent = control.values[input.value];
      input.setAttribute("aria-valuetext", control.values[input.value]);
    };
    say();
    input.addEventListener("input", () => (say(), moved(Number(input.value))));
    const label = element("label", { className: "lazylib-slider" });
    label.append(element("span", { textContent: control.label }), input, shown);
    return { label, set: (index) => ((input.value = index), say()) };
  }

  function choice(control, chosen, moved) {
    const input = element("select");
    control.values.forEach((text, i) => input.append(element("option", { value: i, textContent: text })));
    input.value = chosen;
    input.addEventListener("change", () => moved(Number(input.value)));
    const label = element("label", { className: "lazylib-choice" });
    label.append(element("span", { textContent: control.label }), input);
    return { label, set: (index) => (input.value = index) };
  }

  class Player {
    constructor(place, manifest) {
      this.place = place;
      this.name = place.dataset.player;
      this.manifest = manifest;
      this.chosen = manifest.controls.map((control) => control.start);
      this.asked = 0;
      this.views = new Map();
      const picture = element("div", { className: "lazylib-picture" });
      const rows = element("div", { className: "lazylib-controls" });
      this.inputs = manifest.controls.map((control, i) => {
        const made = (control.kind === "choice" ? choice : slider)(control, this.chosen[i], (index) => {
          this.chosen[i] = index;
          this.show();
        });
        rows.append(made.label);
        return made;
      });
      this.trouble = element("p", { className: "lazylib-trouble", role: "alert", hidden: true });
      this.share = element("a", { className: "lazylib-share", textContent: "link to this view", href: "" });
      const note = element("p", { className: "lazylib-needs-kernel" });
      const page = location.pathname.match(/(\d\d-[\w-]+)\.html$/)?.[1] ?? "00-start-here";
      const href = window.lazylibBinder ? `${window.lazylibBinder}${page}.ipynb` : `${here}../adopt.html`;
      const textContent = window.lazylibBinder ? "open it on Binder" : "open the notebook";
      note.append(`What needs a kernel: ${manifest.others.join(", ")}. For these, `,
        element("a", { href, textContent }), ".");
      note.hidden = !manifest.others.length;
      place.replaceChildren(rows, picture, this.trouble, this.share, note);
      this.picture = picture;
      place.setAttribute("role", "group");
      window.addEventListener("hashchange", () => this.follow());
      this.follow(true);
    }

    follow(first = false) {
      const asked = readAddress(this.name);
      if (!first && !Object.keys(asked).length) return;
      this.manifest.controls.forEach((control, i) => {
        const index = control.name in asked ? nearest(control, asked[control.name]) : -1;
        if (index >= 0) (this.chosen[i] = index), this.inputs[i].set(index);
      });
      const shown = this.show("frame" in asked ? Number(asked.frame) : undefined);
      if (Object.keys(asked).length) shown.then(() => this.place.scrollIntoView({ block: "start" }));
    }

    // Of a thinned site, the nearest view that was recorded.
    key() {
      const key = this.chosen.join("-");
      if (this.manifest.views.includes(key)) return key;
      const far = (each) => each.split("-").reduce((sum, i, k) => sum + Math.abs(i - this.chosen[k]) ** 2, 0);
      return this.manifest.views.reduce((best, each) => (far(each) < far(best) ? each : best));
    }

    recorded(key) {
      if (!this.views.has(key)) this.views.set(key, load(`${this.name}/${key}`));
      return this.views.get(key);
    }

    async show(frame) {
      const mine = ++this.asked;
      const key = this.key();
      let data;
      try {
        data = await this.recorded(key);
      } catch {
        this.views.delete(key);
        this.trouble.textContent = "This view could not be loaded: move the slider to try again.";
        this.trouble.hidden = false;
        return;
      }
      if (mine !== this.asked) return; // a newer one is on its way
      this.trouble.hidden = true;
      const last = data.n_frames - 1;
      frame = Math.max(0, Math.min(frame ?? this.painter?.frame ?? data.frame, last));
      if (this.painter) this.painter.update({ ...data, frame });
      else {
        this.painter = window.lazylibPainter.mount(this.picture, { ...data, frame });
        this.painter.onframe(() => this.address());
      }
      this.frames = data.n_frames;
      this.address();
    }

    address() {
      const query = new URLSearchParams();
      this.manifest.controls.forEach((control, i) => query.set(control.name, control.values[this.chosen[i]]));
      if (this.frames > 1) query.set("frame", this.painter.frame);
      this.share.href = `#${this.name}?${query}`;
    }
  }

  async function begin(place) {
    try {
      place.player = new Player(place, await load(`${place.dataset.player}/manifest`));
    } catch (error) {
      console.error(error); // the stored picture stays
    }
  }

  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) wake(target);
  }, { rootMargin: "300px" });

  function wake(place) {
    seen.unobserve(place);
    begin(place);
  }

  // What the theme leaves out: captions have a level, and a box that scrolls takes the keyboard.
  function complete() {
    document.querySelectorAll("[role=heading]").forEach((each) => each.setAttribute("aria-level", "2"));
    document.querySelectorAll("pre").forEach((each) => (each.tabIndex = 0));
  }

  function start() {
    complete();
    for (const place of document.querySelectorAll("[data-player]")) {
      const named = Object.keys(readAddress(place.dataset.player)).length;
      named ? wake(place) : seen.observe(place);
    }
  }

  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", start) : start();
})();
