// What moves a sheet. Before it stand `values` and `height`, printed from the formula's graph, and DATA.
// The numbers of this page are doubles, proved nowhere; what was proved at the point is dimmed when it is left.
(() => {
const root = document.documentElement;
const all = (what, where = document) => [...where.querySelectorAll(what)];
const start = DATA.at;
let at = start.slice();

// -- numbers

const text = (value, digits) => typeof value === "boolean" ? String(value)
: Number.isNaN(value) ? "nan" : Math.abs(value) === Infinity ? (value < 0 ? "-inf" : "inf")
: String(digits ? Number(value.toPrecision(digits)) : value + 0);
const isDefined = out => !Number.isNaN(out[DATA.value]) && (DATA.defined === null || out[DATA.defined] === true);
const outputs = point => { const out = values(...point); return Array.isArray(out) ? out : [out]; };

// -- the page checks itself: what its program comes to, beside the numbers that were proved

const agrees = check => {
const out = outputs(check.at);
return isDefined(out) === check.defined && check.rows.every(([slot, wanted, far]) => Math.abs(out[slot] - wanted) <= far);
};
const counted = DATA.checks.reduce((sum, check) => sum + check.rows.length, 0);
const verdict = counted === 0 ? "none" : DATA.checks.every(agrees) ? "ok" : "failed";
root.dataset.selftest = verdict;
const state = document.getElementById("state");
const told = {
ok: `This page computes ${counted} proved numbers as they were proved.`,
none: "No number here could be compared: none is proved, or rounding errors reach too far.",
failed: "This page does not compute the numbers that were proved: trust those of the point, and none that moves.",
}[verdict];
const say = (words, is = "") => { state.textContent = words; state.className = verdict === "failed" ? "bad" : is; };

// -- live numbers

const cells = all("[data-v]").map(node => {
const { v, p } = node.dataset;
const place = node.closest("tr, svg, p");
return { words: node.firstChild, slot: +v, digits: p === undefined ? 6 : +p, first: node.textContent, place };
});

// What is in sight follows at once, what is not with the next picture: writing all of a long tape takes too long.
const seen = new Set(cells.map(cell => cell.place));
const watch = new IntersectionObserver(entries => {
for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
});
seen.forEach(place => watch.observe(place));
let later = 0, rest = () => {};
const write = told => {
const put = cell => { const value = told(cell); if (cell.words.data !== value) cell.words.data = value; };
cells.forEach(cell => { if (seen.has(cell.place)) put(cell); });
rest = () => { cells.forEach(put); rest = () => {}; };
cancelAnimationFrame(later);
later = requestAnimationFrame(() => rest());
};
addEventListener("beforeprint", () => rest());
const sliders = all("input[type=range]"), fields = all("input[type=number]");
const maps = all(".map circle");
const plots = all(".plot:not(.map)").map(node => ({
i: +node.dataset.i, slope: node.dataset.d === undefined ? null : +node.dataset.d,
part: name => node.querySelector(name), made: node.innerHTML, node,
}));

const update = () => {
const moved = at.some((x, i) => x !== start[i]);
maps.forEach(follow);
root.toggleAttribute("data-moved", moved);
if (!moved) {
write(cell => cell.first);
plots.forEach(plot => { plot.node.innerHTML = plot.made; });
say(told, verdict === "ok" ? "good" : "");
} else {
const out = outputs(at), defined = isDefined(out);
write(({ slot, digits }) =>
slot === DATA.value && !defined ? "undefined" : defined ? text(out[slot], digits) : "–");
plots.forEach(plot => draw(plot, out, defined));
const kink = defined && DATA.kinked !== null && out[DATA.kinked] === true;
say((verdict === "failed" ? told : "Moved: these numbers are doubles of this page, not proved.")
+ (defined ? "" : " The formula has no value here.")
+ (kink ? " A part of it is on its kink: the derivative is the one that its rule chooses." : ""));
}
};

// -- curves: drawn where the value is finite, and not across what cutting in two shows to be a jump

const [LEFT, RIGHT, TOP, BOTTOM, FAR, STEPS] = [52, 350, 10, 190, 2000, 160];

const sight = ys => {
const sorted = ys.filter(Number.isFinite).sort((a, b) => a - b), last = sorted.length - 1;
if (last < 0) return [-1, 1];
let [low, high] = [sorted[0], sorted[last]];
const [near, top] = [sorted[Math.floor(last * 0.05)], sorted[Math.ceil(last * 0.95)]];
const size = top - near || Math.abs(top) || 1;
if (high - top > 3 * size) high = top + size / 2;
if (near - low > 3 * size) low = near - size / 2;
if (!(high - low > 1e-12 * Math.max(Math.abs(low), Math.abs(high)))) {
const half = Math.abs(high) / 2 || 1;
return [low - half, high + half];
}
return [low - 0.06 * (high - low), high + 0.06 * (high - low)];
};

const jumps = (value, a, b, fa, fb, tall) => {
if (Math.abs(fb - fa) < tall / 12) return false;
const whole = Math.abs(fb - fa);
for (let cut = 0; cut < 40; cut++) {
const m = a + (b - a) / 2, fm = value(m);
if (!Number.isFinite(fm)) return true;
if (m <= a || m >= b) break;
if (Math.abs(fm - fa) > Math.abs(fb - fm)) [b, fb] = [m, fm]; else [a, fa] = [m, fm];
if (Math.abs(fb - fa) < whole / 4) return false;
}
return true;
};

const draw = (plot, out, defined) => {
const slider = sliders[plot.i], x0 = at[plot.i];
const low = Math.min(+slider.min, x0), high = Math.max(+slider.max, x0);
const point = at.slice();
const value = x => { point[plot.i] = x; return height(...point); };
const xs = Array.from({ length: STEPS + 1 }, (_, i) => low + (high - low) * i / STEPS), ys = xs.map(value);
const here = out[DATA.value];
const [bottom, top] = sight(defined ? [...ys, here] : ys).map(y => Math.min(Math.max(y, -8e307), 8e307));
const across = x => LEFT + (x - low) / (high - low) * (RIGHT - LEFT);
const up = y => Math.min(Math.max(BOTTOM - (y - bottom) / (top - bottom) * (BOTTOM - TOP), -FAR), FAR);
let path = "", open = false;
xs.forEach((x, i) => {
const y = ys[i];
if (!Number.isFinite(y)) { open = false; return; }
if (open && jumps(value, xs[i - 1], x, ys[i - 1], y, top - bottom)) open = false;
path += `${open ? "L" : "M"}${across(x).toFixed(1)} ${up(y).toFixed(1)}`;
open = true;
});
plot.part(".f").setAttribute("d", path);
const isSeen = defined && Number.isFinite(here);
const slope = isSeen && plot.slope !== null ? out[plot.slope] : NaN;
const line = x => `${across(x).toFixed(1)} ${up(here + slope * (x - x0)).toFixed(1)}`;
plot.part(".tangent").setAttribute("d", Number.isFinite(slope) ? `M${line(low)}L${line(high)}` : "");
plot.part(".zero").setAttribute("d", `M${LEFT} ${bottom < 0 && top > 0 ? up(0).toFixed(1) : -99}H${RIGHT}`);
const dot = plot.part("circle");
dot.setAttribute("cx", isSeen ? across(x0).toFixed(1) : -99);
dot.setAttribute("cy", isSeen ? up(here).toFixed(1) : -99);
const ends = { ".high": top, ".low": bottom, ".from": low, ".to": high };
for (const name in ends) plot.part(name).textContent = text(ends[name], 3);
};

// -- the point on a map of the first two variables: not to be seen beyond its ends

const follow = dot => {
const share = i => (at[i] - sliders[i].min) / (sliders[i].max - sliders[i].min);
const [u, v] = [share(0), share(1)], isSeen = u >= 0 && u <= 1 && v >= 0 && v <= 1;
dot.setAttribute("cx", isSeen ? (LEFT + u * (RIGHT - LEFT)).toFixed(1) : -99);
dot.setAttribute("cy", isSeen ? (BOTTOM - v * (BOTTOM - TOP)).toFixed(1) : -99);
};

// -- moving

const move = (i, value, from) => {
if (!Number.isFinite(value)) return;
at[i] = value;
if (from !== sliders[i]) sliders[i].value = value;
if (from !== fields[i]) fields[i].value = value;
update();
};
const reset = document.getElementById("reset");
sliders.forEach((node, i) => {
node.addEventListener("input", () => move(i, +node.value, node));
fields[i].addEventListener("input", () => move(i, fields[i].valueAsNumber, fields[i]));
});
if (reset) reset.addEventListener("click", () => {
at = start.slice();
sliders.forEach((node, i) => { node.value = start[i]; fields[i].value = start[i]; });
update();
});
[...sliders, ...fields, ...(reset ? [reset] : [])].forEach(node => { node.disabled = false; });
if (state) update();

// The first move is as quick as the others where the engine has seen the program run.
(window.requestIdleCallback || setTimeout)(() => {
for (let i = 0; i < 50; i++) { outputs(start); for (let k = 0; k < 20; k++) height(...start); }
});
})();
