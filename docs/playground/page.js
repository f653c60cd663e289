// What is asked when, and what is shown. The fragment of the address is the question: #f=x^2&at=x=1&show=tape
const EXAMPLES = [
  ["x^2*sin(3y)", "x=2, y=pi/4"],
  ["(1 - cos(x))/x^2", "x=1e-8"],
  ["abs(x)*y", "x=0, y=2"],
  ["ln(x1) + x1*x2 - sin(x2)", "x1=2, x2=5"],
  ["x^x/(1 + exp(-x))", ""],
];
const SECONDS = { first: 60, second: 30 };
const BOXES = 400; // lines of Graphviz's language of a graph that is drawn; of a larger one the tree is shown
const PAUSE = 120; // milliseconds without a key after which is asked

const $ = (id) => document.getElementById(id);
const formula = $("formula"), at = $("at"), state = $("state"), said = $("said");
const parts = { hessian: $("hessian-part"), tape: $("tape-part"), graph: $("graph-part"), json: $("json-part") };

/** A worker: one request under way, the latest other one waiting; ended and begun anew when it takes too long. */
class Calculator {
  constructor(name, seconds) {
    Object.assign(this, { name, seconds, worker: null, running: null, waiting: null, count: 0, ready: false });
  }

  start() {
    if (this.worker) return;
    this.worker = new Worker("worker.js", { type: "module", name: this.name });
    this.worker.onmessage = ({ data }) => this.heard(data);
    this.worker.onerror = (event) => this.heard({ broken: event.message || "the worker cannot be loaded" });
  }

  /** The answer; null where a later request has taken its place. */
  ask(request) {
    this.start();
    this.waiting?.done(null);
    return new Promise((done) => {
      this.waiting = { request, done, id: ++this.count };
      this.next();
    });
  }

  next() {
    if (this.running || !this.waiting || !this.ready) return;
    this.running = this.waiting;
    this.waiting = null;
    this.timer = setTimeout(() => this.end({ late: this.seconds }), this.seconds * 1000);
    this.worker.postMessage({ id: this.running.id, request: this.running.request });
  }

  heard(data) {
    if (data.ready) {
      this.ready = true;
    } else if (data.broken) {
      return this.end(data);
    } else if (this.running?.id === data.id) {
      clearTimeout(this.timer);
      this.running.done(data);
      this.running = null;
    }
    this.next();
  }

  /** End the worker; what it was asked has no answer. */
  end(reason) {
    clearTimeout(this.timer);
    this.worker.terminate();
    const asked = this.running ?? this.waiting;
    const wasReady = this.ready;
    if (!this.running) this.waiting = null;
    Object.assign(this, { worker: null, running: null, ready: false });
    asked?.done(reason);
    if (wasReady || this.waiting) this.start();
  }
}

const first = new Calculator("plain", SECONDS.first);
const second = new Calculator("symbolic", SECONDS.second);
const began = performance.now();
let cold = true, asked = 0;

function question() {
  const views = ["grad", ...["hessian", "tape", "graph"].filter((name) => parts[name].open)];
  return { formula: formula.value, at: at.value, views, boxes: BOXES };
}

function remember() {
  const open = Object.keys(parts).filter((name) => parts[name].open);
  const fields = [["f", formula.value], ["at", at.value], ["show", open.join(",")]].filter(([, value]) => value);
  const text = fields.map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%(5E|3D|2C|2F|20|2B)/g, (c) => ({ "%5E": "^", "%3D": "=", "%2C": ",", "%2F": "/" })[c] ?? c)}`);
  history.replaceState(null, "", text.length ? `#${text.join("&")}` : location.pathname);
}

/** A part of the address as it was meant, or as it stands where it is no text. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function recall() {
  const fields = Object.fromEntries(
    location.hash.slice(1).split("&").map((field) => [field.split("=", 1)[0], decoded(field.slice(field.indexOf("=") + 1))]),
  );
  formula.value = fields.f ?? EXAMPLES[0][0];
  at.value = fields.at ?? (fields.f === undefined ? EXAMPLES[0][1] : "");
  for (const name of Object.keys(parts)) parts[name].open = (fields.show ?? "").split(",").includes(name);
}

/** The words of the command that says the same. */
function command(request) {
  const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
  return `gradcalc grad ${quoted(request.formula)}${request.at.trim() ? ` --at ${quoted(request.at)}` : ""} --json`;
}

function showError(place, view) {
  place.textContent = view?.said ?? "";
  place.hidden = !place.textContent;
}

