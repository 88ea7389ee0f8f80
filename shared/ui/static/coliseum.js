// What pages do beyond plain HTML: move with what happens, sort tables, draw charts that answer the pointer.
// Everything here may be missing; the pages say the same without it. HTML comes from our own server alone.

const calm = matchMedia("(prefers-reduced-motion: reduce)");
const find = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const made = (html) => { const box = document.createElement("template"); box.innerHTML = html; return box.content; };

// ---- times: the reader's own clock keeps "3 min ago" true ----

function span(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}
function keepTimes() {
  for (const each of all("time[datetime]")) {
    const passed = (Date.now() - Date.parse(each.dateTime)) / 1000;
    const words = passed >= 0 ? `${span(passed)} ago` : `in ${span(-passed)}`;
    if (each.textContent !== words && !each.dataset.exact) each.textContent = words;
  }
}
setInterval(keepTimes, 5000);

// ---- tables that sort: a column's cells carry data-value where their words do not sort ----

const worth = (cell) => {
  const words = () => [...(cell?.childNodes ?? [])].filter((each) => each.nodeName !== "SMALL").map((each) => each.textContent).join("").trim();
  const said = cell?.dataset.value ?? cell?.querySelector("time")?.dateTime ?? words();
  const number = Number(said.replace(/[−▼▲+$,%¢\s]|\u2009/g, (mark) => (mark === "−" ? "-" : "")));
  return said === "" || said.startsWith("—") ? null : Number.isNaN(number) ? said.toLowerCase() : number;
};
function sort(table, column, down) {
  const body = table.tBodies[0];
  const rows = [...body.rows].filter((row) => !row.classList.contains("tier"));
  rows.sort((one, other) => {
    const [a, b] = [worth(one.cells[column]), worth(other.cells[column])];
    if (a === null || b === null) return (a === null) - (b === null); // the unknown comes last either way
    return (a < b ? -1 : a > b ? 1 : 0) * (down ? -1 : 1);
  });
  all("tr.tier", body).forEach((row) => row.remove()); // another order has no bands
  body.append(...rows);
  [...table.tHead.rows[0].cells].forEach((cell, index) => {
    if (index === column) cell.ariaSort = down ? "descending" : "ascending"; else cell.removeAttribute("aria-sort");
  });
}
const sorted = new Map(); // by the table's id, so that a part that comes anew keeps its order
function sortable(root) {
  for (const table of all("table[data-sort]", root)) {
    [...table.tHead.rows[0].cells].forEach((cell, column) => {
      if (!cell.textContent.trim() || find("button", cell)) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...cell.childNodes);
      button.addEventListener("click", () => {
        const down = cell.ariaSort ? cell.ariaSort === "ascending" : cell.classList.contains("n");
        sort(table, column, down);
        if (table.id) sorted.set(table.id, [column, down]);
      });
      cell.append(button);
    });
    const before = sorted.get(table.id);
    if (before) sort(table, ...before);
  }
}

// ---- charts ----

let charts; // uPlot, loaded by the first page that draws
function uplot() {
  charts ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = find("script[data-charts]").dataset.charts;
    script.onload = () => done(globalThis.uPlot);
    script.onerror = failed;
    document.head.append(script);
  });
  return charts;
}
const written = (value, unit, digits = null) => {
  if (value == null) return "—";
  const [least, most] = digits === null ? [unit === "¢" ? 1 : 2, 2] : [digits, digits];
  const figure = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: least, maximumFractionDigits: most });
  const sign = value < 0 && /[1-9]/.test(figure) ? "−" : "";
  return unit === "$" ? `${sign}$${figure}` : unit === "¢" ? `${sign}${figure}¢` : `${sign}${figure}\u2009${unit}`;
};
const isWhole = (value) => Math.abs(value - Math.round(value)) < 1e-6;
const digits = (marks) => (marks.length < 2 ? 2 : [0, 1, 2, 3].find((count) => isWhole((marks[1] - marks[0]) * 10 ** count)) ?? 4); // that write them exactly
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const shortTime = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", day: "2-digit", month: "short", hour: "2-digit", minute: "2-digit" });

const atAxis = (seconds) => { // midnight is its day
  const [day, time] = shortTime.format(new Date(seconds * 1000)).split(", ");
  return time === "00:00" ? day : time;
};

function padded(low, high, start) { // a line that never moves is no reason for an axis from 0 to 100
  const [least, most] = start == null ? [low, high] : [Math.min(low, start), Math.max(high, start)];
  const room = (most - least) * 0.06 || Math.abs(most) * 0.01 || 1;
  return [least - room, most + room];
}

