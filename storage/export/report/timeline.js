// The timeline: the entries in order, a page of them at a time, with filters. Only what is looked at is read out of its line again.

const PAGE = 100;
const MOST_PRINTED = 2000;

/** So many entries after each other of which nothing is shown share a row, which opens to each of them. */
const FOLDED = 3;

class Timeline {
  filters = { what: "main", partner: "", id: "", text: "", from: "", until: "" };
  start = 0;
  found = [];

  constructor(account, size) {
    this.account = account;
    this.size = size;
    this.list = null;
    this.status = null;
  }

  /** The section, drawn anew in the reader's language. */
  section() {
    this.list = el("ol", { class: "entries" });
    this.status = el("p", { role: "status", class: "quiet" });
    this.fields = el("div", { class: "filters", role: "search", "aria-label": say("filters") }, ...this.#controls());
    this.find();
    return section("timeline", this.fields, this.status, this.#pages(), this.list, this.#pages());
  }

  #controls() {
    const set = (name) => (value) => {
      this.filters[name] = value;
      this.start = 0;
      this.find();
    };
    const there = new Set(this.account.items.map((item) => item.type ?? ""));
    const byName = (one, other) => one[1].localeCompare(other[1], tongue);
    const inGroup = (group) => [...there].filter((type) => type && kindOf(type).group === group).map((type) => [type, kindName(type)]).sort(byName);
    const kinds = GROUPS.map((group) => ({ label: say(`group${group}`), options: inGroup(group) })).filter(({ options }) => options.length);
    const partners = [...this.account.partners].map((partner) => [partner, visible(short(nameOf(partner), 40))]).sort((one, other) => one[1].localeCompare(other[1]));
    const input = (label, name, attributes) => {
      let waiting = 0;
      const box = el("input", { ...attributes, value: this.filters[name], oninput: () => { clearTimeout(waiting); waiting = setTimeout(() => set(name)(box.value), 200); } });
      return el("label", {}, el("span", {}, label), box);
    };
    return [
      choice(say("what"), this.filters.what, [["main", say("main")], ["", say("everything")], ...kinds.map(({ label }, i) => [`group:${i}`, label]), ...kinds], (value) => set("what")(value)),
      choice(say("partner"), this.filters.partner, [["", say("all")], ...partners], set("partner")),
      input(say("alert"), "id", { type: "text", list: "ids", autocomplete: "off" }),
      el("datalist", { id: "ids" }, ...[...this.account.ids].sort((one, other) => one.localeCompare(other, "en", { numeric: true })).slice(0, 500).map((id) => el("option", { value: id }))),
      input(say("text"), "text", { type: "search", placeholder: say("textHint") }),
      input(say("from"), "from", { type: "datetime-local" }),
      input(say("until"), "until", { type: "datetime-local" }),
      el("button", { type: "button", onclick: () => this.reset("main") }, say("clear")),
    ];
  }

  #pages() {
    const to = (where) => () => {
      const last = Math.max(0, Math.ceil(this.found.length / PAGE) - 1) * PAGE;
      this.start = { first: 0, earlier: Math.max(0, this.start - PAGE), later: Math.min(last, this.start + PAGE), last }[where];
      this.draw();
      this.status.scrollIntoView();
    };
    const button = (key, where) => el("button", { type: "button", "data-where": where, onclick: to(where) }, say(key));
    return el("nav", { class: "pages", "aria-label": say("timeline") }, button("firstPage", "first"), button("earlier", "earlier"), button("later", "later"), button("lastPage", "last"));
  }

