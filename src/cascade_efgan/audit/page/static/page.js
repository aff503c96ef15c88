"use strict";
// The page's script: trails in a dialog, the comparison, the graph's boxes. Text goes in by textContent only.
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const maker = new Map();
data.jobs.forEach((job, place) => { job.place = place; job.outputs.forEach((path) => maker.set(path, job)); });

/** The jobs behind some files, the newest first. */
function chain(paths) {
  const found = new Set();
  const waiting = [...paths];
  while (waiting.length) {
    const job = maker.get(waiting.pop());
    if (job && !found.has(job)) { found.add(job); waiting.push(...job.inputs); }
  }
  return [...found].sort((a, b) => b.place - a.place);
}

function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function bytes(size) {
  return size < 1000 ? `${size} B` : size < 1e6 ? `${(size / 1e3).toFixed(0)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}

const isResult = (path) => path.startsWith("results/");
const address = (path) => path.slice("results/".length).split("/").map(encodeURIComponent).join("/");
const name = (path) => path.replace(/^results\//, "");

/** A picture cut out of a sheet. */
function tile(dataset, method, row, column, label, tag = "div") {
  const attributes = { class: `tile sheet-${dataset} of-${method}`, style: `--r:${row};--c:${column}` };
  return make(tag, label ? { ...attributes, role: "img", "aria-label": label } : { ...attributes, "aria-hidden": "true" });
}

function facts(pairs) {
  return make("dl", { class: "facts" }, pairs.filter(([, text]) => text).map(([term, text]) =>
    make("div", {}, make("dt", {}, term), make("dd", {}, text))));
}

function hashTable(title, paths) {
  if (!paths.length) return null;
  const row = (path) => {
    const [sha, size] = data.files[path] || ["not recorded", 0];
    return make("tr", {},
      make("th", { scope: "row" }, isResult(path) ? make("a", { href: address(path) }, name(path)) : path),
      make("td", {}, make("code", { title: sha }, sha.slice(0, 16))), make("td", { class: "number" }, bytes(size)));
  };
  return make("table", { class: "hashes" },
    make("thead", {}, make("tr", {}, make("th", { scope: "col" }, title), make("th", { scope: "col" }, "SHA-256"),
      make("th", { scope: "col", class: "number" }, "size"))),
    make("tbody", {}, paths.map(row)));
}

function step(job, open = false) {
  const seed = job.seed === null ? null : make("span", {}, `seed ${job.seed}`);
  const memory = job.mb === null ? "" : `, ${Math.round(job.mb)} MB`;
  return make("li", {}, make("details", { open },
    make("summary", {}, make("b", {}, job.rule), make("span", {}, job.id.replace(`${job.rule}/`, "")), seed,
      make("span", {}, duration(job.seconds) + memory)),
    data.rules[job.rule] ? make("p", {}, data.rules[job.rule]) : null,
    make("pre", { tabindex: "0", "aria-label": "Command" }, job.command),
    hashTable("wrote", job.outputs), hashTable("read", job.inputs),
    make("p", { class: "caution" }, `Started ${job.started}; ${data.code[job.code]} source files, which are in source.zip.`)));
}

/** The images behind a metric file: edits with what the classifier said, or the inputs. */
function images(cell) {
  const sheet = data.sheets[cell.dataset];
  const first = cell.metrics.find((metric) => metric.seed === data.seed);
  if (!sheet || !first) return null;
  const said = data.verdicts[first.path];
  const leftOut = new Set(data.left_out[first.path]);
  const onEdits = first.name !== "R" && first.name !== "R+G";
  const shows = onEdits ? sheet.methods.some(([method]) => method === cell.method) : true;
  if (!shows) return null;
  const figures = sheet.sources.flatMap((source, row) => (onEdits ? sheet.targets : [null]).flatMap((target, column) => {
    // Edits to the source's own expression are left out of some measures, and those with nothing to compare them with.
    if (onEdits && leftOut.has(`${source.id}:${target}`)) return [];
    const answer = said && said[onEdits ? `${source.id}:${target}` : source.id];
    const truth = onEdits ? target : source.expression;
    const words = onEdits ? `${source.expression} to ${target}` : source.expression;
    const verdict = !said ? null : answer === truth
      ? make("span", { class: "right-answer" }, " ✓ recognised")
      : make("span", { class: "wrong-answer" }, ` ✗ taken for ${answer || "another"}`);
    return make("figure", {}, tile(cell.dataset, onEdits ? cell.method : "input", row, column, `Person ${source.person}, ${words}`),
      make("figcaption", {}, words, verdict ? make("br") : null, verdict));
  }));
  const seed = cell.metrics.length > 1 ? `, seed ${data.seed}` : "";
  const what = `${figures.length} of the ${first.n} ${onEdits ? "" : "test "}images behind it${seed}`;
  const shown = make("div", { class: "behind" }, figures.slice(0, 16));
  const rest = figures.slice(16);
  return [make("h3", {}, what), shown, rest.length ? make("details", {}, make("summary", {}, `${rest.length} more`),
    make("div", { class: "behind" }, rest)) : null];
}

function environmentPart(job) {
  const one = data.environments[job.environment];
  if (!one) return null;
  const where = `${one.processor}, ${one.cores} cores, ${one.gpus.join(", ") || "no GPU"}; ${one.system}; Python ${one.python}`;
  return make("details", {}, make("summary", {}, "Machine and package versions"),
    make("p", {}, where + (job.measured_environment ? "." : " (of the machine that recorded the run; this job’s log does not say).")),
    make("ul", { class: "packages" }, Object.entries(one.packages).map(([key, version]) =>
      make("li", {}, `${key} `, make("code", {}, version)))));
}

function showCell(fragment, text, around) {
  const cell = data.cells[fragment];
  const paths = cell.metrics.map((metric) => metric.path);
  const jobs = chain(paths);
  const commit = data.run.commit ? data.run.commit.slice(0, 12) + (data.run.changed.length ? ` with ${data.run.changed.length} changed files` : "") : "no git repository";
  const weights = jobs.flatMap((job) => job.outputs).filter((path) => path.endsWith(`/${cell.method}/weights.safetensors`));
  const raw = [...new Set(jobs.flatMap((job) => job.inputs))].filter((path) => !maker.has(path));
  const body = [
    make("p", { class: "big" }, text, " ", make("small", {}, cell.unit === "%" ? "percent" : cell.unit)),
    facts([
      [around.startsWith("(") ? "Interval over people" : "Over seeds", around.replace(/[()]/g, "")],
      ["Full precision", cell.value.toFixed(6)],
      ["Images", [...new Set(cell.metrics.map((metric) => metric.n))].join(", ")],
      ["Seed", cell.metrics.map((metric) => metric.seed).join(", ")],
      ["Commit", commit],
      ["Jobs", `${jobs.length}, together ${duration(jobs.reduce((sum, job) => sum + job.seconds, 0))}`],
      ["Weights", weights.length ? weights.map((path) => data.files[path][0].slice(0, 16)).join(", ") : ""],
    ]),
    images(cell),
    make("h3", {}, "The chain, from the number back to raw data"),
    make("ol", { class: "steps" }, jobs.map((job, place) => step(job, place === 0))),
    raw.length ? make("h3", {}, "Not made by this workflow") : null, hashTable("file", raw),
    make("h3", {}, "Where it was computed"), jobs.length ? environmentPart(jobs[0]) : null,
  ];
  open(`${data.titles[cell.dataset] || cell.dataset}`, `${cell.title}: ${cell.column.replaceAll("_", " ")}`, body);
}

function showRule(rule) {
  const jobs = data.jobs.filter((job) => job.rule === rule);
  open("Rule", rule, [make("p", {}, data.rules[rule] || ""),
    facts([["Jobs", String(jobs.length)], ["Time", duration(jobs.reduce((sum, job) => sum + job.seconds, 0))]]),
    make("ol", { class: "steps" }, jobs.map((job) => step(job, jobs.length === 1)))]);
}

// The dialog: the browser keeps the focus inside and closes it on Escape; the focus goes back to what opened it.
const dialog = byId("trail");
let opener = null;

function open(kicker, title, body) {
  byId("trail-kicker").textContent = kicker;
  byId("trail-title").textContent = title;
  byId("trail-body").replaceChildren(...body.flat().filter(Boolean));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId("trail-title").focus({ preventScroll: true });
}

function follow(hash, from = null) {
  const fragment = decodeURIComponent(hash.slice(1));
  const button = document.querySelector(`[data-cell="${CSS.escape(fragment)}"]`);
  if (button) { opener = from || button; showCell(fragment, button.textContent.trim(), button.dataset.around); return true; }
  const rule = fragment.startsWith("rule.") ? fragment.slice(5) : null;
  if (rule && data.jobs.some((job) => job.rule === rule)) {
    opener = from || document.querySelector(`[data-rule="${CSS.escape(rule)}"]`);
    showRule(rule);
    return true;
  }
  return false;
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-cell], [data-rule]");
  if (target) {
    event.preventDefault();
    const hash = `#${target.dataset.cell || `rule.${target.dataset.rule}`}`;
    history.replaceState(null, "", hash);
    follow(hash, target);
  } else if (event.target === dialog) dialog.close();
});
byId("close").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  history.replaceState(null, "", location.pathname + location.search);
  if (opener) opener.focus();
  opener = null;
});
window.addEventListener("hashchange", () => follow(location.hash));

