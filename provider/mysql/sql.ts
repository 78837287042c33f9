/** A statement as a value: text, and names where secrets go. It can be printed; only `bind` makes what is sent. */
export interface Sql {
  readonly parts: readonly (string | { readonly secret: string })[];
}

export type Secrets = Readonly<Record<string, string>>;

export function sql(...parts: (string | { secret: string } | Sql)[]): Sql {
  return {
    parts: parts.flatMap((part) => (typeof part === "object" && "parts" in part ? part.parts : [part])),
  };
}

export function secret(name: string): { secret: string } {
  return { secret: name };
}

export function print(statement: Sql): string {
  return statement.parts.map((part) => (typeof part === "string" ? part : `<${part.secret}>`)).join("");
}

export function bind(statement: Sql, secrets: Secrets): string {
  return statement.parts
    .map((part) => {
      if (typeof part === "string") return part;
      const value = secrets[part.secret];
      if (value === undefined) throw new Error(`no value for the secret "${part.secret}"`);
      return quote(value);
    })
    .join("");
}

/**
 * A string literal. Our sessions have an sql_mode of their own without NO_BACKSLASH_ESCAPES (see Session.open), so a backslash
 * escapes.
 */
export function quote(value: string): string {
  return `'${value.replace(/[\0\n\r\b\t\\'\x1a]/g, (c) => escapes[c] ?? c)}'`;
}

const escapes: Record<string, string> = {
  "\0": "\\0",
  "\n": "\\n",
  "\r": "\\r",
  "\b": "\\b",
  "\t": "\\t",
  "\\": "\\\\",
  "'": "\\'",
  "\x1a": "\\Z",
};

/** A string literal for reads, whatever sql_mode the session has. */
export function textLiteral(value: string): string {
  return `CONVERT(X'${Buffer.from(value).toString("hex")}' USING utf8mb4)`;
}

export function identifier(name: string): string {
  return `\`${name.replace(/`/g, "``")}\``;
}

export function account(user: string, host: string): string {
  return `${quote(user)}@${quote(host)}`;
}

/** 'user'@'host', `user`@`host`, user@host. */
export function parseAccount(text: string): { user: string; host: string } | undefined {
  const part = "(?:'([^']*)'|`([^`]*)`|([^@'`]*))";
  const match = new RegExp(`^${part}@${part}$`).exec(text.trim());
  if (!match) return undefined;
  return { user: match[1] ?? match[2] ?? match[3] ?? "", host: match[4] ?? match[5] ?? match[6] ?? "" };
}

/** As a statement names the account. */
export function accountLiteral(text: string): string {
  const parsed = parseAccount(text);
  return parsed ? account(parsed.user, parsed.host) : quote(text);
}
