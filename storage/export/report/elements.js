// How the page is built: from elements and text only, so that nothing in the log is ever read as markup.

/** An element with attributes (`on…` are listeners, false and null leave one out) and children (elements or text). */
function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;

const codeOf = (character) => `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;

/** Text in which the characters that turn or hide text are written out, for places that hold no elements. */
const visible = (text) => String(text).replace(new RegExp(UNSEEN.source, "gu"), codeOf);

/** Text of the log: kept apart from what stands around it, with the characters that turn or hide text made visible. */
function said(value) {
  const box = el("bdi", { class: "said" });
  for (const part of String(value).split(new RegExp(`(${UNSEEN.source})`, "u"))) {
    if (!UNSEEN.test(part)) box.append(part);
    else box.append(el("span", { class: "unseen" }, codeOf(part)));
  }
  return box;
}

/** What the log's ids are called, as the page's own note has it: {alerts, areas, partners}, ids → names. */
let names = { alerts: {}, areas: {}, partners: {} };

const nameIn = (known, id) => (Object.hasOwn(known, id) ? known[id] : null);

const nameOf = (partner) => nameIn(names.partners, partner) ?? String(partner);
const titleOf = (alert) => nameIn(names.alerts, alert);

/** A number of the log with what it is called, where it is: `A-1 Evacuation`. */
const labelOf = (id) => (titleOf(id) ? `${id} ${titleOf(id)}` : String(id));

/** The ids in a value that names partners: itself, its members, or its keys. */
function listOf(value) {
  if (value === null || value === undefined || value === "") return [];
  if (Array.isArray(value)) return value.filter(isText);
  return typeof value === "object" ? Object.keys(value) : [String(value)];
}

/** Partners by their names, in a line. */
const listed = (value) => listOf(value).map(nameOf).join(", ");

/** Attributes of entries that name partners. */
const PARTNERS = new Set(["partner", "partners", "decides", "reader", "before", "deputies", "asked", "by", "to"]);

/** A field of an entry as people read it: partners and areas by their names, words of the log's in the reader's language. */
function readable(path, value) {
  if (PARTNERS.has(path)) return isText(value) && !Object.hasOwn(names.partners, value) ? worded(value) : listed(value);
  return isText(value) ? worded(value) : plain(value);
}

/** A value of the log in a line: texts as they are, lists with commas, the rest as name: value, where there is more than one. */
function plain(value) {
  if (value === null || value === undefined) return "";
  if (value === true) return say("yes");
  if (value === false) return say("no");
  if (Array.isArray(value)) return value.map(plain).join(", ");
  if (typeof value === "object" && Array.isArray(value.areas)) return placed(value);
  if (typeof value === "object") {
    const parts = Object.entries(value).filter(([, item]) => item !== null && item !== "");
    return parts.length === 1 ? plain(parts[0][1]) : parts.map(([name, item]) => `${name}: ${plain(item)}`).join("; ");
  }
  return String(value);
}

/** A place by its words, with the areas in which it lies where their names say more. */
function placed({ areas, ...rest }) {
  const called = areas.map((area) => nameIn(names.areas, area) ?? String(area));
  const words = Object.values(rest).filter((item) => item !== null && item !== "").map(plain);
  return [...new Set([...words, ...called])].join(", ");
}

/** Text that is not longer than a line or two. */
function short(text, most = 240) {
  return text.length > most ? `${text.slice(0, most).replace(/\p{Cs}$/u, "")}…` : text;
}

/** Text of the log of whatever length: of what is longer than some lines the beginning, which opens to all of it. */
function long(value) {
  const text = String(value);
  return text.length <= 400 ? said(text) : el("details", { class: "long" }, el("summary", {}, said(short(text))), said(text));
}

/** How times are told: in `zone` where the browser knows it, else in UTC. */
class Clock {
  constructor(zone) {
    this.zone = zone;
    try {
      new Intl.DateTimeFormat("en", { timeZone: zone });
    } catch {
      this.zone = "UTC";
    }
    const time = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
    const day = { weekday: "long", day: "numeric", month: "long", year: "numeric" };
    this.times = new Intl.DateTimeFormat("en-GB", { ...time, timeZone: this.zone });
    this.utcTimes = new Intl.DateTimeFormat("en-GB", { ...time, timeZone: "UTC" });
    this.days = (language) => new Intl.DateTimeFormat(locale(language), { ...day, timeZone: this.zone });
    this.calendars = new Map();
    this.parts = new Intl.DateTimeFormat("sv-SE", { ...time, year: "numeric", month: "2-digit", day: "2-digit", timeZone: this.zone });
  }

  /** hh:mm:ss in the zone. */
  time(at) {
    return this.times.format(at);
  }

  /** hh:mm:ss UTC; with `date` where the day is another than in the zone. */
  utc(at) {
    const there = new Date(at).toISOString().slice(0, 10);
    return `${there === this.parts.format(at).slice(0, 10) ? "" : `${there} `}${this.utcTimes.format(at)} UTC`;
  }

  day(at) {
    if (!this.calendars.has(tongue)) this.calendars.set(tongue, this.days(tongue));
    return this.calendars.get(tongue).format(at);
  }

  /** The time of a wall clock in the zone, written yyyy-mm-ddThh:mm; null where it is none. */
  read(wall) {
    const asUtc = Date.parse(`${wall}Z`);
    if (Number.isNaN(asUtc)) return null;
    const shift = (at) => Date.parse(`${this.parts.format(at).replace(" ", "T")}Z`) - at;
    const guess = asUtc - shift(asUtc);
    return asUtc - shift(guess);
  }
}

let clock = null;

/** A time of day in the zone, and in UTC beside it; with its day where `full`. */
function told(at, full = false) {
  const iso = new Date(at).toISOString();
  const box = el("span", { class: "when" }, el("time", { datetime: iso }, full ? `${clock.day(at)}, ${clock.time(at)}` : clock.time(at)));
  if (clock.zone !== "UTC") box.append(" ", el("span", { class: "utc" }, clock.utc(at)));
  else box.append(" ", el("span", { class: "utc" }, "UTC"));
  return box;
}

/** How long something took. */
function lasted(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 ? `${minutes} min ${seconds % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${String(minutes % 60).padStart(2, "0")} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How many rows come at once: fewer where each is a card. */
const atOnce = (many) => (matchMedia("(max-width: 46rem)").matches ? Math.min(many, 8) : many);

/** A table whose rows become cards on a narrow screen. `caption` is null where the heading says it. `cells(row)` makes the cells of one of
 * `rows` when it is its turn: more than `many` come when asked for. */
function table(caption, heads, rows, cells, many = 50) {
  const most = atOnce(many);
  const body = el("tbody");
  const box = el("div", { class: "table" }, el("table", {}, caption ? el("caption", {}, caption) : null, el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))), body));
  let shown = 0;
  const more = () => {
    for (const one of rows.slice(shown, shown + most)) {
      const row = el("tr", {});
      cells(one).forEach((cell, i) => row.append(el(i ? "td" : "th", { "data-label": heads[i], scope: i ? null : "row" }, cell ?? "")));
      body.append(row);
    }
    shown = Math.min(rows.length, shown + most);
    button.hidden = shown >= rows.length;
    button.textContent = say("more", { n: number(Math.min(most, rows.length - shown)) });
  };
  const button = el("button", { type: "button", class: "more", onclick: more });
  more();
  box.append(button);
  return box;
}

/** A part of the page under a heading, which the contents lead to. */
function section(id, ...children) {
  return el("section", { id, "aria-labelledby": `${id}-head` }, el("h2", { id: `${id}-head` }, say(id)), ...children);
}

/** A choice among words: `options` are [value, text] or {label, options}. */
function choice(label, value, options, changed) {
  const option = ([key, text]) => el("option", { value: key, selected: key === value }, text);
  const select = el("select", { onchange: () => changed(select.value) });
  for (const one of options) select.append(one.label ? el("optgroup", { label: one.label }, ...one.options.map(option)) : option(one));
  return el("label", {}, el("span", {}, label), select);
}
