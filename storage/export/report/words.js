// The report's own words, in each of the languages that it has: `WORDS` stands before this file, language → the table in storage/export/words.

let tongue = "en";

/** The language of ours that a browser's (`nl-BE`) is served by; null where none does. */
const tongueFor = (tag) => {
  const base = String(tag).split("-")[0].toLowerCase();
  return Object.hasOwn(WORDS, base) ? base : null;
};

/** How a language writes numbers and days: the English of the report is British. */
const locale = (language = tongue) => (language === "en" ? "en-GB" : language);

/** A sentence of ours in the reader's language. In French, marks keep to their word: the spaces before and after them do not break. */
function say(key, values = {}) {
  const words = WORDS[tongue].words[key];
  const kept = tongue === "fr" ? words.replace(/ (?=[:;!?»%])|(?<=«) /g, "\u00a0") : words;
  return kept.replace(/\{(\w+)\}/g, (_, name) => visible(values[name]));
}

/** A word of the log's in the reader's language, where we have one. */
function worded(code) {
  const { codes } = WORDS[tongue];
  return Object.hasOwn(codes, code) ? codes[code] : String(code);
}

/** A whole number for people. */
function number(n) {
  return n.toLocaleString(locale());
}
