// The survey's pages: patches and their images, the answer and its saving. No other file, nothing from outside.
"use strict";

const RETRY = 2000; // ms until a save that found no server is tried again
const TYPING = 500; // ms without a key until a description is saved
const RED = "#ff2a2a";
const MAROON = "#c0304a";
const EDGE = 2; // px on the screen, outside of what is outlined

const element = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};
const keycap = (text) => element("kbd", { textContent: text });

// ---- Films: every bit in the red and green of a PNG; images in colour are ordinary ones --------------------------

const films = new Map();

function filmPicture(number, data) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("This image cannot be shown now."));
    if (!data.static) {
      image.src = `${data.films_at}${number}.png${data.query}`;
      return;
    }
    // A page from a folder may not read the pixels of pictures beside it, but it may run a script beside it.
    const script = element("script", { src: `${data.films_at}${number}.js` });
    script.onload = () => { image.src = window.deepminerFilms[number]; script.remove(); };
    script.onerror = image.onerror;
    document.head.append(script);
  });
}

function film(number, data) {
  if (!films.has(number)) {
    const loading = filmPicture(number, data).then((image) => {
      const canvas = element("canvas", { width: image.naturalWidth, height: image.naturalHeight });
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      if (!data.display) return { width: canvas.width, height: canvas.height, picture: canvas };
      // Four bytes at once: red is the lowest on every machine that has a browser.
      const colours = new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
      const values = new Uint16Array(colours.length);
      for (let at = 0; at < values.length; at += 1) {
        values[at] = ((colours[at] & 255) << 8) | ((colours[at] >> 8) & 255);
      }
      return { width: canvas.width, height: canvas.height, values };
    });
    loading.catch(() => films.delete(number));
    films.set(number, loading);
  }
  return films.get(number);
}

// ---- The image beside the patches -------------------------------------------------------------------------------

class Viewer {
  constructor(figure, data) {
    this.data = data;
    this.frame = figure.querySelector(".frame");
    this.canvas = figure.querySelector("canvas");
    this.caption = figure.querySelector("figcaption");
    this.buttons = Object.fromEntries([...figure.querySelectorAll("[data-do]")].map((one) => [one.dataset.do, one]));
    this.on = { true: false, outline: false, other: false };
    for (const [name, button] of Object.entries(this.buttons)) button.addEventListener("click", () => this.do(name));
    this.resetWindow();
    this.frame.addEventListener("pointerdown", (down) => this.drag(down));
    this.frame.addEventListener("dblclick", () => this.do("window"));
    new ResizeObserver(() => this.draw()).observe(this.frame);
  }

  resetWindow() {
    if (!this.data.display) return;
    this.black = this.data.display.black;
    this.white = this.data.display.white;
  }

  do(name) {
    if (!this.buttons[name]) return; // of what these images do not have, such as another view
    if (name === "window") this.resetWindow();
    else {
      this.on[name] = !this.on[name];
      this.buttons[name].setAttribute("aria-pressed", String(this.on[name]));
      this.frame.toggleAttribute("data-true", this.on.true);
    }
    if (name === "other") this.show(this.patch);
    else {
      this.draw();
      if (name === "true") this.centre();
    }
  }

  drag(down) {
    if (!this.data.display) return; // colours stay as they are
    if (this.on.true && down.pointerType === "touch") return; // a finger moves the film, as nothing else could
    const from = { x: down.clientX, y: down.clientY, black: this.black, white: this.white };
    const span = this.data.display.black - this.data.display.white;
    const size = Math.max(this.frame.clientWidth, 1);
    const moved = (move) => {
      const width = (move.clientX - from.x) / size * span;
      const level = (move.clientY - from.y) / size * span;
      this.black = Math.max(from.black + level + width / 2, 0.01);
      this.white = Math.min(from.white + level - width / 2, this.black - 0.01);
      this.draw();
    };
    const up = () => {
      window.removeEventListener("pointermove", moved);
      window.removeEventListener("pointerup", up);
    };
    window.addEventListener("pointermove", moved);
    window.addEventListener("pointerup", up);
    down.preventDefault();
    this.frame.focus({ preventScroll: true });
  }

  async show(patch) {
    if (!patch) return;
    this.patch = patch;
    const own = this.data.films[patch.film];
    const number = this.on.other && own.other !== null ? own.other : patch.film;
    try {
      const loaded = await film(number, this.data);
      if (this.patch !== patch) return;
      this.loaded = loaded;
      this.number = number;
    } catch (error) {
      this.caption.textContent = error.message;
      return;
    }
    this.draw();
    if (this.on.true) this.centre();
  }