function show(reply, request) {
  const { grad } = reply.views;
  const failed = !grad.json;
  showError(said, grad);
  said.classList.toggle("aside", !failed);
  formula.setAttribute("aria-invalid", String(failed && grad.code === 2));
  $("grad").innerHTML = grad.html ?? "";
  parts.json.querySelector("pre").textContent = grad.json ? JSON.stringify(JSON.parse(grad.json), null, 1) : "";
  parts.json.querySelector("p").innerHTML = "<code></code>";
  parts.json.querySelector("code").textContent = command(request);
  for (const name of ["hessian", "tape", "graph"]) {
    const view = reply.views[name];
    if (!view) continue;
    const same = view.said === grad.said; // what stands above already is not said again
    showError(parts[name].querySelector("pre"), failed && same ? null : view);
    const place = parts[name].querySelector(".view");
    place.innerHTML = view.svg ? `<div class="picture">${view.svg.slice(view.svg.indexOf("<svg"))}</div>` : view.html ?? "";
    place.classList.toggle("tree", name === "graph" && !view.svg);
  }
  document.body.classList.remove("stale");
}

function blank(words) {
  for (const place of document.querySelectorAll(".view, pre")) place.replaceChildren();
  for (const place of document.querySelectorAll("pre.error, #said")) place.hidden = true;
  document.body.classList.remove("stale");
  state.textContent = words;
}

const time = (took) => (took < 1000 ? `${Math.max(1, Math.round(took))} ms` : `${(took / 1000).toFixed(1)} s`);

async function ask() {
  const number = ++asked, request = question();
  remember();
  delete document.documentElement.dataset.answered;
  if (!request.formula.trim()) return blank(first.ready ? "Type a formula." : "Loading Python…");
  document.body.classList.add("stale");
  const slow = setTimeout(() => first.ready && number === asked && (state.textContent = "Computing…"), 400);
  const reply = await first.ask(request);
  clearTimeout(slow);
  if (!reply || number !== asked) return;
  if (!reply.views) return blank(without(reply));
  show(reply, request);
  const took = cold ? `First answer after ${time(performance.now() - began)}` : `Answered in ${time(reply.took)}`;
  cold = false;
  document.documentElement.dataset.took = String(reply.took);
  keep();
  if (!reply.views.grad.json) return settle(reply, "");
  state.textContent = `${took}. SymPy is asked as well…`;
  const opinion = await second.ask({ ...request, views: ["grad"] });
  if (!opinion || number !== asked) return;
  if (opinion.views?.grad.json) show({ views: { ...reply.views, grad: opinion.views.grad } }, request);
  settle(opinion.views ? opinion : reply, `${took}. ${opinion.views ? `SymPy heard after ${time(opinion.took)}.` : `Without SymPy: ${without(opinion)}`}`);
}

/** What is shown will stay: for who waits for that, a test say. */
function settle(reply, words) {
  state.textContent = words;
  document.documentElement.dataset.answered = JSON.stringify(reply.views.grad);
}

function without(reply) {
  return reply.late ? `ended after ${reply.late} s.` : `the calculator has stopped: ${reply.broken.split("\n")[0].slice(0, 200)}`;
}

let keeping = false;
/** Once there is an answer, all files are kept for a time without a network. */
async function keep() {
  if (keeping || !navigator.serviceWorker) return;
  keeping = true;
  try {
    await navigator.serviceWorker.register("sw.js");
    (await navigator.serviceWorker.ready).active.postMessage("keep");
  } catch {
    keeping = false;
  }
}
navigator.serviceWorker?.addEventListener("message", ({ data }) => {
  $("kept").textContent = data === "kept" ? "This page works offline now." : "";
  document.documentElement.dataset.kept = data;
});

let timer;
for (const field of [formula, at]) {
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE);
  });
}
$("question").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  ask();
});
for (const part of Object.values(parts)) part.addEventListener("toggle", () => ask());
for (const [text, point] of EXAMPLES) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => {
    [formula.value, at.value] = [text, point];
    ask();
  });
  $("examples").append(button);
}
$("link").addEventListener("click", async () => {
  remember();
  try {
    await navigator.clipboard.writeText(location.href);
    $("link").textContent = "Copied";
  } catch {
    $("link").textContent = "It is in the address";
  }
  setTimeout(() => ($("link").textContent = "Copy link"), 2000);
});
addEventListener("hashchange", () => {
  recall();
  ask();
});
recall();
ask();
