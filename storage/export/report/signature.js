// Signatures: Ed25519 (RFC 8032), signed notes, keys and checkpoints (C2SP signed-note, tlog-checkpoint), as storage/notes.py has them.

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (n, by = P) => ((n % by) + by) % by;

function power(n, exponent) {
  let result = 1n;
  for (let square = mod(n); exponent; exponent >>= 1n, square = (square * square) % P) {
    if (exponent & 1n) result = (result * square) % P;
  }
  return result;
}

const CURVE_D = mod(-121665n * power(121666n, P - 2n));
const ROOT_OF_MINUS_ONE = power(2n, (P - 1n) / 4n);

/** Bytes, least significant first, as a number. */
function little(data) {
  return data.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

/** Both points added (RFC 8032 §5.1.4); a point is [X, Y, Z, T]. */
function added([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * t1 * t2 * CURVE_D);
  const d = mod(2n * z1 * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(scalar, point) {
  let sum = [0n, 1n, 1n, 0n];
  for (; scalar; scalar >>= 1n, point = added(point, point)) if (scalar & 1n) sum = added(sum, point);
  return sum;
}

/** The point that 32 bytes stand for (§5.1.3), or null. */
function pointOf(data) {
  const number = little(data);
  const y = number & (2n ** 255n - 1n);
  if (y >= P) return null;
  const square = mod((y * y - 1n) * power(CURVE_D * y * y + 1n, P - 2n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square)) x = mod(x * ROOT_OF_MINUS_ONE);
  if (mod(x * x - square) || (!x && number >> 255n)) return null;
  if ((x & 1n) !== number >> 255n) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

/** Whether `signature` (64 bytes) is by the key `publicKey` (32 bytes) over `message`: §5.1.7, in our own arithmetic. */
function verifiesHere(publicKey, signature, message) {
  const base = pointOf(joined([0x58], new Uint8Array(31).fill(0x66)));
  const [a, r, s] = [pointOf(publicKey), pointOf(signature.slice(0, 32)), little(signature.slice(32))];
  if (signature.length !== 64 || !a || !r || s >= ORDER) return false;
  const k = mod(little(sha512(joined(signature.slice(0, 32), publicKey, message))), ORDER);
  const [x1, y1, z1] = times(s, base);
  const [x2, y2, z2] = added(r, times(k, a));
  return mod(x1 * z2 - x2 * z1) === 0n && mod(y1 * z2 - y2 * z1) === 0n;
}

/** The same, by the browser where it knows Ed25519. */
async function verifies(publicKey, signature, message) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, key, signature, message);
  } catch {
    return verifiesHere(publicKey, signature, message);
  }
}

/** Whether a name can stand in a signature line. */
const properName = (name) => name !== "" && !/[\p{C}\p{Z}+]/u.test(name);

const SIGNER = 1;
const COSIGNER = 4;

/** Whether 32 bytes are a point of the curve that is not of small order: under such a key anybody can sign, without a private key. */
function properKey(data) {
  const point = pointOf(data);
  const [x, y, z] = point ? times(8n, point) : [0n, 1n, 1n];
  return mod(x) !== 0n || mod(y - z) !== 0n;
}

/** Signature lines of a note that are read. */
const MOST_SIGNATURES = 64;

/** A public key from `name+hex key id+base64(kind ‖ key)`; throws for anything else. A cosigner's kind is 4 (C2SP tlog-cosignature). */
function keyOf(vkey, kind = SIGNER) {
  const [, name, id, encoded] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/s.exec(vkey) ?? [];
  const data = fromBase64(encoded ?? "");
  if (!properName(name ?? "") || data.length !== 33 || data[0] !== kind) throw new Error("key");
  const keyId = sha256(joined(UTF8.encode(`${name}\n`), data)).slice(0, 4);
  if (hex(keyId) !== id || !properKey(data.slice(1))) throw new Error("key");
  return { name, keyId, bytes: data.slice(1) };
}

/** A signed note's text and signature lines; throws for what is none. */
function noteOf(note) {
  const end = note.lastIndexOf("\n\n");
  if (end < 0 || !note.endsWith("\n") || /[\u0000-\u0009\u000b-\u001f]/.test(note)) throw new Error("note");
  const lines = note.slice(end + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw new Error("note");
  const signatures = lines.map((line) => {
    const [, name, encoded] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
    const data = fromBase64(encoded ?? "");
    if (!properName(name ?? "") || data.length < 5) throw new Error("note");
    return { name, keyId: data.slice(0, 4), signature: data.slice(4) };
  });
  return { text: note.slice(0, end + 1), signatures };
}

/** Origin, size and root of a checkpoint's text; throws for what is none. */
function checkpointOf(text) {
  const lines = text.split("\n");
  const [origin, size, root] = lines;
  if (lines.length < 4 || lines.at(-1) || !origin || !/^(0|[1-9][0-9]{0,14})$/.test(size)) throw new Error("checkpoint");
  const bytes = fromBase64(root);
  if (bytes.length !== 32) throw new Error("checkpoint");
  return { origin, size: Number(size), root: bytes };
}

/** The signatures of a note that name this key; whether they are its is not said. */
const namely = (signatures, key) => signatures.filter(({ name, keyId }) => name === key.name && same(keyId, key.keyId));

/** A note's text, if the key signed it; throws otherwise. */
async function signedText(note, key) {
  const { text, signatures } = noteOf(note);
  for (const { signature } of namely(signatures, key)) {
    if (await verifies(key.bytes, signature, UTF8.encode(text))) return text;
  }
  throw new Error("signature");
}

/** One key that another replaced, by a note that both signed (storage/rotation.py): {old, next, at}; throws otherwise. */
async function linkOf(note, deployment) {
  const [head, whose, old, next, at, end, ...more] = noteOf(note).text.split("\n");
  if (head !== "tocsin-key" || whose !== deployment || end !== "" || more.length) throw new Error("link");
  for (const vkey of [old, next]) await signedText(note, keyOf(vkey));
  return { old, next, at };
}

/** A checkpoint that a partner's key signed too: {name, vkey, at, origin, size, root}; throws otherwise. */
async function cosignedCheckpoint(note, vkey) {
  const key = keyOf(vkey, COSIGNER);
  const { text, signatures } = noteOf(note);
  for (const { signature } of namely(signatures, key)) {
    const seconds = new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0);
    const message = UTF8.encode(`cosignature/v1\ntime ${seconds}\n${text}`);
    if (signature.length === 72 && (await verifies(key.bytes, signature.slice(8), message))) {
      return { name: key.name, vkey, at: Number(seconds) * 1000, ...checkpointOf(text) };
    }
  }
  throw new Error("cosignature");
}