  windowed() {
    const { width, height, values } = this.loaded;
    const shades = new Uint32Array(65536);
    for (let value = 0; value < shades.length; value += 1) {
      const density = value / this.data.display.units;
      const shown = Math.min(Math.max((this.black - density) / (this.black - this.white), 0), 1);
      shades[value] = Math.round(255 * shown) * 0x010101 + 0xff000000;
    }
    const pixels = new ImageData(width, height);
    const colours = new Uint32Array(pixels.data.buffer);
    for (let at = 0; at < values.length; at += 1) colours[at] = shades[values[at]];
    return pixels;
  }

  draw() {
    if (!this.loaded) return;
    const { width, height, picture } = this.loaded;
    Object.assign(this.canvas, { width, height });
    const ratio = window.devicePixelRatio || 1;
    const fitting = Math.min(this.frame.clientWidth / width, this.frame.clientHeight / height);
    const scale = this.on.true ? 1 / ratio : fitting;
    this.canvas.style.width = `${width * scale}px`;
    this.canvas.style.height = `${height * scale}px`;
    const context = this.canvas.getContext("2d");
    if (picture) context.drawImage(picture, 0, 0);
    else context.putImageData(this.windowed(), 0, 0);
    this.outline(context, EDGE / scale);
    const about = this.data.films[this.number];
    const other = this.number === this.patch.film ? "" : ", the other view";
    const shown = picture ? "" : `: black at density ${this.black.toFixed(2)}, white at ${this.white.toFixed(2)}`;
    this.caption.textContent = `${about ? about.name : ""}${other}${shown}`;
  }

  outline(context, edge) {
    const about = this.data.films[this.number];
    if (this.on.outline && about) {
      context.lineWidth = edge;
      context.strokeStyle = MAROON;
      for (const ring of about.rings) {
        context.beginPath();
        ring.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
        context.closePath();
        context.stroke();
      }
    }
    if (this.number !== this.patch.film) return;
    const [x, y, width, height] = this.patch.box;
    const line = this.on.true ? EDGE : Math.max(1, Math.round(edge));
    // Around the patch, and inside it where it ends with the film.
    const left = Math.max(Math.round(x) - line, 0);
    const top = Math.max(Math.round(y) - line, 0);
    const right = Math.min(Math.round(x + width) + line, this.canvas.width);
    const bottom = Math.min(Math.round(y + height) + line, this.canvas.height);
    context.lineWidth = line;
    context.strokeStyle = RED;
    context.strokeRect(left + line / 2, top + line / 2, right - left - line, bottom - top - line);
  }

  centre() {
    const [x, y, width, height] = this.patch.box;
    const scale = this.canvas.clientWidth / this.canvas.width;
    this.frame.scrollTo((x + width / 2) * scale - this.frame.clientWidth / 2,
      (y + height / 2) * scale - this.frame.clientHeight / 2);
  }
}

// ---- Saving: in this browser first, then on the server's disk ---------------------------------------------------

class Saver {
  constructor(data, tell) {
    Object.assign(this, { data, tell, version: data.version, sending: false });
    this.key = `deepminer ${data.survey} ${data.order} ${data.place}`;
  }

  kept() {
    const text = localStorage.getItem(this.key);
    return text === null ? null : JSON.parse(text).answer;
  }

  save(answer) {
    localStorage.setItem(this.key, JSON.stringify({ answer, order: this.data.order, at: new Date().toISOString() }));
    if (this.data.static) this.tell("kept in this browser: download your answers when you are done", "saved");
    else this.send();
  }

