// The controls of one face: 17 sliders, the expression buttons and the intensity.

const at = (id) => document.getElementById(id);

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** Build the controls; `changed(state)` is called when a hand moves one. Returns `show(state)`. */
export function connectSliders(about, changed) {
  let state = null; // { present, guessed, values, intensity, expression } of the face on the stage
  const rows = new Map(); // AU -> { input, output, mark, guess }
  const buttons = new Map(); // expression -> button

  const groups = new Map();
  for (const unit of about.aus) {
    if (!groups.has(unit.group)) {
      const group = element("details", { open: true }, element("summary", { textContent: unit.group }));
      groups.set(unit.group, group);
      at("sliders").append(group);
    }
    const row = slider(unit, about.au_max);
    rows.set(unit.au, row);
    groups.get(unit.group).append(row.box);
    row.input.addEventListener("input", () => {
      state.values[unit.au] = Number(row.input.value);
      state.expression = null;
      update();
      changed(state);
    });
  }

  for (const name of Object.keys(about.expressions)) {
    const button = element("button", { type: "button", textContent: name });
    buttons.set(name, button);
    at("expressions").append(button);
    button.addEventListener("click", () => {
      state.values = { ...about.expressions[name] };
      state.expression = name;
      update();
      changed(state);
    });
  }

  at("intensity").addEventListener("input", () => {
    state.intensity = Number(at("intensity").value) / 100;
    update();
    changed(state);
  });
  at("reset").addEventListener("click", () => {
    Object.assign(state, { values: { ...state.present }, intensity: 1, expression: null });
    update();
    changed(state);
  });
  at("panel").addEventListener("submit", (event) => event.preventDefault());

  function update() {
    for (const [au, { input, output, mark, guess }] of rows) {
      const value = state.values[au];
      input.value = String(value);
      output.textContent = value.toFixed(1);
      guess.hidden = !state.guessed.includes(au);
      mark.style.setProperty("--at", String(state.present[au] / about.au_max));
    }
    for (const [name, button] of buttons) button.setAttribute("aria-pressed", String(name === state.expression));
    at("intensity").value = String(Math.round(100 * state.intensity));
    at("intensity-value").textContent = `${Math.round(100 * state.intensity)} %`;
  }

  return (shown) => {
    state = shown;
    update();
  };
}

function slider(unit, most) {
  const input = element("input", { type: "range", id: unit.au, min: "0", max: String(most), step: "0.1" });
  input.setAttribute("aria-describedby", `${unit.au}-help`);
  const output = element("output", { htmlFor: unit.au });
  const mark = element("span", { className: "mark", ariaHidden: "true" });
  const guess = element("span", { hidden: true, textContent: " Not measured here: the mark is a neutral face's." });
  const box = element("div", { className: "slider" },
    element("label", { htmlFor: unit.au, textContent: unit.name }), output,
    element("div", { className: "track" }, input, mark),
    element("p", { className: "help", id: `${unit.au}-help`, textContent: `${unit.au}. ${unit.help}` }, guess));
  return { box, input, output, mark, guess };
}