function roomFor(marks, low, high) { // a mark at an edge is seen whole
  if (!marks.length) return [low, high];
  const [first, last] = [Math.min(low, ...marks.map((mark) => mark.at)), Math.max(high, ...marks.map((mark) => mark.at))];
  const room = (last - first) * 0.02;
  return [first - room, last + room];
}

async function draw(figure) {
  const given = JSON.parse(find("script[type='application/json']", figure).textContent);
  if (given.times.length < 2 && !given.data) return;
  const [Plot, whole] = await Promise.all([uplot(), given.data ? fetch(given.data).then((answer) => (answer.ok ? answer.json() : given), () => given) : given]);
  if (whole.times.length < 2) return;
  const canvas = find(".canvas", figure);
  const place = document.createElement("div");
  place.className = "plot";
  const width = () => Math.max(canvas.clientWidth, 240);
  const narrow = width() < 560;
  const labels = whole.series.filter((each) => !each.faint).length && !narrow ? 128 : 8;
  let chosen = null;
  const stroke = (each) => (plot, index) => {
    const other = chosen === null ? each.faint : chosen !== index;
    return other ? `${each.color}66` : each.color;
  };
  const options = {
    width: width(), height: 220, padding: [10, labels, 0, 0], legend: { show: false },
    cursor: { y: false, points: { size: 6 }, focus: { prox: 24 } }, scales: { x: { time: true, range: (plot, low, high) => roomFor(whole.marks ?? [], low, high) }, y: { range: (plot, low, high) => padded(low ?? whole.start ?? 0, high ?? whole.start ?? 0, whole.start) } },
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    series: [{}, ...whole.series.map((each) => ({
      label: each.name, stroke: stroke(each), width: each.faint ? 1 : 1.8, dash: each.dashed ? [4, 3] : undefined,
      points: { show: false }, spanGaps: false,
    }))],
    axes: [
      { stroke: token("--quiet"), grid: { show: false }, ticks: { show: false }, font: "11px system-ui", values: (plot, moments) => moments.map(atAxis).map((each, index, others) => (each === others[index - 1] ? null : each)) },
      { stroke: token("--quiet"), grid: { stroke: token("--line"), width: 0.6 }, ticks: { show: false }, font: "11px system-ui", size: 64, values: (plot, marks) => marks.map((each) => written(each, whole.unit, digits(marks))) },
    ],
    hooks: { draw: [(plot) => { start(plot, whole); ends(plot, whole, labels > 8); marks(plot, whole); }], setCursor: [(plot) => tell(plot, whole, place)] },
  };
  canvas.replaceChildren(place);
  const plot = new Plot(options, [whole.times, ...whole.series.map((each) => each.values)], place);
  keys(figure, whole, (index) => { chosen = chosen === index ? null : index; plot.redraw(); return chosen; });
  new ResizeObserver(() => plot.setSize({ width: width(), height: options.height })).observe(canvas);
}
function start(plot, whole) {
  if (whole.start == null) return;
  const y = Math.round(plot.valToPos(whole.start, "y", true));
  const { ctx, bbox } = plot;
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = token("--quiet");
  ctx.setLineDash([2, 3]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}
function ends(plot, whole, shown) {
  if (!shown) return;
  const { ctx, bbox } = plot, pixel = devicePixelRatio, found = [];
  whole.series.forEach((each, index) => {
    if (each.faint) return;
    const values = plot.data[index + 1];
    let last = values.length - 1;
    while (last >= 0 && values[last] == null) last -= 1;
    if (last >= 0) found.push([plot.valToPos(values[last], "y", true), each]);
  });
  found.sort((one, other) => one[0] - other[0]);
  ctx.save();
  ctx.font = `${11 * pixel}px system-ui`;
  ctx.textBaseline = "middle";
  ctx.textAlign = "left";
  let free = bbox.top;
  found.slice(0, 14).forEach(([y, each]) => {
    const at = Math.max(free, y);
    free = at + 14 * pixel;
    ctx.fillStyle = each.color;
    ctx.beginPath();
    ctx.arc(bbox.left + bbox.width + 8 * pixel, at, 3 * pixel, 0, 7);
    ctx.fill();
    ctx.fillStyle = token("--ink");
    ctx.fillText(each.name.length > 17 ? `${each.name.slice(0, 16)}…` : each.name, bbox.left + bbox.width + 15 * pixel, at);
  });
  ctx.restore();
}
function marks(plot, whole) {
  const { ctx } = plot, pixel = devicePixelRatio;
  for (const mark of whole.marks ?? []) {
    const [x, y] = [plot.valToPos(mark.at, "x", true), plot.valToPos(mark.value, "y", true)];
    const [reach, turn] = [5 * pixel, mark.shape === "down" ? -1 : 1];
    ctx.save();
    ctx.fillStyle = mark.color;
    ctx.strokeStyle = token("--paper");
    ctx.beginPath();
    if (mark.shape === "dot") ctx.arc(x, y, 4 * pixel, 0, 7);
    else { ctx.moveTo(x, y - reach * turn); ctx.lineTo(x - reach, y + reach * turn); ctx.lineTo(x + reach, y + reach * turn); ctx.closePath(); }
    ctx.fill();
    ctx.stroke();
    ctx.restore();
  }
}
function tell(plot, whole, place) {
  let box = find(".crosshair", place);
  const at = plot.cursor.idx;
  if (at == null || plot.cursor.left < 0) { box?.remove(); return; }
  if (!box) { box = document.createElement("div"); box.className = "crosshair"; place.append(box); }
  const rows = whole.series.map((each, index) => [each, plot.data[index + 1][at]]).filter(([, value]) => value != null)
    .sort((one, other) => other[1] - one[1]).slice(0, 12);
  const near = (whole.marks ?? []).filter((mark) => Math.abs(plot.valToPos(mark.at, "x") - plot.cursor.left) < 8).slice(0, 4);
  const head = document.createElement("strong");
  head.textContent = `${shortTime.format(new Date(plot.data[0][at] * 1000))} UTC`;
  const table = document.createElement("table");
  for (const [each, value] of rows) {
    const row = table.insertRow();
    row.insertCell().textContent = each.name;
    row.insertCell().textContent = written(value, whole.unit);
  }
  box.replaceChildren(head, table, ...near.map((mark) => { const line = document.createElement("div"); line.textContent = mark.words; return line; }));
  const left = plot.cursor.left + 76 + box.offsetWidth > place.clientWidth ? plot.cursor.left + 48 - box.offsetWidth : plot.cursor.left + 76;
  box.style.left = `${Math.max(left, 0)}px`;
  box.style.top = "8px";
}
const KEYS_MAX = 30;
function keys(figure, whole, choose) {
  if (whole.series.length < 2) return;
  const list = document.createElement("ul");
  list.className = "keys";
  const order = whole.series.map((each, index) => [each, index]).sort(([one], [other]) => one.faint - other.faint);
  order.slice(0, KEYS_MAX).forEach(([each, index]) => {
    const button = document.createElement("button");
    button.type = "button";
    button.ariaPressed = "false";
    const dot = made('<svg class="swatch" width="10" height="10" aria-hidden="true"><circle cx="5" cy="5" r="4"/></svg>').firstElementChild;
    dot.firstElementChild.setAttribute("fill", each.color);
    button.append(dot, ` ${each.name}`);
    button.addEventListener("click", () => {
      const now = choose(index + 1);
      all("button", list).forEach((other, place) => { other.ariaPressed = String(now === order[place][1] + 1); });
    });
    const item = document.createElement("li");
    item.append(button);
    list.append(item);
  });
  find(".keys", figure)?.remove();
  find(".canvas", figure).after(list);
}
function drawAll(root) {
  for (const figure of all("figure[data-chart]", root)) {
    new IntersectionObserver((seen, watcher) => {
      if (seen.some((each) => each.isIntersecting)) { watcher.disconnect(); draw(figure).catch(() => {}); } // the still picture stays
    }, { rootMargin: "300px" }).observe(figure);
  }
}

// ---- live parts ----

const tint = (element) => {
  if (calm.matches) return;
  element.classList.remove("changed");
  void element.offsetWidth; // so that the same cell can be tinted again
  element.classList.add("changed");
};
const waiting = new Map(); // parts that came while the pointer or the focus was in them, with cells that changed since
function put(name, html) {
  const place = find(`[data-part="${CSS.escape(name)}"]`);
  if (!place || place.innerHTML === html) return;
  if (place.dataset.stopped || place.matches(":hover") || place.contains(document.activeElement)) { waiting.set(name, { html, cells: new Map() }); return; }
  waiting.delete(name);
  replace(place, html);
}
function replace(place, html, cells = new Map()) {
  const opened = all("details[id][open]", place).map((each) => each.id);
  place.replaceChildren(made(html));
  for (const [key, newer] of cells) find(`[data-cell="${CSS.escape(key)}"]`, place)?.replaceChildren(made(newer));
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  enhance(place);
}
function letIn() {
  for (const [name, { html, cells }] of waiting) {
    const place = find(`[data-part="${CSS.escape(name)}"]`);
    if (place && !place.dataset.stopped && !place.matches(":hover") && !place.contains(document.activeElement)) { waiting.delete(name); replace(place, html, cells); }
  }
}
document.addEventListener("pointerout", () => setTimeout(letIn, 50));
document.addEventListener("focusout", () => setTimeout(letIn, 50));

function cell(key, html) {
  for (const late of waiting.values()) late.cells.set(key, html);
  for (const place of all(`[data-cell="${CSS.escape(key)}"]`)) {
    if (place.closest("[data-stopped]")) { place.held = html; continue; }
    if (place.innerHTML !== html) { place.replaceChildren(made(html)); tint(place); }
  }
}
function letGo(part) { // what came while nobody followed
  for (const place of all("[data-cell]", part)) {
    if (place.held != null) { const html = place.held; place.held = null; cell(place.dataset.cell, html); }
  }
  letIn();
}
const LINES_MAX = 120; // where the page does not say how many a list holds
const mostOf = (list) => Number(list.dataset.most) || LINES_MAX;
function tellLines(name, entries) {
  const list = find(`[data-lines="${CSS.escape(name)}"]`);
  if (!list) return;
  const fresh = [];
  for (const [key, html] of entries) {
    const old = find(`[data-line="${CSS.escape(key)}"]`, list);
    if (old) old.replaceWith(made(html)); else fresh.push(made(html).firstElementChild);
  }
  list.waiting = [...fresh, ...(list.waiting ?? [])].slice(0, mostOf(list));
  const reading = list.dataset.stopped || list.matches(":hover") || list.contains(document.activeElement) || list.getBoundingClientRect().top < -40;
  if (reading) offer(list); else show(list);
}
function show(list) {
  list.news?.remove();
  list.news = null;
  list.prepend(...(list.waiting ?? []));
  for (const each of list.waiting ?? []) tint(each);
  list.waiting = [];
  while (list.children.length > mostOf(list)) list.lastElementChild.remove();
}
function offer(list) {
  if (!list.waiting.length) return;
  if (!list.news) {
    list.news = document.createElement("button");
    list.news.type = "button";
    list.news.className = "news";
    list.news.addEventListener("click", () => {
      show(list);
      const box = list.closest(".scrolls") ?? list;
      box.scrollTop = 0; // the new ones are at the top
      list.firstElementChild?.scrollIntoView({ block: "nearest" });
      list.tabIndex = -1;
      list.focus({ preventScroll: true });
    });
    list.before(list.news);
  }
  list.news.textContent = `${list.waiting.length} new`;
}
function followers(root) {
  for (const list of all("[data-lines]", root)) {
    list.addEventListener("pointerleave", () => { if (!list.dataset.stopped && list.waiting?.length) show(list); });
  }
  for (const button of all("button[data-follow]", root)) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const name = CSS.escape(button.dataset.follow), list = find(`[data-lines="${name}"], [data-part="${name}"]`);
      const stop = !list.dataset.stopped;
      if (stop) list.dataset.stopped = "1"; else { delete list.dataset.stopped; if (list.dataset.part) letGo(list); else show(list); }
      button.textContent = stop ? "Follow" : "Stop following";
      button.ariaPressed = String(!stop);
    });
  }
  for (const box of all("[data-scroll]", root)) box.scrollTop = box.scrollHeight;
}

