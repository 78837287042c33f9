/** One file of a hash-named folder: its text, and the hash of the name that it is looked up by. */
export interface HashedFile {
  readonly hash: string;
  readonly pem: string;
}

/**
 * Content by file name, as `openssl rehash` would link it: HASH.0, HASH.1 and so on for ssl_capath, HASH.r0 and so on for ssl_crlpath.
 * OpenSSL stops at the first number that is missing.
 */
export function hashedFiles(files: readonly HashedFile[], kind: "ca" | "crl"): Record<string, string> {
  const counts = new Map<string, number>();
  return Object.fromEntries(
    files.map(({ hash, pem }) => {
      const count = counts.get(hash) ?? 0;
      counts.set(hash, count + 1);
      return [`${hash}.${kind === "crl" ? "r" : ""}${count}`, pem];
    }),
  );
}
