// Pyodide with the calculator; in the worker named "symbolic" SymPy too, working here. A request is a message, and so is its answer.
import { loadPyodide } from "./pyodide/pyodide.mjs";

const symbolic = self.name === "symbolic"; // no word in the address: one kept by sw.js would lose it
const ready = start();
let drawing = null;

async function start() {
  const base = new URL("./pyodide/", self.location.href).href;
  const packages = ["gradcalc", ...(symbolic ? ["sympy"] : [])];
  const [pyodide, protocol] = await Promise.all([
    loadPyodide({ indexURL: base, packages, stdout: () => {}, stderr: () => {} }),
    fetch("./protocol.py").then((file) => file.text()),
  ]);
  pyodide.FS.writeFile("/home/pyodide/protocol.py", protocol);
  pyodide.runPython('import sys; sys.path.insert(0, "/home/pyodide")');
  if (symbolic) {
    pyodide.runPython("from gradcalc.truth.second_opinion import get_worker, work_here\nwork_here(); get_worker().start()");
  }
  const { answered } = pyodide.pyimport("protocol");
  answered(JSON.stringify({ formula: "x*y", at: "x=1,y=2", views: ["grad"], symbolic }));
  self.postMessage({ ready: true });
  return answered;
}

async function draw(dot) {
  drawing ??= import("./viz/viz.js").then((viz) => viz.instance());
  return (await drawing).renderString(dot, { format: "svg" });
}

async function answer({ id, request }) {
  try {
    const answered = await ready;
    const began = performance.now();
    const views = JSON.parse(answered(JSON.stringify({ ...request, symbolic })));
    const took = performance.now() - began;
    for (const view of Object.values(views)) {
      if (view.dot && request.boxes > view.dot.split("\n").length) {
        view.svg = await draw(view.dot);
      }
    }
    self.postMessage({ id, views, took });
  } catch (error) {
    self.postMessage({ id, broken: String(error?.message ?? error) });
  }
}

let line = Promise.resolve();
self.onmessage = ({ data }) => {
  line = line.then(() => answer(data));
};
ready.catch((error) => self.postMessage({ broken: String(error?.message ?? error) }));