  async send() {
    if (this.sending) return;
    const text = localStorage.getItem(this.key);
    if (text === null) return;
    this.sending = true;
    this.tell("saving", "saving");
    let later = 0;
    try {
      const body = { place: this.data.place, ...JSON.parse(text) };
      const reply = await fetch(this.data.save_at, {
        method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), keepalive: true,
      });
      if (reply.ok) this.acknowledged(await reply.json(), text);
      else if (reply.status >= 500) throw new Error("the server failed");
      else this.tell(`not saved: ${(await reply.json()).error}`, "unsaved");
    } catch {
      this.tell("not saved yet: the server does not answer. Your answer waits in this browser", "unsaved");
      later = RETRY;
    }
    this.sending = false;
    const left = localStorage.getItem(this.key);
    if (left !== null && (later || left !== text)) setTimeout(() => this.send(), later);
  }

  acknowledged(saved, text) {
    const others = saved.version > (this.version || 0) + 1;
    this.version = saved.version;
    if (localStorage.getItem(this.key) === text) localStorage.removeItem(this.key);
    const also = others ? "; another page of yours saved in between, both are kept" : "";
    this.tell(`saved, version ${saved.version}${also}`, "saved");
    const covered = document.querySelector(".covered");
    if (covered && saved.covered) covered.innerHTML = saved.covered; // made and escaped by the server's own template
    if (saved.suggestions && this.suggest) this.suggest(saved.suggestions);
  }
}

// What other pages of this survey kept and nobody acknowledged: left too soon, or while the server was away.
async function sendKept(about, except) {
  const before = `deepminer ${about.survey} ${about.order} `;
  const kept = Object.keys(localStorage).filter((key) => key.startsWith(before) && key !== except);
  let waiting = false;
  for (const key of kept) {
    const text = localStorage.getItem(key);
    const body = { place: Number(key.slice(before.length)), ...JSON.parse(text) };
    const reply = await fetch(about.save_at, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
    }).catch(() => null);
    if (reply && reply.ok && localStorage.getItem(key) === text) localStorage.removeItem(key);
    waiting = waiting || !reply || reply.status >= 500;
  }
  if (waiting) setTimeout(() => sendKept(about, except), RETRY);
}

// ---- One unit's question ----------------------------------------------------------------------------------------

class Question {
  constructor(section) {
    this.section = section;
    this.data = JSON.parse(section.querySelector("script.data").textContent);
    this.viewer = new Viewer(section.querySelector("figure.film"), this.data);
    this.saver = new Saver(this.data, (text, state) => this.status(text, state));
    this.saver.suggest = (html) => { section.querySelector(".suggestions").innerHTML = html; };
    const waiting = this.saver.kept();
    this.answer = waiting || this.data.answer;
    this.history = [];
    this.current = 0;
    this.segmentation = 0;
    this.patches();
    this.form();
    this.draw();
    if (waiting && !this.data.static) this.saver.send();
    else if (this.data.version) this.status(`saved, version ${this.data.version}`, "saved");
    else this.status("nothing said yet", "open");
  }

  status(text, state) {
    const shown = this.section.querySelector(".saved");
    shown.textContent = text;
    shown.dataset.state = state;
  }

  patches() {
    this.tiles = [...this.section.querySelectorAll(".patch")];
    this.tiles.forEach((tile, index) => {
      tile.tabIndex = index ? -1 : 0;
      const show = () => this.look(index);
      tile.addEventListener("focus", show);
      tile.addEventListener("pointerenter", show);
      tile.addEventListener("click", () => tile.focus());
    });
    this.section.querySelector(".segmentation").addEventListener("click", () => this.segment());
    this.segment(0);
    this.look(0);
  }

  look(index) {
    this.tiles.forEach((tile, at) => {
      tile.tabIndex = at === index ? 0 : -1;
      tile.toggleAttribute("data-shown", at === index);
    });
    this.shown = index;
    this.viewer.show(this.data.patches[index]);
  }

  step(key) {
    const tile = this.tiles[this.shown];
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
    let to = this.shown + (sideways || 0);
    if (!sideways) {
      const from = tile.getBoundingClientRect();
      const down = key === "ArrowDown";
      const distance = (other) => {
        const box = other.getBoundingClientRect();
        const away = down ? box.top - from.top : from.top - box.top;
        return away > 4 ? away * 1000 + Math.abs(box.left - from.left) : Infinity;
      };
      const nearest = this.tiles.reduce((best, other) => (distance(other) < distance(best) ? other : best), tile);
      to = this.tiles.indexOf(nearest);
    }
    if (this.tiles[to]) this.tiles[to].focus();
  }

  segment(step = 1) {
    const rules = Object.keys(this.data.rules);
    this.segmentation = (this.segmentation + step) % rules.length;
    const rule = rules[this.segmentation];
    this.section.querySelector(".which").textContent = this.data.rules[rule];
    // All pictures are one, patch under patch, so that a page needs one request for them.
    const sheet = new Image();
    sheet.src = `${this.data.pictures}${rule}.png${this.data.query}`;
    sheet.decode().then(() => {
      const last = Math.max(this.tiles.length - 1, 1);
      this.tiles.forEach((tile, index) => {
        const { style } = tile.querySelector(".picture");
        style.backgroundImage = `url("${sheet.src}")`;
        style.backgroundSize = `100% ${100 * this.tiles.length}%`;
        style.backgroundPosition = `0 ${100 * index / last}%`;
      });
      this.section.dataset.drawn = rule;
    }).catch(() => { this.section.querySelector(".which").textContent = "The pictures cannot be shown now."; });
  }

