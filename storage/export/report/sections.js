// The parts of the report above the timeline.

/** What somebody is called in the log, or that this copy does not say so. */
const named = (value, otherwise = "notShown") => (value === null || value === "" ? el("span", { class: "quiet" }, say(otherwise)) : long(plain(value)));

/** A partner, or several, by their names; their ids are there when one points at them. */
function called(value, otherwise = "notShown") {
  const ids = listOf(value);
  return ids.length ? el("span", { title: visible(short(ids.join(", "))) }, long(listed(value))) : named(null, otherwise);
}

/** A button with an entry's number, which leads to the entry. */
function entryLink(item) {
  if (!item) return "";
  return el("button", { type: "button", class: "entry-link", title: say("entry", { n: item.seq }), onclick: () => timeline.go(item.seq) }, `#${item.seq}`);
}

function pairs(rows) {
  const list = el("dl", { class: "pairs" });
  for (const [name, ...value] of rows) list.append(el("div", {}, el("dt", {}, name), el("dd", {}, ...value)));
  return list;
}

/** In groups of four, as one reads it out. */
const grouped = (digits) => digits.match(/.{4}/g).join(" ");

function aboutSection({ seal: { checkpoint, key } }, account) {
  const copy = account.copyOf(checkpoint.size);
  const who = (value, code) => (value === code ? say(code) : named(value));
  const [first, last] = account.ends;
  const rows = [
    [say("forWhom"), copy?.reader === "auditor" ? say("auditor") : called(copy?.reader ?? null)],
    [say("byWhom"), who(copy?.by ?? null, "operator")],
    [say("why"), named(copy?.reason ?? null)],
    [say("basis"), named(copy?.basis ?? null, "notStated")],
    [say("when"), copy ? told(copy.item.at, true) : named(null)],
    [say("keeper"), said(key.name)],
    [say("playbook"), named(account.opened?.playbook ?? null)],
    [say("covers"), ...(first ? [told(first.at, true), " – ", told(last.at, true)] : [named(null)])],
    [say("size"), number(checkpoint.size)],
    [say("root"), el("code", {}, grouped(hex(checkpoint.root)))],
  ];
  return section("about", pairs(rows), el("p", { class: "quiet" }, clock.zone === "UTC" ? say("timesUtc") : say("times", { zone: clock.zone })));
}

/** A key as one compares it by telephone: 32 digits of the SHA-256 of its line. */
const fingerprint = (vkey) => el("code", {}, grouped(hex(sha256(UTF8.encode(vkey))).slice(0, 32)));

function keySection({ seal }, account, note) {
  const whose = ({ vkey, name }) => {
    const known = account.cosigners.get(vkey);
    if (!known) return said(name);
    return said(say(known.confirmed ? "confirmedBy" : "unconfirmed", { partner: nameOf(known.partner) }));
  };
  const other = (one) => [whose(one), number(one.size - 1), told(one.at, true), fingerprint(one.vkey)];
  const before = ({ old, at }) => [fingerprint(old), said(at)];
  return section(
    "key",
    el("p", { class: "fingerprint" }, fingerprint(seal.vkey)),
    el("p", { class: "quiet" }, say("fingerprintHow")),
    el("p", {}, say("keyMore")),
    el("p", {}, say("otherwise")),
    ...(seal.earlier.length ? [table(say("earlierKeys"), [say("fingerprint"), say("replacedAt")], seal.earlier, before)] : []),
    el("p", {}, say(seal.cosigned.length ? "cosignedMore" : "cosignedNone")),
    ...(seal.cosigned.length ? [table(null, [say("cosigned"), say("upTo"), say("at"), say("fingerprint")], seal.cosigned, other)] : []),
    el("details", {}, el("summary", {}, say("note")), el("pre", {}, said(note)), el("p", {}, say("named", { what: say("keyLine"), value: "" }), el("code", {}, said(seal.vkey)))),
  );
}

