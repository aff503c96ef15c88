// The page: one photograph at a time, its faces, and one edit under way at a time.

import * as api from "./api.js";
import { attentionLayer, connectWipe, decode, draw } from "./stage.js";
import { connectSliders } from "./sliders.js";
import { connectStart } from "./start.js";
import { clear, complain, save, say } from "./words.js";

const at = (id) => document.getElementById(id);

let photograph = null; // { token, preview, faces: [{ present, guessed, values, intensity, expression, crop, picture }] }
let current = 0; // face on the stage
let shown = null; // { images, attention, network } of the last answer, decoded
let step = -1; // -1: the last one
let dirty = false;
let running = false;
let showSliders = null;

const face = () => photograph.faces[current];
const view = () => document.querySelector("input[name=view]:checked").value;
const settings = (place) => {
  const { values, intensity } = photograph.faces[place];
  return { face: place, aus: values, intensity };
};
const edited = ({ values, present }) => Object.keys(values).some((au) => values[au] !== present[au]);

async function start() {
  let about;
  try {
    about = await api.about();
  } catch (error) {
    complain(error.message);
    return;
  }
  at("model").textContent = about.model;
  at("caution").textContent = about.caution;
  at("caution").hidden = !about.caution;
  showSliders = connectSliders(about, schedule);
  connectStart(about, open);
  connectWipe(at("stage"), at("wipe"));
  at("attention").addEventListener("change", paint);
  at("network").addEventListener("change", paint);
  at("another").addEventListener("click", leave);
  at("download").addEventListener("click", () => handOut(at("download"), api.download, "edited"));
  at("gif").addEventListener("click", () => handOut(at("gif"), api.animate, "expression"));
  for (const choice of document.querySelectorAll("input[name=view]")) choice.addEventListener("change", schedule);
  addEventListener("pagehide", () => { if (photograph) api.forget(photograph.token); });
  // What the browser can do while the page is not ready is nothing: tests and screen readers wait for this.
  document.documentElement.dataset.ready = "true";
}

async function open(blob) {
  say("Looking for faces.");
  document.body.setAttribute("aria-busy", "true");
  at("choose").disabled = true;
  try {
    const answer = await api.openPhotograph(blob);
    const preview = await decode(answer.preview);
    const faces = await Promise.all(answer.faces.map(async ({ aus, guessed, crop, picture }) => ({
      present: aus, guessed, values: { ...aus }, intensity: 1, expression: null,
      crop: await decode(crop), picture: await decode(picture),
    })));
    if (photograph) api.forget(photograph.token);
    photograph = { token: answer.token, preview, faces };
    at("start").hidden = true;
    at("work").hidden = false;
    at("header-buttons").hidden = false;
    document.body.classList.add("working");
    showFaces();
    choose(0);
    say(faces.length === 1 ? "One face found." : `${faces.length} faces found.`);
    if (answer.note) complain(answer.note);
    at("viewer-title").focus({ preventScroll: true });
  } catch (error) {
    complain(error.message);
  } finally {
    document.body.removeAttribute("aria-busy");
    at("choose").disabled = false;
  }
}

function leave() {
  if (photograph) api.forget(photograph.token);
  photograph = null;
  shown = null;
  dirty = false;
  clear();
  at("work").hidden = true;
  at("header-buttons").hidden = true;
  document.body.classList.remove("working");
  at("start").hidden = false;
  at("choose").focus();
}

function choose(place) {
  current = place;
  shown = null;
  showSliders(face());
  schedule();
}

/** Ask for an edit; while one is under way, only the newest wish is kept. */
function schedule() {
  dirty = true;
  if (!running) work();
}

async function work() {
  running = true;
  at("busy").hidden = false;
  while (dirty && photograph) {
    dirty = false;
    const { token } = photograph;
    const wanted = view();
    const place = current;
    const started = performance.now();
    try {
      const edits = wanted === "face" ? [settings(place)] : allEdits();
      const answer = await api.edit(token, { view: wanted, edits });
      const images = await Promise.all(answer.images.map(decode));
      const attention = (await Promise.all(answer.attention.map(decode))).map(attentionLayer);
      if (photograph?.token !== token || current !== place) continue;
      const network = await Promise.all(answer.network.map(decode));
      shown = { view: wanted, images, attention, network };
      clear();
      paint();
      at("time").textContent = `${Math.round(performance.now() - started)} ms`;
      if (!dirty) say("The edit is shown.");
    } catch (error) {
      complain(error.message);
      if (error.status === 404) leave(), complain(error.message);
      else if (error.status === 503 && !dirty) dirty = await pause(); // full: once more, unless a hand moves first
    }
  }
  running = false;
  at("busy").hidden = true;
}

const pause = () => new Promise((done) => { setTimeout(() => done(true), 1000); });

/** Every face that was changed, and the one on the stage in any case. */
const allEdits = () =>
  photograph.faces.flatMap((one, place) => (edited(one) || place === current ? [settings(place)] : []));

function paint() {
  if (!shown || !photograph) return;
  const whole = shown.view === "photograph";
  const last = shown.images.length - 1;
  const place = step < 0 || step > last ? last : step;
  const raw = !whole && at("network").checked && shown.network.length > 0;
  const images = raw ? shown.network : shown.images;
  const overlay = at("attention").checked ? shown.attention[place] ?? null : null;
  draw(at("before"), whole ? photograph.preview : raw ? face().crop : face().picture);
  draw(at("after"), images[place], overlay);
  at("stage").dataset.shown = String(Number(at("stage").dataset.shown ?? 0) + 1);
  at("attention-row").hidden = whole;
  at("attention-help").hidden = whole || !at("attention").checked;
  at("network-row").hidden = whole || shown.network.length === 0;
  at("network-help").hidden = !raw;
  at("steps").hidden = last === 0;
  if (last > 0) showSteps(images, place, last);
}

function showSteps(images, place, last) {
  const row = at("steps-row");
  while (row.childElementCount <= last) {
    const number = row.childElementCount;
    row.append(thumb("step", number === last ? `${number + 1} (result)` : `${number + 1}`, () => {
      step = number === last ? -1 : number;
      paint();
    }));
  }
  for (const [number, one] of [...row.children].entries()) {
    draw(one.querySelector("canvas"), images[number], at("attention").checked ? shown.attention[number] : null);
    one.querySelector("input").checked = number === place;
  }
}

function showFaces() {
  at("faces").hidden = photograph.faces.length < 2;
  at("faces-row").replaceChildren(...photograph.faces.map((one, place) => {
    const made = thumb("face", `Face ${place + 1}`, () => choose(place));
    draw(made.querySelector("canvas"), one.picture);
    made.querySelector("input").checked = place === 0;
    return made;
  }));
}

function thumb(name, text, picked) {
  const made = document.createElement("label");
  made.className = "thumb";
  const input = Object.assign(document.createElement("input"), { type: "radio", name });
  input.addEventListener("change", picked);
  const picture = document.createElement("canvas");
  picture.setAttribute("aria-hidden", "true");
  made.append(input, picture, text);
  return made;
}

const SUFFIXES = { "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp", "image/tiff": "tif" };

async function handOut(button, make, stem) {
  button.disabled = true;
  clear();
  say("Making the file.");
  try {
    const blob = await make(photograph.token, { view: view(), edits: stem === "edited" ? allEdits() : [settings(current)] });
    save(blob, `${stem}.${SUFFIXES[blob.type] ?? "bin"}`);
    say("The file was downloaded.");
  } catch (error) {
    complain(error.message);
  } finally {
    button.disabled = false;
  }
}

start();