  // -- the form

  choices(name, values, keys, chosen, choose, many = false) {
    return values.map((value, index) => {
      const input = element("input", { type: many ? "checkbox" : "radio", name, checked: chosen(value) });
      input.addEventListener("change", () => choose(value));
      const cap = keys[index] ? [" ", keycap(keys[index])] : [];
      return element("label", {}, input, element("span", {}, String(value), ...cap));
    });
  }

  form() {
    const form = this.section.querySelector("form");
    form.addEventListener("submit", (event) => event.preventDefault());
    form.querySelector("[data-do=add]").addEventListener("click", () => this.add());
    form.querySelector("[data-do=undo]").addEventListener("click", () => this.undo());
    const id = this.data.place;
    form.querySelector(".recognizable").append(...this.choices(`recognizable${id}`, ["yes", "nothing recognizable"],
      ["", "0"], () => false, (value) => this.recognize(value === "yes")));
    form.querySelector(".confidence").append(...this.choices(`confidence${id}`, this.data.confidences,
      ["Shift 1", "Shift 2", "Shift 3"], () => false, (value) => this.change({ confidence: value })));
  }

  draw() {
    const focused = document.activeElement && this.section.contains(document.activeElement)
      ? document.activeElement.dataset.focus : undefined;
    const form = this.section.querySelector("form");
    const [yes, no] = form.querySelectorAll(".recognizable input");
    yes.checked = this.answer.recognizable === true;
    no.checked = this.answer.recognizable === false;
    form.querySelectorAll(".confidence input").forEach((input, index) => {
      input.checked = this.answer.confidence === this.data.confidences[index];
    });
    const shown = this.answer.recognizable === false ? [] : this.answer.phenomena;
    const boxes = shown.map((one, index) => this.phenomenon(one, index));
    form.querySelector(".phenomena").replaceChildren(...boxes);
    if (focused) {
      const again = form.querySelector(`[data-focus="${focused}"]`);
      if (again) again.focus();
    }
  }

  phenomenon(one, index) {
    const id = `${this.data.place}-${index}`;
    const set = (changed) => { this.current = index; this.changePhenomenon(changed); };
    const text = element("input", { type: "text", value: one.text, maxLength: 1000, id: `text${id}` });
    text.dataset.focus = `text${id}`;
    text.placeholder = "in your own words";
    text.addEventListener("focus", () => { this.current = index; });
    text.addEventListener("input", () => this.typed(index, text.value));
    const drop = element("button", { type: "button", textContent: "Drop " }, keycap("Shift D"));
    drop.addEventListener("click", () => { this.current = index; this.drop(); });
    const group = (name, legend, labels) => {
      const box = element("fieldset", { className: name }, element("legend", { textContent: legend }), ...labels);
      box.querySelectorAll("input").forEach((input, at) => { input.dataset.focus = `${name}${id}-${at}`; });
      return box;
    };
    const own = index === this.current;
    const categories = Object.keys(this.data.terms);
    const terms = one.category ? this.data.terms[one.category] : [];
    const toggled = (term) => (one.terms.includes(term) ? one.terms.filter((other) => other !== term) : [...one.terms, term]);
    const parts = [
      element("p", {}, element("label", { htmlFor: text.id, textContent: "Description" }, " ", keycap(own ? "/" : "")), text),
      group("category", this.data.words.category, this.choices(`category${id}`, categories,
        own ? categories.map((_, at) => String(at + 1)) : [], (value) => value === one.category,
        (value) => set({ category: value, terms: [] }))),
    ];
    if (terms.length) {
      parts.push(group("terms", `Terms of ${one.category.toLowerCase()}`, this.choices(`terms${id}`, terms,
        own ? [...this.data.letters] : [], (value) => one.terms.includes(value),
        (value) => set({ terms: toggled(value) }), true)));
    }
    parts.push(group("association", this.data.words.association, this.choices(`association${id}`,
      this.data.associations, own ? this.data.association_keys.map((key) => (key ? `Shift ${key}` : "")) : [],
      (value) => value === one.association, (value) => set({ association: value }))));
    const heading = element("h2", { textContent: `Phenomenon ${index + 1} ` }, drop);
    const box = element("div", { className: own ? "phenomenon current" : "phenomenon" }, heading, ...parts);
    box.addEventListener("focusin", () => { this.current = index; });
    return box;
  }