// On a narrow screen the graph begins in its middle, not at an empty corner.
const graph = document.querySelector(".dag");
graph.scrollLeft = (graph.scrollWidth - graph.clientWidth) / 2;
// The arrows of a box come forward with it.
document.querySelectorAll(".node").forEach((node) => {
  const near = document.querySelectorAll(`.arrow[data-from="${node.dataset.rule}"], .arrow[data-to="${node.dataset.rule}"]`);
  const mark = (on) => () => near.forEach((arrow) => arrow.classList.toggle("near", on));
  for (const [kind, on] of [["mouseenter", true], ["focus", true], ["mouseleave", false], ["blur", false]]) node.addEventListener(kind, mark(on));
});

// The comparison.
const shown = { source: 0, target: 0, left: "input", right: null };

function methodsOf(sheet) { return [["input", "Input"], ...sheet.methods.filter(([method]) => method !== "unchanged")]; }

function place(element, method, label) {
  const dataset = byId("dataset").value;
  element.className = `tile sheet-${dataset} of-${method}${element.id === "right" ? " over" : ""}`;
  element.style.setProperty("--r", shown.source);
  element.style.setProperty("--c", method === "input" ? 0 : shown.target);
  element.setAttribute("aria-label", label);
}

function drawStage() {
  const sheet = data.sheets[byId("dataset").value];
  const titles = new Map(methodsOf(sheet));
  const source = sheet.sources[shown.source];
  const about = `person ${source.person}, ${source.expression} to ${sheet.targets[shown.target]}`;
  for (const side of ["left", "right"]) {
    place(byId(side), shown[side], `${titles.get(shown[side])}: ${about}`);
    byId(`${side}-tag`).textContent = titles.get(shown[side]);
    byId(`${side}-method`).value = shown[side];
  }
  byId("strip").replaceChildren(...methodsOf(sheet).map(([method, title]) => {
    const button = make("button", { type: "button", "aria-pressed": String(method === shown.right), "data-method": method },
      tile(byId("dataset").value, method, shown.source, method === "input" ? 0 : shown.target, ""), title);
    return button;
  }));
  moveLine();
}