function withheldSection({ shown, withheld }, account) {
  if (!withheld) return section("withheld", el("p", {}, say("withheldNone")));
  const rows = [...account.kinds].filter(([, kind]) => kind.hidden).sort((one, other) => other[1].hidden - one[1].hidden);
  const words = say("withheldSome", { hidden: number(withheld), shown: number(shown) });
  return section(
    "withheld",
    el("p", {}, words),
    table(null, [say("kind"), say("hiddenCount"), say("shownCount")], rows, ([type, kind]) => [kindName(type), number(kind.hidden), number(kind.shown)], 8),
  );
}

function leadsSection(account) {
  if (!account.leads.length) return section("leads", el("p", { class: "quiet" }, say("leadsNone")));
  const end = account.closed ?? account.ends[1];
  const until = (lead) => lead.until ?? end;
  const start = account.leads[0].item.at;
  const length = Math.max(1, account.leads.reduce((last, lead) => Math.max(last, until(lead).at), start) - start);
  const scopes = [...new Set(account.leads.map((lead) => lead.scope))].sort();
  const colours = new Map();
  const bars = el("div", { class: "bars", "aria-hidden": "true" });
  for (const scope of scopes) {
    const track = el("div", { class: "track" });
    for (const lead of account.leads.filter((one) => one.scope === scope)) {
      const who = listed(lead.decides ?? lead.partners);
      if (!colours.has(who)) colours.set(who, colours.size % 6);
      const bar = el("div", { class: `bar colour-${colours.get(who)}`, title: visible(who) }, said(short(who, 40)));
      bar.style.left = `${(100 * (lead.item.at - start)) / length}%`;
      bar.style.width = `${(100 * Math.max(0, until(lead).at - lead.item.at)) / length}%`;
      track.append(bar);
    }
    bars.append(el("div", { class: "bar-row" }, el("div", { class: "bar-name" }, said(scope)), track));
  }
  bars.append(el("div", { class: "bar-row" }, el("div", {}), el("div", { class: "bar-ends" }, el("span", {}, clock.time(start)), el("span", {}, clock.time(start + length)))));
  const rows = [...account.leads].sort((one, other) => scopes.indexOf(one.scope) - scopes.indexOf(other.scope) || one.item.at - other.item.at);
  const heads = [say("scope"), say("decides"), say("partners"), say("from"), say("until"), say("lasted"), say("basis"), ""];
  return section(
    "leads",
    bars,
    table(null, heads, rows, (lead) => [
      said(lead.scope), called(lead.decides), called(lead.partners), told(lead.item.at), told(until(lead).at),
      el("span", { class: "when" }, lasted(until(lead).at - lead.item.at)), named(lead.basis, "notStated"), entryLink(lead.item),
    ]),
  );
}