const away = find("[data-away]");
let lostAt = null, source = null, have = document.body.dataset.have ?? "";
function lost() {
  lostAt ??= new Date();
  away.hidden = false;
  away.textContent = `Nothing new since ${lostAt.toISOString().slice(11, 19)} UTC: the connection is lost or the database is away. This page tries again by itself.`;
}
function found() { lostAt = null; away.hidden = true; }
function open() {
  if (source || document.hidden) return;
  const address = new URL(document.body.dataset.live, location.href);
  if (have) address.searchParams.set("have", have);
  source = new EventSource(address);
  source.onopen = found;
  source.onerror = () => { lost(); if (source?.readyState === EventSource.CLOSED) { close(); setTimeout(open, 3000); } };
  source.addEventListener("away", lost);
  source.addEventListener("changes", (event) => {
    found();
    have = event.lastEventId;
    const { parts, cells, lines } = JSON.parse(event.data);
    for (const [name, html] of Object.entries(parts)) put(name, html);
    for (const [key, html] of Object.entries(cells)) cell(key, html);
    for (const [name, entries] of Object.entries(lines)) tellLines(name, entries);
    keepTimes();
    document.dispatchEvent(new CustomEvent("coliseum:changed"));
  });
}
function close() { source?.close(); source = null; }
if (document.body.dataset.live) {
  addEventListener("load", () => setTimeout(open, 0));
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open())); // hidden pages cost nothing
  addEventListener("pagehide", close);
  addEventListener("pageshow", () => { if (document.readyState === "complete") open(); });
}

// ---- keys, and everything that a new piece of a page needs ----

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  event.preventDefault();
  find(".search input, input[name='text']")?.focus();
});
for (const form of all("form[data-confirm]")) {
  form.addEventListener("submit", (event) => { if (!confirm(form.dataset.confirm)) event.preventDefault(); });
}
function enhance(root) { sortable(root); drawAll(root); followers(root); }
enhance(document);
keepTimes();
