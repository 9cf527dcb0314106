// What the entries add up to: who led when, which alerts were answered and when, what became of each message, who was shown what.
// Filled only by entries that were verified.

/** Steps of an escalation in which the partner itself is asked again; in the others, others are told. */
const ASKS_AGAIN = new Set(["remind", "other_network", "liaisons"]);

const OUTCOMES = { MessageSent: "sent", MessageRefused: "refused", MessageUnknown: "unknown", MessageDropped: "dropped" };
const ENDS = { AlertSuperseded: "superseded", AlertCancelled: "cancelled", AlertRetracted: "retracted", AlertExpired: "expired" };

/** Of what a message shows, and which field, as the log writes it: `A-17/where` is of A-17, `#ops:S-3` of S-3, `_answer:fire` the fire service's. */
function parted(about, key) {
  const slash = key.indexOf("/");
  const thing = slash < 0 ? about : key.slice(0, slash);
  const rest = key.slice(slash + 1);
  const colon = rest.indexOf(":");
  if (colon < 0) return { about: thing, field: rest, of: null };
  const [field, of] = [rest.slice(0, colon), rest.slice(colon + 1)];
  return /^[A-Z]-\d{1,9}$/.test(of) ? { about: of, field, of: null } : { about: thing, field, of };
}

class Account {
  items = [];
  leads = [];
  alerts = new Map();
  sends = new Map();
  disclosures = new Map();
  partners = new Set();
  ids = new Set();
  kinds = new Map();
  opened = null;
  closed = null;
  copies = [];
  cosigners = new Map();
  #leading = new Map();

  /** Takes in an entry: its head, the Map of what is shown of it, how many fields are hidden, and its line in the page. */
  add(entry, shown, hidden, line) {
    const get = (path) => shown.get(path) ?? null;
    const item = { seq: entry.seq, type: entry.type, at: Date.parse(entry.ts), line, hidden, seen: shown.size > 0, send: get("send") };
    this.items.push(item);
    const kind = this.kinds.get(entry.type) ?? { shown: 0, hidden: 0, count: 0 };
    kind.shown += shown.size;
    kind.hidden += hidden;
    kind.count += 1;
    this.kinds.set(entry.type, kind);
    this.#names(shown);
    const take = this[`on${entry.type}`];
    if (take) take.call(this, get, item, shown);
    if (entry.type in OUTCOMES && item.send) Object.assign(this.#send(item.send), { outcome: OUTCOMES[entry.type], room: get("room"), reason: get("reason"), item });
    if (entry.type in ENDS && get("alert")) this.#alert(get("alert")).ends.push({ how: ENDS[entry.type], by: get("by"), item });
  }

  #names(shown) {
    for (const [path, value] of shown) {
      if (path === "partner" && isText(value)) this.partners.add(value);
      else if (path === "partners" && Array.isArray(value)) value.filter(isText).forEach((one) => this.partners.add(one));
      else if (path === "partners" && value && typeof value === "object") Object.keys(value).forEach((one) => this.partners.add(one));
      else if (isText(value) && value.length < 12 && /^[A-Z]-\d+$/.test(value) && path !== "person") this.ids.add(value);
    }
  }

