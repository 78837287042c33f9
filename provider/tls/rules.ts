/** Protocols in their order; a list must not skip one in between. */
const order = ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"];

/** Why a list of protocols is wrong on every server, or undefined. */
export function protocolProblem(list: readonly string[]): string | undefined {
  if (list.length === 0) return "must name at least one protocol";
  const positions = list.map((p) => order.findIndex((known) => known.toLowerCase() === p.toLowerCase()));
  const unknown = list.find((_, i) => positions[i] === -1);
  if (unknown !== undefined)
    return `${JSON.stringify(unknown)} is no TLS protocol; known are ${order.join(", ")}`;
  const sorted = [...positions].sort((a, b) => a - b);
  if (new Set(sorted).size !== sorted.length) return "names a protocol twice";
  const gap = sorted.find((p, i) => i > 0 && p !== sorted[i - 1]! + 1);
  return gap === undefined
    ? undefined
    : `must not leave out ${order[gap - 1]} between ${order[sorted[sorted.indexOf(gap) - 1]!]} and ${order[gap]}: Group Replication needs a list without gaps`;
}

/** Why a list of ciphers is wrong, or undefined. The names themselves only the server's OpenSSL knows. */
export function cipherProblem(list: readonly string[], kind: "cipher" | "ciphersuite"): string | undefined {
  if (list.length === 0) return "must name at least one; leave the property out for the server's default";
  const odd = list.find((name) => !/^[A-Za-z0-9_@=!+-]+$/.test(name));
  if (odd !== undefined) return `${JSON.stringify(odd)} is no name of a ${kind}`;
  const suite = list.find((name) => /^TLS_/.test(name));
  if (kind === "cipher" && suite !== undefined)
    return `${suite} is a TLSv1.3 ciphersuite; those go under *Ciphersuites`;
  const cipher = list.find((name) => !/^TLS_/.test(name));
  if (kind === "ciphersuite" && cipher !== undefined)
    return `${cipher} is no TLSv1.3 ciphersuite; ciphers up to TLSv1.2 go under *Cipher`;
  return undefined;
}
