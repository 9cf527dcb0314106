// The log: its entries, what is shown of them, its tree, and whether all of it is what was signed. As storage/verify.py has it.

/** Canonical JSON (RFC 8785) of a value without fractions; throws for what is not ours to write. */
function canonical(value) {
  if (typeof value === "string") {
    if (/^[\w ./:@+-]*$/.test(value)) return `"${value}"`; // most are, and need no second look
    const text = JSON.stringify(value);
    if (text.includes("\\ud") && /\p{Cs}/u.test(value)) throw new Error("half a character");
    return text;
  }
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new Error("a number that not every reader can hold");
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  const keys = Object.keys(value).sort(); // by UTF-16 code units, as RFC 8785 wants
  return `{${keys.map((key) => `${canonical(key)}:${canonical(value[key])}`).join(",")}}`;
}

/** What the page holds instead of canonical JSON: nothing in it can end a script. */
const inPage = (text) => text.replaceAll("<", "\\u003c");

/** The value and the canonical text of a piece of JSON in the page; throws where one character is not as it was written. */
function readJson(text) {
  const value = JSON.parse(text);
  const written = canonical(value);
  if (inPage(written) !== text) throw new Error("not in canonical form (RFC 8785)");
  return { value, written };
}

/** The hash of an entry as a leaf of the tree (RFC 9162 §2.1.1). */
function leafHash(entry) {
  const data = new Uint8Array(entry.length * 3 + 1);
  return sha256(data, UTF8.encodeInto(entry, data.subarray(1)).written + 1);
}

const PAIR = new Uint8Array(65).fill(1, 0, 1);

function nodeHash(left, right) {
  PAIR.set(left, 1);
  PAIR.set(right, 33);
  return sha256(PAIR);
}

/** A Merkle tree that grows leaf by leaf and keeps its right edge only. */
class Tree {
  size = 0;
  #edge = [];