function alertBox(alert) {
  const rows = [];
  const all = new Set([...alert.addressed.keys(), ...alert.answers.keys()]);
  if (!alert.answers.has(alert.partner)) all.delete(alert.partner); // whoever issued it has it, and is not asked
  for (const partner of all) {
    const first = alert.answers.get(partner)?.[0];
    const last = alert.answers.get(partner)?.at(-1);
    const status = alert.addressed.get(partner);
    rows.push({ partner, first, last, status, at: first?.item.at ?? Infinity, silence: alert.silence.get(partner) });
  }
  const issuer = alert.partner;
  const awaited = rows.filter(({ partner }) => partner !== issuer);
  rows.sort((one, other) => one.at - other.at || (one.partner < other.partner ? -1 : 1));
  const [end] = alert.ends;
  const silent = (status) => {
    if (status === "held" || status === "roomless") return el("span", { class: "lacking" }, say(status));
    if (!end) return el("span", { class: "lacking" }, say("never"));
    // Whose time was over was silent all that time; what was called off needed no answer any more.
    const loud = end.how === "expired" ? "lacking" : "quiet";
    return el("span", { class: loud }, say(`${end.how}First`, { by: end.by ?? say("another"), time: clock.time(end.item.at) }));
  };
  const asked = ({ again, others }) => [again ? `${number(again)} ×` : "", others.map(worded).join(", ")].filter(Boolean).join("; ");
  const heads = [say("partner"), say("answer"), say("after"), say("at"), say("person"), say("via"), say("reminders"), ""];
  const cells = ({ partner, first, last, status, silence }) => [
    called(partner),
    first ? el("span", { class: last.choice === "cannot" ? "lacking" : "good" }, worded(last.choice), last.late ? ` (${say("late")})` : "") : silent(status),
    first && alert.issued ? el("span", { class: "when" }, lasted(first.item.at - alert.issued.at)) : "",
    first ? told(first.item.at) : "", first ? named(first.person) : "", first ? worded(first.via ?? "") : "",
    silence ? asked(silence) : "", entryLink(first?.item),
  ];
  const title = titleOf(alert.id) ?? alert.template;
  const head = el("h3", {}, said(alert.id), " ", title ? said(title) : "");
  const events = [];
  const { issued } = alert;
  if (issued) events.push([say("issued", { time: `${clock.time(issued.at)} (${clock.utc(issued.at)})` }), issuer ? ` ${say("issuedBy", { partner: nameOf(issuer) })}` : "", " ", entryLink(issued)]);
  for (const { how, by, item } of alert.ends) events.push([say(how, { by: by ?? say("another") }), ` ${clock.time(item.at)} (${clock.utc(item.at)}) `, entryLink(item)]);
  const line = el("p", { class: "quiet" }, ...events.flatMap((event, i) => (i ? [" · ", ...event] : event)));
  if (!rows.length) return el("div", { class: "alert" }, head, line, el("p", { class: "quiet" }, say("alertUnknown")));
  const answered = awaited.filter(({ first }) => first).length;
  return el("div", { class: "alert" }, head, line, table(say("named", { what: alert.id, value: say("answered", { n: answered, all: awaited.length }) }), heads, rows, cells));
}

const ALERTS_AT_ONCE = 20;

function alertsSection(account) {
  const alerts = [...account.alerts.values()];
  if (!alerts.length) return section("alertsTitle", el("p", { class: "quiet" }, say("alertsNone")));
  const boxes = el("div");
  const more = el("button", { type: "button", class: "more", onclick: () => show() });
  const show = () => {
    boxes.append(...alerts.splice(0, ALERTS_AT_ONCE).map(alertBox));
    more.hidden = !alerts.length;
    more.textContent = say("more", { n: number(Math.min(ALERTS_AT_ONCE, alerts.length)) });
  };
  show();
  return section("alertsTitle", boxes, more);
}

const RESULTS = ["sent", "refused", "unknown", "dropped", "open"];

function deliveriesSection(account) {
  if (!account.sends.size) return section("deliveries", el("p", { class: "quiet" }, say("deliveriesNone")));
  const whose = new Map([...account.sends.values()].filter((send) => send.room && send.partner).map((send) => [send.room, send.partner]));
  const rooms = new Map();
  for (const send of account.sends.values()) {
    const partner = send.partner ?? whose.get(send.room) ?? null;
    const key = canonical([partner, send.room]);
    if (!rooms.has(key)) rooms.set(key, { partner, room: send.room, sent: 0, refused: 0, unknown: 0, dropped: 0, open: 0 });
    rooms.get(key)[send.outcome] += 1;
  }
  const order = (room) => `${room.partner ?? "~"} ${room.room}`;
  const rows = [...rooms.values()].sort((one, other) => (order(one) < order(other) ? -1 : 1));
  const loud = (result, many) => (many === 0 ? "none" : result === "sent" ? null : "lacking");
  const counts = (room) => RESULTS.map((result) => el("span", { class: loud(result, room[result]) }, number(room[result])));
  const parts = [table(null, [say("partner"), say("room"), ...RESULTS.map((result) => say(result))], rows, (room) => [called(room.partner, "nobodys"), named(room.room), ...counts(room)], 30)];
  const failed = [...account.sends.values()].filter((send) => send.item && send.outcome !== "sent").sort((one, other) => one.item.seq - other.item.seq);
  if (failed.length) {
    const heads = [say("when"), say("partner"), say("room"), say("subject"), say("result"), say("reason"), ""];
    parts.push(table(say("notDelivered"), heads, failed, (send) => [
      told(send.item.at), called(send.partner ?? whose.get(send.room) ?? null, "nobodys"), named(send.room), named(send.about, "notStated"),
      kindName(send.item.type), named(send.reason), entryLink(send.item),
    ]));
  }
  return section("deliveries", ...parts);
}