  // -- what changes the answer

  remember() {
    this.history.push(JSON.stringify(this.answer));
    if (this.history.length > 200) this.history.shift();
  }

  change(changed, redraw = true) {
    this.remember();
    this.answer = { ...this.answer, ...changed };
    if (redraw) this.draw();
    this.saver.save(this.answer);
  }

  empty() { return { text: "", category: null, terms: [], association: null }; }

  recognize(yes) {
    const phenomena = yes && !this.answer.phenomena.length ? [this.empty()] : this.answer.phenomena;
    this.change({ recognizable: yes, phenomena: yes ? phenomena : [] });
  }

  changePhenomenon(changed, redraw = true) {
    const before = this.answer.phenomena.length ? this.answer.phenomena : [this.empty()];
    const at = Math.min(this.current, before.length - 1);
    const phenomena = before.map((one, index) => (index === at ? { ...one, ...changed } : one));
    this.change({ recognizable: true, phenomena }, redraw);
  }

  typed(index, text) {
    clearTimeout(this.typing);
    this.current = index;
    if (this.before === undefined) this.before = JSON.stringify(this.answer);
    const phenomena = this.answer.phenomena.map((one, at) => (at === index ? { ...one, text } : one));
    this.answer = { ...this.answer, recognizable: true, phenomena };
    this.status("typing", "saving");
    this.typing = setTimeout(() => this.settle(), TYPING);
  }

  settle() {
    if (this.before === undefined) return;
    clearTimeout(this.typing);
    this.history.push(this.before);
    this.before = undefined;
    this.saver.save(this.answer);
  }

  add() {
    this.settle();
    this.current = this.answer.phenomena.length;
    this.change({ recognizable: true, phenomena: [...this.answer.phenomena, this.empty()] });
    this.describe();
  }

  drop() {
    this.settle();
    const phenomena = this.answer.phenomena.filter((_, index) => index !== this.current);
    this.current = Math.max(0, this.current - 1);
    this.change({ phenomena, recognizable: phenomena.length ? true : null });
  }

  undo() {
    this.settle();
    const before = this.history.pop();
    if (before === undefined) return;
    this.answer = JSON.parse(before);
    this.draw();
    this.saver.save(this.answer);
  }

  describe() {
    if (!this.answer.phenomena.length) this.recognize(true);
    const text = this.section.querySelector(`#text${this.data.place}-${this.current}`);
    if (text) text.focus();
  }

  // -- keys

  key(event) {
    if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(event.key)) {
      if (event.target.matches("input")) return false;
      this.step(event.key);
      return true;
    }
    if (event.key === "Enter") {
      if (event.target.matches("a, button:not(.patch)")) return false;
      this.settle();
      this.section.querySelector(event.shiftKey ? ".back" : ".next").click();
      return true;
    }
    return event.shiftKey ? this.shifted(event) : this.plain(event);
  }

  plain(event) {
    const categories = Object.keys(this.data.terms);
    if (event.key === "0") this.recognize(false);
    else if (event.key >= "1" && event.key <= String(categories.length)) {
      this.changePhenomenon({ category: categories[event.key - 1], terms: [] });
    } else if (event.key === "/") this.describe();
    else if (event.key === "+") this.add();
    else {
      const one = this.answer.phenomena[this.current];
      const term = one && one.category && this.data.terms[one.category][this.data.letters.indexOf(event.key)];
      if (!term || event.key.length !== 1) return false;
      const terms = one.terms.includes(term) ? one.terms.filter((other) => other !== term) : [...one.terms, term];
      this.changePhenomenon({ terms });
    }
    return true;
  }

  shifted(event) {
    const digit = { Digit1: 0, Digit2: 1, Digit3: 2 }[event.code];
    if (digit !== undefined) {
      this.change({ confidence: this.data.confidences[digit] });
      return true;
    }
    const letter = event.key.toUpperCase();
    const association = this.data.associations[this.data.association_keys.indexOf(letter)];
    const doing = { T: "true", O: "outline", V: "other", W: "window" }[letter];
    if (association) this.changePhenomenon({ association });
    else if (doing) this.viewer.do(doing);
    else if (letter === "R") this.segment();
    else if (letter === "U") this.undo();
    else if (letter === "D" && this.answer.phenomena.length) this.drop();
    else if (event.key === "+") this.add();
    else if (event.key === "/") this.describe();
    else return false;
    return true;
  }
}