  #send(id) {
    if (!this.sends.has(id)) this.sends.set(id, { about: null, partner: null, room: null, outcome: "open", reason: null, item: null });
    return this.sends.get(id);
  }

  #alert(id) {
    const fresh = { id, issued: null, template: null, partner: null, addressed: new Map(), answers: new Map(), silence: new Map(), ends: [] };
    if (!this.alerts.has(id)) this.alerts.set(id, fresh);
    return this.alerts.get(id);
  }

  onIncidentOpened(get, item) {
    this.opened ??= { item, title: get("title"), playbook: get("playbook"), rehearsal: get("rehearsal") === true };
  }

  onIncidentClosed(get, item) {
    this.closed = item;
  }

  onExported(get, item) {
    this.copies.push({ item, reader: get("reader"), by: get("by"), reason: get("reason"), basis: get("basis"), size: get("size") });
  }

  onCheckpointCosigned(get) {
    if (get("vkey") && get("partner")) this.cosigners.set(get("vkey"), { partner: get("partner"), confirmed: get("confirmed") === true });
  }

  onLeadTaken(get, item) {
    const scope = [get("tier"), get("jurisdiction")].filter((one) => one !== null).map(worded).join(" · ");
    this.#endLead(scope, item);
    const lead = { scope, item, until: null, decides: get("decides"), partners: get("partners") ?? [], basis: get("basis"), rule: get("rule") };
    this.#leading.set(scope, lead);
    this.leads.push(lead);
  }

  onLeadEnded(get, item) {
    this.#endLead([get("tier"), get("jurisdiction")].filter((one) => one !== null).map(worded).join(" · "), item);
  }

  #endLead(scope, item) {
    const before = this.#leading.get(scope);
    if (before) before.until = item;
    this.#leading.delete(scope);
  }

  onAlertIssued(get, item) {
    if (get("alert")) Object.assign(this.#alert(get("alert")), { issued: item, template: get("template"), partner: get("partner") });
  }

  onAlertAddressed(get) {
    if (!get("alert")) return;
    for (const [partner, how] of Object.entries(get("partners") ?? {})) {
      if (how && how.status !== "unselected") this.#alert(get("alert")).addressed.set(partner, how.status);
    }
  }

  onAcknowledged(get, item) {
    if (!get("alert") || !get("partner")) return;
    const { answers } = this.#alert(get("alert"));
    const answer = { item, person: get("person"), choice: get("choice"), via: get("via"), late: get("late") === true };
    answers.set(get("partner"), [...(answers.get(get("partner")) ?? []), answer]);
  }

  onAnswerUndone(get) {
    const answers = this.alerts.get(get("alert"))?.answers;
    const left = (answers?.get(get("partner")) ?? []).slice(0, -1);
    if (left.length) answers.set(get("partner"), left);
    else answers?.delete(get("partner"));
  }

  onEscalated(get) {
    const { silence } = this.alerts.get(get("about")) ?? {};
    if (!silence || !get("partner") || get("rooms")?.length === 0) return; // a step that would have reached nobody was passed over
    const before = silence.get(get("partner")) ?? { again: 0, others: [] };
    if (ASKS_AGAIN.has(get("do"))) before.again += 1;
    else if (get("do")) before.others.push(get("do"));
    silence.set(get("partner"), before);
  }

  onMessageTracked(get) {
    if (!get("send")) return;
    const send = this.#send(get("send"));
    send.about ??= get("about");
    send.partner ??= get("partner");
    send.room ??= get("room");
  }

  onDisclosed(get, item, shown) {
    this.onMessageTracked(get);
    for (const [path, value] of shown) {
      if (!path.startsWith("fields/") || !value || typeof value !== "object") continue;
      const said = `values/${path.slice(7)}`;
      const row = {
        ...parted(get("about"), path.slice(7)), partner: get("partner"), form: value.form ?? null,
        value: get(said), erased: !value.withheld && !shown.has(said),
        withheld: value.withheld ?? null, detail: value.detail ?? null, rule: value.rule ?? null,
        under: [value.agreements, value.basis].flat().filter(Boolean),
      };
      const key = canonical(Object.values(row));
      const known = this.disclosures.get(key);
      if (known) known.count += 1;
      else this.disclosures.set(key, { ...row, item, count: 1 });
    }
  }

  /** The first and the last entry that hold; null where none does. */
  get ends() {
    const good = (item) => !item.bad;
    return [this.items.find(good) ?? null, this.items.findLast(good) ?? null];
  }

  /** The copy that this page is: the last one that was made of as many entries as were signed. */
  copyOf(size) {
    return this.copies.findLast((copy) => copy.size === size) ?? null;
  }
}
