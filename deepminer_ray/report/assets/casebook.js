"use strict";
const cases = JSON.parse(document.getElementById("cases").textContent);
const about = JSON.parse(document.getElementById("about").textContent);
const byId = (id) => document.getElementById(id);
const element = (name, text = "", more = {}) => Object.assign(document.createElement(name), { textContent: text }, more);
const number = (value) => (value === null ? "" : value.toPrecision(3));
const percent = (value) => (value === null ? "" : `${Math.round(100 * value)} %`);
const MAROON = "#800000", PALE = "#ffe0c0";
let current = null, shownMap = 0, outlined = true;

// ---- Which cases -------------------------------------------------------------------------------------------------

const textOf = (one) => [one.scan, one.patient, one.report, one.report.replaceAll("_", " "), one.truth, one.decided, one.error,
  ...one.units.map((unit) => `${unit.name} ${unit.phenomenon}`)].join(" ").toLowerCase();
for (const one of cases) one.text = textOf(one);

function fits(one) {
  const decision = byId("decision").value;
  const words = byId("words").value.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => one.text.includes(word))
    && (!decision || (decision === "right" ? one.right === true : decision === "wrong" ? one.right === false : one.error === decision))
    && (!byId("truth").value || (one.truth ?? "unproven") === byId("truth").value)
    && (!byId("decided").value || one.decided === byId("decided").value)
    && (!byId("concept").value || one.units.some((unit) => unit.named && unit.phenomenon.split("; ").includes(byId("concept").value)));
}

function search() {
  const found = cases.filter(fits);
  byId("found").textContent = `${found.length} of ${cases.length} cases`;
  byId("list").replaceChildren(...found.map((one) => {
    const button = element("button", one.scan, { type: "button" });
    const verdict = one.right === null ? "unproven" : one.right ? "right" : one.error;
    button.append(element("br"), element("span", `${one.truth ?? "unproven"}, decided ${one.decided}: ${verdict}`,
      { className: one.right === null ? "soft" : one.right ? "right" : "wrong" }));
    button.dataset.scan = one.scan;
    button.addEventListener("click", () => { location.hash = encodeURIComponent(one.scan); });
    const item = element("li");
    item.append(button);
    return item;
  }));
  mark();
}

function mark() {
  for (const button of byId("list").querySelectorAll("button"))
    button.setAttribute("aria-current", String(current !== null && button.dataset.scan === current.scan));
}

// ---- The picture -------------------------------------------------------------------------------------------------

function cellsOf(map) {
  if (!map.values) map.values = Uint8Array.from(atob(map.cells), (letter) => letter.charCodeAt(0));
  return map.values;
}

function overlay(context, one, map) {
  const picture = context.getImageData(0, 0, one.width, one.height), cells = cellsOf(map);
  for (let y = 0; y < one.height; y++) {
    const down = Math.min(Math.max((y - one.offset) / one.stride, 0), map.rows - 1), top = Math.floor(down), low = down - top;
    const first = top * map.columns, second = Math.min(top + 1, map.rows - 1) * map.columns;
    for (let x = 0; x < one.width; x++) {
      const across = Math.min(Math.max((x - one.offset) / one.stride, 0), map.columns - 1), left = Math.floor(across), right = across - left;
      const next = Math.min(left + 1, map.columns - 1);
      const above = cells[first + left] * (1 - right) + cells[first + next] * right;
      const below = cells[second + left] * (1 - right) + cells[second + next] * right;
      const value = above * (1 - low) + below * low, opacity = (about.opaque * value) / 255, colour = about.colours[Math.round(value)];
      const place = 4 * (y * one.width + x);
      if (one.colour) { // all colour is then the map's
        const [red, green, blue] = picture.data.subarray(place, place + 3);
        picture.data.fill(0.299 * red + 0.587 * green + 0.114 * blue, place, place + 3);
      }
      for (let channel = 0; channel < 3; channel++)
        picture.data[place + channel] = picture.data[place + channel] * (1 - opacity) + colour[channel] * opacity;
    }
  }
  context.putImageData(picture, 0, 0);
}

function nameOf(one) {
  if (shownMap < 0) return "without map";
  if (shownMap === one.maps.length - 1) return "probability";
  if (shownMap > one.units.length) return one.concepts[shownMap - 1 - one.units.length].phenomenon;
  return shownMap ? one.units[shownMap - 1].name : "class activation map";
}