// ---- Pages ------------------------------------------------------------------------------------------------------

const dialog = document.querySelector("dialog.help");
const shortcuts = dialog && dialog.querySelector(".shortcuts");
let question = null;

function begin(section) {
  if (!section.question) section.question = new Question(section);
  question = section.question;
}

function keys(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || (dialog && dialog.open)) return;
  if (event.target.matches("input[type=text]")) {
    if (event.key === "Escape") { event.target.blur(); return; }
    if (event.key !== "Enter") return;
  }
  if (event.key === "?" && dialog) { dialog.showModal(); event.preventDefault(); return; }
  if (shortcuts && !shortcuts.checked && event.key !== "Enter") return;
  if (question && question.key(event)) { event.preventDefault(); return; }
  const go = !question && event.target === document.body && document.querySelector(`[data-key="${event.key}"]`);
  if (go) go.click();
}

function route(sections) {
  const place = Number(location.hash.slice(1));
  const list = document.querySelector(".list");
  sections.forEach((section) => { section.hidden = section.id !== `question${place}`; });
  list.hidden = sections.some((section) => !section.hidden);
  question = null;
  const shown = sections.find((section) => !section.hidden);
  if (shown) begin(shown);
  else count(sections);
  window.scrollTo(0, 0);
}

function answers(sections) {
  return sections.flatMap((section) => {
    const data = JSON.parse(section.querySelector("script.data").textContent);
    const answer = new Saver(data, () => {}).kept();
    return answer && answer.recognizable !== null ? [{ data, answer }] : [];
  });
}

function rows({ data, answer }) {
  const about = { unit: data.unit, annotator: data.expert, confidence: answer.confidence };
  const named = answer.phenomena.filter((one) => one.text.trim() || one.category);
  if (!named.length) return [{ ...about, recognizable: String(answer.recognizable), phenomenon: null }];
  return named.map((one) => {
    const chosen = one.terms.length ? `: ${one.terms.join(", ")}` : "";
    const phenomenon = one.text.trim() || `${one.category.toLowerCase()}${chosen}`;
    const terms = one.terms.join("; ") || null;
    return { ...about, recognizable: "true", phenomenon, category: one.category, terms, association: one.association };
  });
}

function count(sections) {
  document.querySelector(".count").textContent = `${answers(sections).length} of ${sections.length} answered.`;
}

function download(sections) {
  const text = JSON.stringify(answers(sections).flatMap(rows), null, 1);
  const name = `annotations-${JSON.parse(sections[0].querySelector("script.data").textContent).expert}.json`;
  const link = element("a", { href: URL.createObjectURL(new Blob([text], { type: "application/json" })), download: name });
  document.body.append(link);
  link.click();
  link.remove();
}

async function adjudicate(button) {
  const body = { unit: Number(button.dataset.unit), annotator: button.dataset.annotator };
  const reply = await fetch("adjudicate", {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }).catch(() => null);
  if (reply && reply.ok) location.reload();
  else button.textContent = "not saved, click again";
}

const sections = [...document.querySelectorAll("section.unit")];
if (document.querySelector("main.static")) {
  document.querySelector(".download").addEventListener("click", () => download(sections));
  window.addEventListener("hashchange", () => route(sections));
  route(sections);
} else if (sections.length) begin(sections[0]);
const survey = document.querySelector("header[data-survey]");
if (survey) sendKept(JSON.parse(survey.dataset.survey), question && question.saver.key);
document.querySelectorAll(".adjudicate").forEach((one) => one.addEventListener("click", () => adjudicate(one)));
document.querySelectorAll("button.keys").forEach((one) => one.addEventListener("click", () => dialog.showModal()));
if (dialog) {
  dialog.querySelector(".close").addEventListener("click", () => dialog.close());
  shortcuts.checked = localStorage.getItem("deepminer keys") !== "off";
  shortcuts.addEventListener("change", () => localStorage.setItem("deepminer keys", shortcuts.checked ? "on" : "off"));
}
document.addEventListener("keydown", keys);
window.addEventListener("pagehide", () => question && question.settle());
