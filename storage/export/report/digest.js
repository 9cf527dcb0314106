// Hashes: SHA-256 and SHA-512 (FIPS 180-4), and what they are written in.
//
// The browser's own SHA-256 answers later and costs more for each call than a short text takes to hash: a log has a million short
// texts, so ours is used throughout. The constants are worked out as the standard defines them, instead of copied.

/** The first `count` primes, as BigInt. */
function primes(count) {
  const found = [];
  for (let n = 2n; found.length < count; n++) if (found.every((p) => n % p)) found.push(n);
  return found;
}

/** The first 64 bits of the fractional part of the `degree`th root of `n`. */
function fraction(n, degree) {
  const power = n << (64n * degree);
  let low = 0n;
  let high = 1n << 69n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= power) low = middle;
    else high = middle;
  }
  return low & (2n ** 64n - 1n);
}

const ROUNDS = primes(80).map((p) => fraction(p, 3n));
const BEGIN = primes(8).map((p) => fraction(p, 2n));
const ROUNDS_32 = Int32Array.from(ROUNDS.slice(0, 64), (k) => Number(k >> 32n) | 0);
const BEGIN_32 = Int32Array.from(BEGIN, (h) => Number(h >> 32n) | 0);
const SCHEDULE = new Int32Array(64);

/** One step of SHA-256: 64 bytes of `data` from `at` into `state`. */
function block(state, data, at) {
  const w = SCHEDULE;
  for (let i = 0; i < 16; i++, at += 4) {
    w[i] = (data[at] << 24) | (data[at + 1] << 16) | (data[at + 2] << 8) | data[at + 3];
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15];
    const y = w[i - 2];
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
  }
  let a = state[0], b = state[1], c = state[2], d = state[3];
  let e = state[4], f = state[5], g = state[6], h = state[7];
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const one = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS_32[i] + w[i]) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g; g = f; f = e; e = (d + one) | 0;
    d = c; c = b; b = a; a = (one + two) | 0;
  }
  state[0] += a; state[1] += b; state[2] += c; state[3] += d;
  state[4] += e; state[5] += f; state[6] += g; state[7] += h;
}

/** SHA-256 of the first `length` bytes of `data`; 32 bytes. */
function sha256(data, length = data.length) {
  const state = BEGIN_32.slice();
  const whole = length - (length % 64);
  for (let at = 0; at < whole; at += 64) block(state, data, at);
  const rest = new Uint8Array(length - whole < 56 ? 64 : 128);
  rest.set(data.subarray(whole, length));
  rest[length - whole] = 0x80;
  const view = new DataView(rest.buffer);
  view.setUint32(rest.length - 8, Math.floor(length / 2 ** 29));
  view.setUint32(rest.length - 4, (length * 8) >>> 0);
  for (let at = 0; at < rest.length; at += 64) block(state, rest, at);
  const digest = new Uint8Array(32);
  for (let i = 0; i < 32; i++) digest[i] = state[i >> 2] >>> (24 - 8 * (i & 3));
  return digest;
}

/** SHA-512 of some bytes; 64 bytes. Only for signatures: it is slow, and short. */
function sha512(data) {
  const cut = (n) => BigInt.asUintN(64, n);
  const turn = (n, by) => cut((n >> by) | (n << (64n - by)));
  const padded = new Uint8Array(Math.ceil((data.length + 17) / 128) * 128);
  padded.set(data);
  padded[data.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, data.length * 8);
  const state = [...BEGIN];
  for (let at = 0; at < padded.length; at += 128) {
    const w = Array.from({ length: 16 }, (_, i) => view.getBigUint64(at + 8 * i));
    for (let i = 16; i < 80; i++) {
      const s0 = turn(w[i - 15], 1n) ^ turn(w[i - 15], 8n) ^ (w[i - 15] >> 7n);
      const s1 = turn(w[i - 2], 19n) ^ turn(w[i - 2], 61n) ^ (w[i - 2] >> 6n);
      w.push(cut(w[i - 16] + s0 + w[i - 7] + s1));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 80; i++) {
      const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
      const one = h + s1 + ((e & f) ^ (cut(~e) & g)) + ROUNDS[i] + w[i];
      const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
      const two = s0 + ((a & b) ^ (a & c) ^ (b & c));
      [h, g, f, e, d, c, b, a] = [g, f, e, cut(d + one), c, b, a, cut(one + two)];
    }
    [a, b, c, d, e, f, g, h].forEach((n, i) => { state[i] = cut(state[i] + n); });
  }
  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((n, i) => digest.setBigUint64(8 * i, n));
  return new Uint8Array(digest.buffer);
}

const UTF8 = new TextEncoder();
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const LETTER_BYTES = UTF8.encode(LETTERS);

/** Writes the base64url of the first `length` bytes of `data`, without padding, into `out`; returns how many bytes it has. */
function writeBase64(data, length, out) {
  let to = 0;
  for (let at = 0; at < length; at += 3) {
    const bits = (data[at] << 16) | ((at + 1 < length ? data[at + 1] : 0) << 8) | (at + 2 < length ? data[at + 2] : 0);
    out[to++] = LETTER_BYTES[bits >>> 18];
    out[to++] = LETTER_BYTES[(bits >>> 12) & 63];
    if (at + 1 < length) out[to++] = LETTER_BYTES[(bits >>> 6) & 63];
    if (at + 2 < length) out[to++] = LETTER_BYTES[bits & 63];
  }
  return to;
}

/** Bytes in base64url without padding. */
function base64url(data) {
  const out = new Uint8Array(Math.ceil((data.length * 4) / 3));
  writeBase64(data, data.length, out);
  return String.fromCharCode.apply(null, out);
}

/** Bytes from ordinary base64 in its one proper form; throws for any other. */
function fromBase64(text) {
  const data = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  if (btoa(String.fromCharCode(...data)) !== text) throw new Error("base64");
  return data;
}

/** Bytes in hexadecimal. */
function hex(data) {
  return Array.from(data, (n) => n.toString(16).padStart(2, "0")).join("");
}

/** Whether two arrays have the same bytes. */
function same(one, other) {
  return one.length === other.length && one.every((n, i) => n === other[i]);
}

/** Bytes one after the other. */
function joined(...parts) {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