  grow(leaf) {
    let top = leaf;
    for (let n = this.size; n & 1; n >>>= 1) top = nodeHash(this.#edge.pop(), top);
    this.#edge.push(top);
    this.size += 1;
  }

  get root() {
    if (!this.size) return sha256(new Uint8Array(0));
    return this.#edge.reduceRight((right, left) => nodeHash(left, right));
  }
}

let raw = new Uint8Array(1 << 16);
let encoded = new Uint8Array(1 << 17);

/** What commits to a disclosure (RFC 9901 §4.2.3); `text` is the canonical [salt, path, value]. */
function disclosureDigest(text) {
  if (text.length * 3 > raw.length) {
    raw = new Uint8Array(text.length * 3);
    encoded = new Uint8Array(text.length * 5);
  }
  const { written } = UTF8.encodeInto(text, raw);
  return base64url(sha256(encoded, writeBase64(raw, written, encoded)));
}

const SHAPE = "_sd,_sd_alg,incident,playbook_sha256,seq,ts,type,v";
const isText = (value) => typeof value === "string";
const isDigest = (value) => isText(value) && /^[A-Za-z0-9_-]{43}$/.test(value);

/** An entry, and its canonical text; throws for anything that storage/entry.py would not have written so. */
function entryOf(text) {
  const { value: said, written } = readJson(text);
  if (
    Object.keys(said).sort().join() !== SHAPE ||
    said._sd_alg !== "sha-256" ||
    !Number.isInteger(said.v) ||
    !Number.isInteger(said.seq) ||
    said.seq < 0 ||
    !isText(said.incident) ||
    !(said.playbook_sha256 === null || isText(said.playbook_sha256)) ||
    !isText(said.type) ||
    !/^[A-Za-z_]\w*$/.test(said.type) ||
    !isText(said.ts) ||
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(said.ts) ||
    !Array.isArray(said._sd) ||
    !said._sd.every((digest, i) => isDigest(digest) && (i === 0 || said._sd[i - 1] < digest))
  ) {
    throw new Error("not an entry of the log");
  }
  return { ...said, written };
}

/** What is shown of an entry, as a Map from path to value; calls `wrong(path)` for what it does not commit to. */
function shownOf(entry, text, wrong) {
  const triples = JSON.parse(text);
  const written = triples.map(canonical);
  if (inPage(`[${written.join()}]`) !== text) throw new Error("not in canonical form (RFC 8785)");
  const left = new Set(entry._sd);
  const shown = new Map();
  for (let i = 0; i < triples.length; i++) {
    const [salt, path, value] = triples[i];
    if (triples[i].length !== 3 || !/^[A-Za-z0-9_-]{22}$/.test(salt) || !isText(path)) throw new Error("disclosure");
    if (!left.delete(disclosureDigest(written[i])) || shown.has(path)) wrong(path);
    else shown.set(path, value);
  }
  return { shown, hidden: left.size };
}

/** Lets the browser draw and answer. */
const pause = () => new Promise((resume) => setTimeout(resume));

/** Every line of the log in the page, as [place in `rows`]: the blocks are read once, and their text is kept, not copied. */
function linesOf(blocks) {
  const lines = [];
  for (const text of blocks) {
    const rows = text.split("\n");
    if (rows[0] === "") rows.shift();
    if (rows.at(-1) === "") rows.pop();
    for (const row of rows) lines.push(row);
  }
  return lines;
}

const MOST_FINDINGS = 100;
const NO_NAMES = { alerts: {}, areas: {}, partners: {} };

/**
 * Reads what is signed: {key, keys, note, cosigned, page} as JSON in the page. Returns {key, vkey, checkpoint, earlier, cosigned, zone, names}: our key, the
 * checkpoint that it signed, the keys before it (oldest first), what partners signed, the time zone of this copy, and what is called how in it: {alerts, areas,
 * partners} by id. Null, empty and UTC for what does not hold, which `say` hears.
 */
async function readSeal(text, say) {
  const seal = { key: null, vkey: "", checkpoint: null, earlier: [], cosigned: [], zone: "UTC", names: NO_NAMES };
  let value = null;
  try {
    ({ value } = readJson(text));
    seal.key = keyOf((seal.vkey = String(value.key)));
    let next = "";
    for (const note of value.keys) {
      const link = await linkOf(note, seal.key.name);
      if (next && link.old !== next) throw new Error("chain");
      seal.earlier.push(link);
      next = link.next;
    }
    if (next && next !== seal.vkey) throw new Error("chain");
  } catch {
    seal.key = null;
    say("key");
    return seal;
  }
  try {
    seal.checkpoint = checkpointOf(await signedText(value.note, seal.key));
    for (const { note, vkey } of value.cosigned) seal.cosigned.push(await cosignedCheckpoint(note, vkey));
  } catch {
    say(seal.checkpoint ? "witness" : "signature");
  }
  if (!seal.checkpoint) return seal;
  try {
    const [head, whose, text, end, ...more] = (await signedText(value.page, seal.key)).split("\n");
    if (head !== "tocsin-report" || whose !== hex(sha256(UTF8.encode(value.note))) || end !== "" || more.length) throw new Error("page");
    const said = JSON.parse(text);
    seal.zone = said.zone;
    seal.names = said.names;
  } catch {
    say("page");
  }
  return seal;
}

/**
 * Checks the whole log.
 *
 * `sealed`: what is signed, see `readSeal`. `blocks`: the texts with the lines, each `leaf TAB entry TAB disclosures`. `each(entry, shown, hidden,
 * line)` is called for each entry that agrees with its leaf and whose shown fields are those it commits to. `progress(part)` hears how far it is,
 * from 0 to 1. Returns {findings, seal, stream, anchored, withheld, shown}: `anchored` says whether the leaves are those that were signed, so that
 * what `each` got is true. A finding is {rule, entry, field}.
 */
async function verifyLog(sealed, blocks, each, progress) {
  const found = [];
  const say = (rule, entry = null, field = null) => {
    if (found.length < MOST_FINDINGS) found.push({ rule, entry, field });
  };
  const seal = await readSeal(sealed, say);
  const signed = seal.checkpoint;
  const verdict = { findings: found, seal, stream: "", anchored: false, withheld: 0, shown: 0 };
  if (signed) {
    verdict.stream = signed.origin.slice(seal.key.name.length + 1);
    if (signed.origin !== `${seal.key.name}/${verdict.stream}` || !verdict.stream) say("origin");
  }
  const witnessed = new Map(seal.cosigned.map(({ size }) => [size, null]));

  const entries = new Tree();
  const leaves = new Tree();
  const lines = linesOf(blocks);
  let due = 0;
  let drawn = performance.now();
  for (let at = 0; at < lines.length; at++) {
    const [leafText = "", entryText = "", shownText = "", more] = lines[at].split("\t");
    const leaf = /^[0-9a-f]{64}$/.test(leafText) ? Uint8Array.from(leafText.match(/../g), (two) => parseInt(two, 16)) : null;
    if (leaf) leaves.grow(leaf);
    let entry = null;
    try {
      entry = entryOf(entryText);
      const hash = leafHash(entry.written);
      entries.grow(hash);
      if (witnessed.has(entries.size)) witnessed.set(entries.size, entries.root);
      if (!leaf || !same(hash, leaf)) {
        say("leaf", due);
        entry = null;
      }
    } catch {
      say("entry", due);
    }
    if (entry && entry.seq !== due) {
      say(entry.seq > due ? "missing" : "order", entry.seq > due ? due : entry.seq);
      due = entry.seq;
    }
    if (entry && signed && entry.incident !== verdict.stream) {
      say("stream", due);
      entry = null;
    }
    if (entry) {
      try {
        let good = more === undefined;
        if (!good) say("disclosure", due);
        const { shown, hidden } = shownOf(entry, shownText, (path) => {
          good = false;
          say("disclosure", due, path);
        });
        verdict.shown += shown.size;
        verdict.withheld += hidden;
        if (good) each(entry, shown, hidden, lines[at]);
      } catch {
        say("disclosure", due);
      }
    }
    due += 1;
    if (performance.now() - drawn > 50) {
      progress(at / lines.length);
      await pause();
      drawn = performance.now();
    }
  }
  if (signed) {
    const whole = (tree) => tree.size === signed.size && same(tree.root, signed.root);
    const good = whole(entries) && lines.length === signed.size;
    verdict.anchored = good || whole(leaves);
    if (!good && due < signed.size && !found.some(({ entry }) => entry !== null)) say("missing", due);
    for (const { origin, size, root } of good ? seal.cosigned : []) {
      if (origin !== signed.origin || !witnessed.get(size) || !same(root, witnessed.get(size))) say("witness");
    }
    if (!good && !found.length) say("root");
    if (!verdict.anchored && !found.some(({ rule }) => rule === "root")) say("root");
  }
  found.sort((one, other) => (one.entry ?? Infinity) - (other.entry ?? Infinity));
  progress(1);
  return verdict;
}
