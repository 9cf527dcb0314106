// Starts here: takes the data out of the page, checks it, and only then shows what it says.

let timeline = null;

const FINDINGS = {
  key: "findKey", signature: "findSignature", origin: "findOrigin", root: "findRoot", entry: "findEntry", leaf: "findLeaf", missing: "findMissing",
  order: "findOrder", stream: "findStream", witness: "findWitness", page: "findPage", disclosure: "findDisclosure", fault: "findFault",
};

const finding = ({ rule, entry, field }) =>
  rule === "disclosure" && field !== null ? say("findField", { n: entry, field }) : say(FINDINGS[rule], { n: entry, error: field });

function verdictBox(verdict) {
  const bad = verdict.findings;
  if (!bad.length) {
    return el("div", { class: "verdict intact", role: "status" }, el("p", { class: "word" }, say("intact")), el("p", {}, say("intactMore", { size: number(verdict.seal.checkpoint.size) })));
  }
  const first = bad.find(({ entry }) => entry !== null);
  return el(
    "div",
    { class: "verdict tampered", role: "alert" },
    el("p", { class: "word" }, first ? say("tamperedEntry", { n: first.entry }) : say("tampered")),
    el("p", {}, say(verdict.anchored ? "tamperedMore" : "nothingShown")),
    el("ul", {}, ...bad.map((one) => el("li", {}, said(finding(one))))),
  );
}

function languages(redraw) {
  const choose = (lang) => () => {
    tongue = lang;
    redraw();
  };
  const buttons = Object.entries(WORDS).map(([lang, { language }]) =>
    el("button", { type: "button", lang, "aria-pressed": String(lang === tongue), onclick: choose(lang) }, language));
  return el("div", { class: "languages", role: "group", "aria-label": say("language") }, ...buttons);
}

/** The band that says that nothing was real, where the signed log is an exercise's. */
function exerciseBand({ stream }, account) {
  const word = stream.startsWith("E-") ? "exercise" : account.opened?.rehearsal ? "rehearsal" : null;
  if (!word) return null;
  return el("div", { class: "exercise", role: "note" }, el("strong", {}, `${say(word)} ${say(word)} ${say(word)}`), el("span", {}, say("exerciseMore")));
}

function draw(page, verdict, account, note, filters) {
  const redraw = () => draw(page, verdict, account, note, filters);
  document.documentElement.lang = tongue;
  const top = [languages(redraw), verdictBox(verdict)];
  document.title = `${verdict.findings.length ? say("tampered") : say("intact")} · Tocsin`;
  if (!verdict.anchored) {
    page.replaceChildren(...top);
    return;
  }
  document.title = `${visible(verdict.stream)} · ${document.title}`;
  const parts = [
    aboutSection(verdict, account), keySection(verdict, account, note), withheldSection(verdict, account), leadsSection(account), alertsSection(account),
    deliveriesSection(account), disclosuresSection(account, filters, () => renew("disclosures")), timeline.section(),
  ];
  const renew = (id) => document.getElementById(id).replaceWith(disclosuresSection(account, filters, () => renew(id)));
  const title = account.opened?.title ?? null;
  const heading = el("h1", {}, title ? said(short(title, 200)) : say("log", { stream: verdict.stream }));
  const contents = el("nav", { class: "contents", "aria-label": say("contents") }, ...parts.map((part) => el("a", { href: `#${part.id}` }, say(part.id))));
  const head = el("header", {}, heading, title ? el("p", { class: "stream" }, say("log", { stream: verdict.stream })) : null);
  page.replaceChildren(...[exerciseBand(verdict, account), ...top, head, contents, ...parts].filter(Boolean));
  timeline.draw();
}

/** Whatever else stands in the page was not signed by anybody: it goes, and so does what the page says of itself, such as that it is hidden. */
function clear() {
  for (const whole of [document.documentElement, document.body]) {
    for (const name of whole.getAttributeNames()) if (name !== "lang") whole.removeAttribute(name);
  }
  for (const child of [...document.documentElement.childNodes]) if (child !== document.head && child !== document.body) child.remove();
  for (const child of [...document.body.childNodes]) if (child.nodeName !== "SCRIPT") child.remove();
}

async function start() {
  // Until the page is read to its end, more of it may come that nobody signed.
  if (document.readyState === "loading") await new Promise((read) => document.addEventListener("DOMContentLoaded", read, { once: true }));
  // The language that was asked for; else the reader's own where the report has it, else that of whom it was made for.
  const { lang, dataset } = document.documentElement;
  const theirs = "chosen" in dataset ? [lang, ...navigator.languages] : [...navigator.languages, lang];
  tongue = theirs.map(tongueFor).find(Boolean) ?? "en";
  document.documentElement.lang = tongue;
  const seal = document.getElementById("seal")?.textContent ?? "";
  const blocks = Array.from(document.querySelectorAll("script.log"), (block) => block.textContent);
  clear();
  const bar = el("progress", { max: 1, value: 0, "aria-label": say("checkingNow") });
  const status = el("p", { role: "status" }, say("checkingNow"));
  const page = el("main", {}, el("div", { class: "verdict checking" }, status, bar));
  document.body.prepend(page);
  await pause();

  const account = new Account();
  const verdict = await verifyLog(seal, blocks, (...entry) => account.add(...entry), (part) => {
    bar.value = part;
    status.textContent = say("checking", { part: Math.floor(100 * part) });
  });
  clock = new Clock(verdict.seal.zone);
  ({ names } = verdict.seal);
  const bad = new Set(verdict.findings.map(({ entry }) => entry).filter((entry) => entry !== null));
  account.items = account.items.filter((item) => !bad.has(item.seq));
  account.items.push(...[...bad].map((seq) => ({ seq, bad: true })));
  account.items.sort((one, other) => one.seq - other.seq);
  timeline = new Timeline(account, verdict.seal.checkpoint?.size ?? 0);
  const note = verdict.anchored ? readJson(seal).value.note : "";
  draw(page, verdict, account, note, { about: "", partner: "", field: "" });
  document.documentElement.dataset.verdict = verdict.findings.length ? "tampered" : "intact";
  if (!verdict.anchored) return;
  addEventListener("beforeprint", () => {
    for (const button of document.querySelectorAll(".more")) for (let n = 0; n < 40 && !button.hidden; n++) button.click();
    for (const box of document.querySelectorAll("details.long")) box.open = true;
    timeline.print();
  });
  addEventListener("afterprint", () => timeline.draw());
}

start().catch((error) => {
  document.querySelector("main").replaceChildren(verdictBox({ findings: [{ rule: "fault", entry: null, field: String(error) }], anchored: false }));
  document.documentElement.dataset.verdict = "fault";
});
