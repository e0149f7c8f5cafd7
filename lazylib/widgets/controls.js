// The controls of a panel, as native inputs with names and values. They know no plot.
// The model has `spec`, a list of controls (see panel.py), and `values`, by name.

// Each widget has a module of its own: ids must differ between them.
let count = Math.floor(1e9 * Math.random());

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const shown = (value) => String(Number(Number(value).toPrecision(4)));

// Each maker returns the elements of one control, and a function that shows a value in them.
const MAKERS = {
  slider(control, change, values) {
    const id = `lazylib-${++count}`;
    const evens = control.options.filter((value) => value % 2 === 0);
    const even = () => control.even || values()[control.even_with];
    const options = () => (even() ? evens : control.options);
    const nearest = (value) =>
      options().reduce((best, each, i, all) =>
        Math.abs(each - value) < Math.abs(all[best] - value) ? i : best, 0);
    const slide = make("input", { type: "range", id, min: 0, step: 1,
      oninput: () => change(options()[slide.value]) });
    const typed = make("input", { type: "text", inputmode: "decimal", autocomplete: "off",
      "aria-label": `${control.label}, as a number` });
    typed.addEventListener("change", () => {
      let value = Number(typed.value.trim().replace(",", ".") || NaN);
      if (control.whole) value = Math.round(value);
      if (even()) value += value % 2;
      const good = value >= control.low && value <= control.high;
      typed.setCustomValidity(good ? "" : `a number from ${control.low} to ${control.high}`);
      if (good) change(value);
      else typed.reportValidity();
    });
    typed.addEventListener("blur", () => { typed.setCustomValidity(""); show(values()[control.name]); });
    const show = (value) => {
      slide.max = options().length - 1;
      slide.value = nearest(value);
      slide.setAttribute("aria-valuetext", shown(value));
      if (document.activeElement !== typed || Number(typed.value) !== value) typed.value = shown(value);
    };
    return [[make("label", { for: id }, control.label), slide, typed], show];
  },
  choice(control, change) {
    const id = `lazylib-${++count}`;
    const select = make("select", { id, onchange: () => change(control.options[select.selectedIndex]) },
      ...control.options.map((each) => make("option", {}, String(each))));
    const show = (value) => { select.selectedIndex = control.options.indexOf(value); };
    return [[make("label", { for: id }, control.label), select], show];
  },
  check(control, change) {
    const box = make("input", { type: "checkbox", onchange: () => change(box.checked) });
    return [[make("label", {}, box, ` ${control.label}`)], (value) => { box.checked = value; }];
  },
  seed(control, change, values) {
    const id = `lazylib-${++count}`;
    const number = make("input", { type: "number", id, min: control.low, max: control.high, step: 1 });
    number.addEventListener("change", () => {
      if (number.value !== "" && number.checkValidity()) change(Number(number.value));
      else number.reportValidity();
    });
    const next = make("button", { type: "button", "aria-label": `new ${control.label}`,
      onclick: () => change(Math.min(values()[control.name] + 1, control.high)) }, "new");
    const show = (value) => { number.value = value; };
    return [[make("label", { for: id }, control.label), number, next], show];
  },
  press(control, change) {
    const button = make("button", { type: "button", onclick: () => change(true) }, control.label);
    return [[button], (value) => button.setAttribute("aria-pressed", value)];
  },
};

function more(model, reset) {
  const says = make("output", {});
  const format = make("select", { "aria-label": "format of the file" },
    ...["svg", "pdf", "png", "gif"].map((each) => make("option", {}, each)));
  const button = (text, onclick) => make("button", { type: "button", onclick }, text);
  const large = make("input", { type: "checkbox",
    onchange: () => model.send({ size: large.checked ? "large" : "normal" }) });
  model.on("msg:custom", ({ copy, said }) => {
    says.textContent = said;
    if (copy) navigator.clipboard?.writeText(said).catch(() => {});
  });
  return make("details", { class: "lazylib-more" }, make("summary", {}, "more"), make("div", {},
    button("reset all", reset), button("copy the state", () => model.send({ share: true })),
    button("save as", () => model.send({ save: format.value })), format,
    make("label", {}, large, " large type"), says));
}

function render({ model, el }) {
  const spec = model.get("spec"), values = () => model.get("values");
  const set = (changed) => {
    model.set("values", { ...values(), ...changed });
    model.save_changes();
    show();
  };
  const rows = spec.map((control) => {
    const change = (value) => {
      const changed = { [control.name]: value };
      for (const { name, kind, after } of spec)  // what was trained is of other settings
        if (kind === "press" && name !== control.name && after !== control.name) changed[name] = false;
      for (const { name, even_with } of spec)
        if (even_with === control.name && value) changed[name] = values()[name] + (values()[name] % 2);
      set(changed);
    };
    const [elements, show] = MAKERS[control.kind](control, change, values);
    const group = make("span", { class: "lazylib-control", "data-name": control.name }, ...elements);
    return { control, show, group };
  });
  const reset = () => set(Object.fromEntries(spec.map(({ name, value }) => [name, value])));
  const gone = make("div", { class: "lazylib-gone", role: "alert" });
  const box = make("fieldset", { class: "lazylib-settings", "aria-label": model.get("label") },
    ...rows.map(({ group }) => group), more(model, reset), gone);
  gone.hidden = true;

  function show() {
    for (const { control, show, group } of rows) {
      show(values()[control.name]);
      // a guess comes before its answer, and stays
      const asked = spec.find(({ after }) => after === control.name);
      const off = asked ? values()[asked.name]
        : control.after && values()[control.after] === spec.find(({ name }) => name === control.after).options[0];
      for (const input of group.querySelectorAll("input, select, button")) input.disabled = Boolean(off);
    }
  }
  model.on("change:values", show);
  model.on("comm_live_update", () => setTimeout(() => {
    const dead = Boolean(el.closest(".jupyter-widgets-disconnected"));
    gone.hidden = !dead;
    gone.textContent = dead ? "The kernel of this panel is gone. Run its cell again to move it." : "";
    for (const { group } of rows) group.inert = dead;
  }));
  // a live panel hides its stored picture, which comes as an output of its own
  const style = make("style", {}, `[data-lazylib="${model.get("stored")}"] { display: none; }`);
  el.append(style, box);
  show();
  // plain keys are for the panel, not for the notebook around it
  const keep = (event) => {
    if (!event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "Escape") event.stopPropagation();
  };
  requestAnimationFrame(() => (el.closest(".lazylib-panel") ?? el).addEventListener("keydown", keep));
}

export default { render };