function draw() {
  const canvas = byId("film"), one = current;
  if (!one || !one.image.complete) return;
  Object.assign(canvas, { width: one.width, height: one.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(one.image, 0, 0);
  const map = shownMap < 0 ? null : one.maps[shownMap];
  if (map && map.largest > 0) overlay(context, one, map);
  if (outlined) for (const [colour, width] of [[PALE, 5], [MAROON, 2.5]]) for (const ring of one.rings) {
    context.beginPath();
    ring.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    Object.assign(context, { strokeStyle: colour, lineWidth: width });
    context.stroke();
  }
  canvas.setAttribute("aria-label", `${canvas.dataset.word} ${one.scan}, ${nameOf(one)}`);
  for (const button of document.querySelectorAll("button[data-map]")) button.setAttribute("aria-pressed", String(Number(button.dataset.map) === shownMap));
}

function mapButton(text, map) {
  const button = element("button", text, { type: "button" });
  button.dataset.map = map;
  button.addEventListener("click", () => { shownMap = shownMap === map ? -1 : map; draw(); });
  return button;
}

// ---- The words ---------------------------------------------------------------------------------------------------

const conceptOf = (concept) => (concept.named ? concept.phenomenon : concept.phenomenon === "unnamed" ? "units without a name" : `${concept.phenomenon} (no name)`);
const called = (unit) => `${unit.name} (${unit.phenomenon})`;

function table(titles, rows) {
  const made = element("table"), head = made.createTHead().insertRow(), body = made.createTBody();
  titles.forEach((title, place) => head.append(element("th", title, { scope: "col", className: place ? "number" : "" })));
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((value, place) => {
      const cell = line.insertCell();
      if (place) cell.className = "number";
      cell.append(value);
    });
  }
  return made;
}

function tell(one) {
  const said = byId("case");
  const verdict = one.right === null ? "what is true is unproven" : one.right ? "right" : one.error;
  const rated = [["assessment", one.assessment], ["subtlety", one.subtlety]].filter(([, value]) => value !== null);
  const probabilities = Object.entries(one.probabilities).map(([name, value]) => `${name} ${value.toFixed(3)}`).join(", ");
  const outline = mapButton("class activation map", 0), none = mapButton("image alone", -1);
  const probable = mapButton(`probability of ${one.decided}`, one.maps.length - 1);
  const lesion = element("button", "outline", { type: "button", ariaPressed: String(outlined) });
  lesion.addEventListener("click", () => { outlined = !outlined; lesion.setAttribute("aria-pressed", String(outlined)); draw(); });
  const tools = element("p");
  tools.append(outline, " ", probable, " ", none, " ", lesion);
  said.replaceChildren(
    element("h2", one.scan),
    element("p", `true: ${one.truth ?? "unproven"}, decided: ${one.decided} (${verdict})`, { className: one.right ? "right" : one.right === null ? "" : "wrong" }),
    element("p", `probabilities: ${probabilities}`),
    element("p", one.report || `no ${byId("film").dataset.finding} described`),
    element("p", rated.map(([name, value]) => `${name} ${value}`).join(", "), { className: "soft" }),
    tools,
    element("h3", `What speaks for ${one.decided}`),
    table(["concept", "units", "contribution", "share", "at (x, y)"], one.concepts.map((concept, place) => [concept, place]).filter(([concept]) => concept.units).map(([concept, place]) =>
      [mapButton(conceptOf(concept), one.units.length + 1 + place), String(concept.units), number(concept.contribution), percent(concept.share), `${concept.x}, ${concept.y}`])),
    element("p", "Units of one name together. Contribution: their terms of the logit at the cell that decided; share: of all that speaks for the class there; place: where their map peaks, in px of the image.", { className: "soft" }),
    element("h3", `The most influential units towards ${one.decided}`),
    table(["unit", "influence", "contribution", "share"], one.units.map((unit) =>
      [mapButton(called(unit), unit.rank), number(unit.influence), number(unit.contribution), percent(unit.share)])),
    element("p", "Contribution: the unit's term of the logit at the cell that decided; share: of all that speaks for the class there.", { className: "soft" }),
  );
  if (!one.over) return;
  const leads = (rows) => table(["unit", "lead"], rows.map((unit) => [called(unit), number(unit.lead)]));
  const ledBy = (rows) => table(["concept", "units", "lead"], rows.map((concept) => [conceptOf(concept), String(concept.units), number(concept.lead)]));
  said.append(
    element("h3", `Why ${one.decided} and not ${one.over}`), ledBy(one.concepts_for),
    element("h3", `What argued for ${one.over}`), ledBy(one.concepts_against),
  );
  if (!one.error) return;
  const alone = one.silence_alone.map(called), together = one.silence_together.map(called);
  said.append(
    element("h3", `Units that argued for ${one.decided} over ${one.truth}`), leads(one.argued_for),
    element("h3", "Units that argued against"), leads(one.argued_against),
    element("h3", "Silence that would have corrected it"),
    element("p", alone.length ? `any one of these alone: ${alone.join(", ")}` : "no unit alone"),
    element("p", together.length ? `together: ${together.join(", ")}` : "no few units together"),
  );
}

function show(one) {
  current = one;
  shownMap = 0;
  if (!one.image) {
    one.image = element("img", "", { src: one.film });
    one.image.addEventListener("load", draw);
  }
  tell(one);
  draw();
  mark();
}

function route() {
  const wanted = decodeURIComponent(location.hash.slice(1));
  const one = cases.find((each) => each.scan === wanted) ?? cases.find(fits) ?? cases[0];
  if (one && one !== current) show(one);
}

const choices = (id, values) => [...new Set(values)].sort().forEach((value) => byId(id).append(element("option", value)));
choices("truth", cases.map((one) => one.truth ?? "unproven"));
choices("decided", cases.map((one) => one.decided));
choices("concept", cases.flatMap((one) => one.units.filter((unit) => unit.named).flatMap((unit) => unit.phenomenon.split("; "))));
byId("search").addEventListener("input", search);
byId("search").addEventListener("submit", (event) => event.preventDefault());
byId("list").addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const buttons = [...byId("list").querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + step];
  if (next) { event.preventDefault(); next.focus(); next.click(); }
});
window.addEventListener("hashchange", route);
search();
route();