function moveLine() {
  const at = Number(byId("at").value);
  byId("stage").style.setProperty("--at", `${at}%`);
  byId("at").setAttribute("aria-valuetext", `${at} % ${byId("left-tag").textContent}, ${100 - at} % ${byId("right-tag").textContent}`);
}

function radios(parent, kind, items, label) {
  byId(parent).replaceChildren(...items.map((item, number) => make("label", {},
    make("input", { type: "radio", name: kind, value: number, checked: number === shown[kind] }), label(item, number))));
}

function drawChoices() {
  const dataset = byId("dataset").value;
  const sheet = data.sheets[dataset];
  shown.source = 0;
  shown.target = Math.max(0, sheet.targets.findIndex((target) => target !== sheet.sources[0].expression));
  const methods = methodsOf(sheet);
  shown.left = "input";
  shown.right = (methods.find(([method]) => method === "cascade_ef_gan") || methods.at(-1))[0];
  radios("sources", "source", sheet.sources, (source, row) =>
    [tile(dataset, "input", row, 0, `Person ${source.person}`), source.expression]);
  radios("targets", "target", sheet.targets, (target) => target);
  for (const side of ["left", "right"]) {
    byId(`${side}-method`).replaceChildren(...methods.map(([method, title]) => make("option", { value: method }, title)));
  }
  drawStage();
}

if (byId("gallery")) {
  byId("gallery").addEventListener("change", ({ target }) => {
    if (target.id === "dataset") return drawChoices();
    if (target.name === "source" || target.name === "target") shown[target.name] = Number(target.value);
    if (target.id === "left-method") shown.left = target.value;
    if (target.id === "right-method") shown.right = target.value;
    if (target.id !== "at") drawStage();
  });
  byId("at").addEventListener("input", moveLine);
  byId("strip").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    shown.right = button.dataset.method;
    drawStage();
    byId("strip").querySelector(`[data-method="${shown.right}"]`).focus();
  });
  drawChoices();
}
follow(location.hash);
document.documentElement.dataset.ready = "true";