  reset(what) {
    this.filters = { what, partner: "", id: "", text: "", from: "", until: "" };
    this.start = 0;
    this.fields.replaceChildren(...this.#controls());
    this.find();
  }

  /** Leads to an entry: everything is shown again, the page turned to it, and it is opened. */
  go(seq) {
    this.reset("");
    const at = this.found.findIndex((item) => item.seq === seq);
    this.start = Math.floor(at / PAGE) * PAGE;
    this.draw();
    for (const fold of this.list.querySelectorAll(".folded")) if (Number(fold.dataset.from) <= seq && seq <= Number(fold.dataset.to)) unfold(fold);
    const row = this.list.querySelector(`[data-seq="${seq}"] details`);
    if (!row) return;
    row.open = true;
    row.scrollIntoView({ block: "center" });
    row.querySelector("summary").focus();
  }

  find() {
    const wanted = this.#wanted();
    this.found = this.account.items.filter(wanted);
    this.start = Math.min(this.start, Math.max(0, Math.ceil(this.found.length / PAGE) - 1) * PAGE);
    if (this.list) this.draw();
  }

  #wanted() {
    const { what, partner, id, text, from, until } = this.filters;
    const tests = [];
    const groups = GROUPS.filter((group) => [...this.account.kinds.keys()].some((type) => kindOf(type).group === group));
    const group = what.startsWith("group:") ? groups[Number(what.slice(6))] : null;
    if (what === "main") tests.push((item) => MAIN.has(kindOf(item.type).group));
    else if (group) tests.push((item) => kindOf(item.type).group === group);
    else if (what) tests.push((item) => item.type === what);
    const [after, before] = [from && clock.read(from), until && clock.read(until)];
    if (after) tests.push((item) => item.at >= after);
    if (before) tests.push((item) => item.at < before + 60000);
    const within = (item, needle) => item.line.indexOf(needle, item.line.lastIndexOf("\t")) >= 0;
    if (partner) {
      const [whole, key] = [inPage(JSON.stringify(partner)), `/${inPage(JSON.stringify(partner)).slice(1)}`];
      tests.push((item) => within(item, whole) || within(item, key) || this.account.sends.get(item.send)?.partner === partner);
    }
    const number = id.trim().toUpperCase();
    if (number) {
      const needle = inPage(JSON.stringify(number));
      tests.push((item) => within(item, needle) || this.account.sends.get(item.send)?.about === number);
    }
    const words = text.trim().toLowerCase();
    if (words) {
      const needle = inPage(JSON.stringify(words)).slice(1, -1);
      const read = (item) => [...shownIn(item)].some(([path, value]) => `${path} ${plain(value)}`.toLowerCase().includes(words));
      tests.push((item) => kindName(item.type).toLowerCase().includes(words) || (item.line.toLowerCase().includes(needle) && read(item)));
    }
    return (item) => item.bad || tests.every((test) => test(item));
  }

  draw() {
    this.#rows(this.found.slice(this.start, this.start + PAGE));
    const end = Math.min(this.found.length, this.start + PAGE);
    const values = { from: number(this.start + 1), to: number(end), found: number(this.found.length), size: number(this.size) };
    this.status.replaceChildren(say(this.found.length ? "showing" : "showingNone", values), this.filters.what === "main" ? ` ${say("mainOnly")}` : "");
    for (const button of document.querySelectorAll(".pages button")) {
      button.disabled = ["first", "earlier"].includes(button.dataset.where) ? this.start === 0 : end >= this.found.length;
      button.parentElement.hidden = this.found.length <= PAGE;
    }
  }

  #rows(items) {
    const rows = [];
    let day = "";
    let unseen = [];
    const fold = () => {
      rows.push(...(unseen.length < FOLDED ? unseen.map(row) : [folded(unseen)]));
      unseen = [];
    };
    for (const item of items) {
      const newDay = !item.bad && clock.day(item.at) !== day;
      if (newDay || item.bad || item.seen) fold();
      if (newDay) {
        day = clock.day(item.at);
        rows.push(el("li", { class: "day" }, day));
      }
      if (item.bad) rows.push(el("li", { class: "row bad", "data-seq": item.seq }, say("named", { what: say("entry", { n: item.seq }), value: say("bad") })));
      else if (item.seen) rows.push(row(item));
      else unseen.push(item);
    }
    fold();
    this.list.replaceChildren(...rows);
  }

  /** For the printer: as many as paper can bear, not the page that the screen shows. */
  print() {
    this.#rows(this.found.slice(0, MOST_PRINTED));
    this.status.textContent = say("printed", { n: number(Math.min(MOST_PRINTED, this.found.length)), found: number(this.found.length) });
  }
}

