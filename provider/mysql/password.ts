import { createHash, hash as digestOf, timingSafeEqual } from "node:crypto";

/*
 * Whether a password belongs to the hash that the server keeps. No library knows MySQL's form of it: sha256-crypt as of glibc,
 * but with a salt of 20 bytes, which every implementation of crypt cuts to 16.
 */
export function passwordMatches(plugin: string, hash: Buffer, password: string): boolean {
  if (hash.length === 0) return password === "";
  if (password === "") return false;
  switch (plugin) {
    case "mysql_native_password":
      return equal(hash, Buffer.from(nativeHash(password)));
    case "caching_sha2_password":
      return cachingSha2Matches(hash, password);
    case "sha256_password":
      return sha256PasswordMatches(hash, password);
    default:
      // Of other plugins nothing is known; what is declared is taken to be so.
      return true;
  }
}

/**
 * Tells in state which hash a password was last found to match, as trying it takes thousands of rounds. Nobody can test a guess
 * against it: it covers 20 random bytes of salt. Where there is no salt there is none.
 */
export function fingerprintOf(plugin: string, hash: Buffer): string | undefined {
  const salted = ["caching_sha2_password", "sha256_password"].includes(plugin) && hash.length > 0;
  return salted ? digestOf("sha256", hash) : undefined;
}

function nativeHash(password: string): string {
  const once = createHash("sha1").update(password).digest();
  return `*${createHash("sha1").update(once).digest("hex").toUpperCase()}`;
}

/** $A$005$ <20 bytes of salt> <43 characters> */
function cachingSha2Matches(hash: Buffer, password: string): boolean {
  const head = /^\$A\$([0-9A-Fa-f]{3})\$$/.exec(hash.subarray(0, 7).toString("latin1"));
  if (!head || hash.length !== 70) return false;
  const digest = sha256Crypt(Buffer.from(password), hash.subarray(7, 27), parseInt(head[1]!, 16) * 1000);
  return equal(hash.subarray(27), Buffer.from(digest));
}

/** $5$ <20 bytes of salt> $ <43 characters> */
function sha256PasswordMatches(hash: Buffer, password: string): boolean {
  if (hash.subarray(0, 3).toString("latin1") !== "$5$" || hash.length !== 67) return false;
  return equal(
    hash.subarray(24),
    Buffer.from(sha256Crypt(Buffer.from(password), hash.subarray(3, 23), 5000)),
  );
}

function equal(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function sha256(...parts: Buffer[]): Buffer {
  return digestOf("sha256", Buffer.concat(parts), "buffer");
}

function stretch(block: Buffer, length: number): Buffer {
  return Buffer.concat(Array<Buffer>(Math.ceil(length / 32)).fill(block)).subarray(0, length);
}

function sha256Crypt(password: Buffer, salt: Buffer, rounds: number): string {
  const b = sha256(password, salt, password);
  const parts = [password, salt, stretch(b, password.length)];
  for (let n = password.length; n > 0; n >>= 1) parts.push(n & 1 ? b : password);
  let digest = sha256(...parts);
  const p = stretch(sha256(...Array<Buffer>(password.length).fill(password)), password.length);
  const s = stretch(sha256(...Array<Buffer>(16 + digest[0]!).fill(salt)), salt.length);
  for (let i = 0; i < rounds; i++) {
    const odd = i % 2 === 1;
    const round = [odd ? p : digest];
    if (i % 3 !== 0) round.push(s);
    if (i % 7 !== 0) round.push(p);
    round.push(odd ? digest : p);
    digest = sha256(...round);
  }
  return encode(digest);
}

const alphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const triples = [
  [0, 10, 20],
  [21, 1, 11],
  [12, 22, 2],
  [3, 13, 23],
  [24, 4, 14],
  [15, 25, 5],
  [6, 16, 26],
  [27, 7, 17],
  [18, 28, 8],
  [9, 19, 29],
] as const;

function encode(digest: Buffer): string {
  const characters = (value: number, count: number): string =>
    Array.from({ length: count }, (_, i) => alphabet[(value >> (6 * i)) & 63]).join("");
  const body = triples.map(([a, b, c]) => characters((digest[a]! << 16) | (digest[b]! << 8) | digest[c]!, 4));
  return body.join("") + characters((digest[31]! << 8) | digest[30]!, 3);
}