/** What a message showed, in the form in which it did. */
function formed({ form, value }) {
  if (form === "area") return placed({ areas: listOf(value) });
  if (form !== "range" || !Array.isArray(value) || value.length !== 2) return plain(value);
  const [first, last] = value;
  return last === null ? `${plain(first)}+` : first === last ? plain(first) : `${plain(first)}–${plain(last)}`;
}

/** What a field is called, without the marks by which the log tells ours (`_title`) and check-ins (`?hourly`) from the playbook's. */
function fieldName(field) {
  return field.startsWith("?") ? say("checkinField", { name: field.slice(1) }) : field.replace(/^_/, "");
}

function disclosuresSection(account, filters, redraw) {
  const all = [...account.disclosures.values()];
  if (!all.length) return section("disclosures", el("p", { class: "quiet" }, say("disclosuresNone")));
  const chosen = { about: labelOf, partner: nameOf, field: fieldName };
  const shownAs = (name, value) => visible(short(chosen[name](value), 40));
  const order = (one, other) => one[1].localeCompare(other[1], "en", { numeric: true });
  const values = (name) => [["", say("all")], ...[...new Set(all.map((row) => row[name]).filter((value) => isText(value) && value !== ""))].map((value) => [value, shownAs(name, value)]).sort(order)];
  const pick = (label, name) => choice(label, filters[name], values(name), (value) => { filters[name] = value; redraw(); });
  const rows = all.filter((row) => ["about", "partner", "field"].every((name) => !filters[name] || row[name] === filters[name]));
  const rule = (line) => (typeof line === "number" ? el("span", { class: "when" }, say("line", { n: line })) : named(line, "notStated"));
  const heads = [say("subject"), say("field"), say("partner"), say("form"), say("rule"), say("agreement"), say("first"), say("count"), ""];
  const withheld = (row) => say("named", { what: say("hiddenAll"), value: worded(row.withheld) }) + (row.detail ? ` (${row.detail})` : "");
  const shown = (row) => {
    const how = worded(row.form ?? "");
    return row.value === null ? [`${how} (${say(row.erased ? "erased" : "empty")})`] : [say("named", { what: how, value: "" }), said(short(formed(row)))];
  };
  const form = (row) => (row.withheld ? el("span", { class: "lacking" }, withheld(row)) : el("span", {}, ...shown(row)));
  return section(
    "disclosures",
    el("p", {}, say("disclosuresMore")),
    el("div", { class: "filters" }, pick(say("subject"), "about"), pick(say("partner"), "partner"), pick(say("field"), "field")),
    table(null, heads, rows, (row) => [
      row.about ? said(labelOf(row.about)) : named(null, "notStated"),
      said(row.of ? `${fieldName(row.field)} (${row.of.replaceAll(":", ": ")})` : fieldName(row.field)),
      called(row.partner, "nobodys"), form(row), rule(row.rule), row.under.length ? said(plain(row.under)) : "",
      told(row.item.at), number(row.count), entryLink(row.item),
    ]),
  );
}