/** What is shown of an entry that was verified, out of its line again. */
function shownIn(item) {
  return new Map(JSON.parse(item.line.split("\t")[2]).map(([, path, value]) => [path, value]));
}

const summaryOf = (when, name, tell, hidden, seq) =>
  el("summary", {}, when, el("span", { class: "name" }, name), tell, hidden, el("span", { class: "seq" }, seq));

/** Entries of which nothing is shown: how many of each kind, and each of them when it is opened. */
function folded(items) {
  const [first, last] = [items[0], items.at(-1)];
  const many = new Map();
  for (const { type } of items) many.set(type, (many.get(type) ?? 0) + 1);
  const tell = el("span", { class: "tell quiet" }, [...many].map(([type, n]) => `${kindName(type)} ${number(n)}`).join(" · "));
  const summary = summaryOf(told(first.at), say("nothing", { n: number(items.length) }), tell, "", `#${first.seq}–${last.seq}`);
  const box = el("li", { class: "row folded", "data-from": first.seq, "data-to": last.seq }, el("details", {}, summary));
  const fill = () => box.firstChild.childElementCount === 1 && box.firstChild.append(el("ol", { class: "entries" }, ...items.map(row)));
  box.addEventListener("unfold", fill);
  box.firstChild.addEventListener("toggle", fill);
  return box;
}

/** Opens such a row at once, so that what is in it can be led to. */
function unfold(box) {
  box.dispatchEvent(new Event("unfold"));
  box.firstChild.open = true;
}

function row(item) {
  const kind = kindOf(item.type);
  const shown = shownIn(item);
  const tell = el("span", { class: "tell" });
  const words = new Set();
  for (const path of kind.paths) {
    const values = path.endsWith("*") ? [...shown].filter(([one]) => one.startsWith(path.slice(0, -1))) : [[path, shown.get(path)]];
    for (const [one, value] of values) words.add(short((one === "template" && titleOf(shown.get("alert"))) || readable(one, value ?? null)));
  }
  words.delete("");
  for (const word of words) tell.append(tell.childNodes.length ? " · " : "", said(word));
  const send = item.send ? timeline.account.sends.get(item.send) : null;
  if (send && item.type in OUTCOMES) tell.append(...[send.partner, send.about].filter(Boolean).flatMap((one) => [" · ", said(one === send.partner ? nameOf(one) : labelOf(one))]));
  const hidden = item.hidden ? el("span", { class: "chip" }, say("hidden", { n: number(item.hidden) })) : "";
  const summary = summaryOf(told(item.at), kindName(item.type), tell, hidden, `#${item.seq}`);
  const details = el("details", { ontoggle: () => details.childElementCount === 1 && details.append(inside(item, shown)) }, summary);
  return el("li", { class: `row group-${kind.group}`, "data-seq": item.seq }, details);
}

/** A field as people read it, with the ids of partners behind their names. */
function besideIds(path, value) {
  const [words, ids] = [readable(path, value), listOf(value).join(", ")];
  return PARTNERS.has(path) && words !== ids ? `${words} (${ids})` : words;
}

function inside(item, shown) {
  const [leaf, entry, disclosed] = item.line.split("\t");
  const rows = [...shown].filter(([, value]) => value !== null).map(([path, value]) => [said(path), said(besideIds(path, value))]);
  rows.push([say("utc"), new Date(item.at).toISOString()], [say("kind"), item.type]);
  if (item.hidden) rows.push([say("withheld"), say("hidden", { n: number(item.hidden) })]);
  return el("div", { class: "inside" }, pairs(rows), el("details", {}, el("summary", {}, say("rawData")), el("pre", {}, said(`${leaf}\n${entry}\n${disclosed}`))));
}
