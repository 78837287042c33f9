import { type ServerFacts, stackInEffect, valueOf } from "./facts";
import { channelOption } from "./channel-options";
import { dialectOf } from "./dialect";
import { type Session } from "./session";
import { type Sql, quote, secret, sql } from "./sql";
import { setTimeout as sleep } from "node:timers/promises";
import { turns } from "./turns";
import { atLeast } from "./versions";

/** TLS of a login that a server makes, by files on its own disk. */
export interface ClientTls {
  readonly enabled: boolean;
  readonly ca?: string;
  readonly capath?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly crl?: string;
  readonly crlpath?: string;
  readonly cipher?: string;
  readonly tlsVersion?: string;
  readonly ciphersuites?: string;
  readonly verifyIdentity: boolean;
  readonly publicKeyPath?: string;
  readonly getPublicKey?: boolean;
}

/** A login to try. */
export interface Probe {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly tls: ClientTls;
}

export type ProbeOutcome =
  { readonly accepted: true } | { readonly accepted: false; readonly errno: number; readonly reason: string };

/**
 * Logs in as the server itself, with files that only it can read, through short-lived channels that only receive.
 * Works on the primary, on a server outside a group and on a stopped member; an ONLINE secondary refuses it.
 * Nothing is left behind. All probes run at once.
 */
export async function probe(
  session: Session,
  version: string,
  probes: readonly Probe[],
  timeoutSeconds = 10,
): Promise<ProbeOutcome[]> {
  return inTurn(session, () => probeAlone(session, version, probes, timeoutSeconds));
}

/** A server that dies in the middle of a probe still has its channels when it is back. */
export async function clearLeftProbes(session: Session, version: string): Promise<void> {
  const left = async (): Promise<string[]> => {
    const rows = await session.read<{ channel: string }>(
      `SELECT CHANNEL_NAME AS channel FROM performance_schema.replication_connection_configuration
       WHERE CHANNEL_NAME LIKE 'mysqlgr\\_probe\\_%'`,
    );
    return rows.map((row) => row.channel);
  };
  if ((await left()).length === 0) return;
  await inTurn(session, async () => clear(session, version, await left()));
}

const inTurnAt = turns();

/** The channels have fixed names, so that what a killed process left can be found: one probe a server at a time. */
function inTurn<T>(session: Session, work: () => Promise<T>): Promise<T> {
  return inTurnAt(session.address, async () => {
    await session.read("SELECT GET_LOCK('mysqlgr_probe', 60)", 70);
    return work().finally(async () => {
      if (!session.closed) await session.read("SELECT RELEASE_LOCK('mysqlgr_probe')");
    });
  });
}

async function probeAlone(
  session: Session,
  version: string,
  probes: readonly Probe[],
  timeoutSeconds: number,
): Promise<ProbeOutcome[]> {
  const dialect = dialectOf(version);
  const channels = probes.map((_, i) => `mysqlgr_probe_${i + 1}`);
  const started: string[] = [];
  try {
    for (const [i, p] of probes.entries()) {
      const channel = channels[i]!;
      const change = dialect.changeSource(options(version, p), channel);
      started.push(channel);
      await session.write(change, { password: p.password }).catch(async () => {
        // Left by a process that was killed in the middle of a probe.
        await clear(session, version, [channel]);
        await session.write(change, { password: p.password });
      });
      await session.write(dialect.startReceiver(channel));
    }
    return await outcomes(session, channels, timeoutSeconds);
  } finally {
    // What broke is told; its channels go with the next probe on this server.
    if (!session.closed) await clear(session, version, started);
  }
}

function options(version: string, p: Probe): Sql[] {
  const { source: prefix } = dialectOf(version);
  const tlsCiphersuites = atLeast(version, channelOption("tlsCiphersuites").since);
  const text = (name: string, value: string | undefined): Sql[] =>
    value === undefined || value === "" ? [] : [sql(`${name} = ${quote(value)}`)];
  const all: Sql[] = [
    sql(`${prefix}_HOST = ${quote(p.host)}`),
    sql(`${prefix}_PORT = ${p.port}`),
    sql(`${prefix}_USER = ${quote(p.user)}`),
    sql(`${prefix}_PASSWORD = `, secret("password")),
    sql(`${prefix}_AUTO_POSITION = 1`),
    sql(`${prefix}_CONNECT_RETRY = 1`),
    sql(`${prefix}_RETRY_COUNT = 1`),
    sql(`${prefix}_SSL = ${p.tls.enabled ? 1 : 0}`),
    ...text(`${prefix}_PUBLIC_KEY_PATH`, p.tls.publicKeyPath),
    ...(p.tls.getPublicKey ? [sql(`GET_${prefix}_PUBLIC_KEY = 1`)] : []),
  ];
  if (!p.tls.enabled) return all;
  return [
    ...all,
    ...text(`${prefix}_SSL_CA`, p.tls.ca),
    ...text(`${prefix}_SSL_CAPATH`, p.tls.capath),
    ...text(`${prefix}_SSL_CERT`, p.tls.cert),
    ...text(`${prefix}_SSL_KEY`, p.tls.key),
    ...text(`${prefix}_SSL_CRL`, p.tls.crl),
    ...text(`${prefix}_SSL_CRLPATH`, p.tls.crlpath),
    ...text(`${prefix}_SSL_CIPHER`, p.tls.cipher),
    ...text(`${prefix}_TLS_VERSION`, p.tls.tlsVersion),
    ...(tlsCiphersuites ? text(`${prefix}_TLS_CIPHERSUITES`, p.tls.ciphersuites) : []),
    sql(`${prefix}_SSL_VERIFY_SERVER_CERT = ${p.tls.verifyIdentity ? 1 : 0}`),
  ];
}

interface StatusRow {
  channel: string;
  state: string;
  errno: number;
  reason: string;
}

async function outcomes(
  session: Session,
  channels: readonly string[],
  timeoutSeconds: number,
): Promise<ProbeOutcome[]> {
  const end = performance.now() + timeoutSeconds * 1000;
  for (;;) {
    const rows = await session.read<StatusRow>(
      `SELECT CHANNEL_NAME AS channel, SERVICE_STATE AS state, LAST_ERROR_NUMBER AS errno, LAST_ERROR_MESSAGE AS reason
       FROM performance_schema.replication_connection_status WHERE CHANNEL_NAME LIKE 'mysqlgr\\_probe\\_%'`,
    );
    const found = channels.map((channel) => outcome(rows.find((row) => row.channel === channel)));
    if (found.every((o) => o !== undefined)) return found;
    if (performance.now() > end)
      return found.map(
        (o) => o ?? { accepted: false, errno: 2003, reason: `no answer within ${timeoutSeconds} s` },
      );
    await sleep(10);
  }
}

/** What the receiver complains of after its login was accepted, e.g. that it talks to itself. */
const afterLogin = /equal MySQL server|(source|master)_uuid|purged|Got fatal error \d+ from (source|master)/i;

function outcome(row: StatusRow | undefined): ProbeOutcome | undefined {
  if (!row) return undefined;
  if (row.state === "ON") return { accepted: true };
  if (Number(row.errno) === 0) return undefined;
  if (afterLogin.test(row.reason)) return { accepted: true };
  return { accepted: false, errno: Number(row.errno), reason: shortReason(row) };
}

/** The receiver wraps the client's error: "Error connecting to source 'u@h:1'. ... Message: Access denied ...". */
function shortReason({ errno, reason }: StatusRow): string {
  const told = /Message: (.*)$/s.exec(reason)?.[1];
  const alone = /^error connecting to master/.test(reason) ? meanings[Number(errno)] : undefined;
  return (told ?? alone ?? reason).trim();
}

/** Of 5.7 and of early 8.0, whose receivers tell the number of the client's error alone. */
const meanings: Readonly<Record<number, string>> = {
  1045: "access denied",
  1130: "this host is not allowed to connect",
  2003: "nothing answers there",
  2005: "unknown host",
  2013: "the connection was closed during the login",
  2026: "TLS failed",
  2061: "the plugin wants a secure connection",
};

async function clear(session: Session, version: string, channels: readonly string[]): Promise<void> {
  const dialect = dialectOf(version);
  for (const channel of channels) {
    await session.write(dialect.stopReceiver(channel)).catch(() => undefined);
    await session.write(dialect.resetChannel(channel));
  }
}

/** The TLS with which a member talks to its peers in the group: XCom uses the server's, the MYSQL stack recovery's. */
export function groupTls(facts: ServerFacts, sslMode: string): ClientTls {
  if (stackInEffect(facts) === "MYSQL")
    return {
      ...recoveryTls(facts),
      enabled: sslMode !== "DISABLED",
      verifyIdentity: sslMode === "VERIFY_IDENTITY",
    };
  const v = (name: string): string => valueOf(facts, name);
  const verifies = sslMode === "VERIFY_CA" || sslMode === "VERIFY_IDENTITY";
  return {
    enabled: sslMode !== "DISABLED",
    // Under REQUIRED nobody verifies: a CA would make the channel do so, and a certificate would make the donor's SQL port do so.
    ...(verifies
      ? {
          ca: v("ssl_ca"),
          capath: v("ssl_capath"),
          crl: v("ssl_crl"),
          crlpath: v("ssl_crlpath"),
          cert: v("ssl_cert"),
          key: v("ssl_key"),
        }
      : {}),
    cipher: v("ssl_cipher"),
    tlsVersion: v("tls_version"),
    ciphersuites: v("tls_ciphersuites"),
    verifyIdentity: sslMode === "VERIFY_IDENTITY",
  };
}

/** The TLS with which a member recovers. */
export function recoveryTls(facts: ServerFacts): ClientTls {
  const v = (name: string): string => valueOf(facts, `group_replication_recovery_${name}`);
  return {
    enabled: v("use_ssl") === "ON",
    ca: v("ssl_ca"),
    capath: v("ssl_capath"),
    cert: v("ssl_cert"),
    key: v("ssl_key"),
    crl: v("ssl_crl"),
    crlpath: v("ssl_crlpath"),
    cipher: v("ssl_cipher"),
    tlsVersion: v("tls_version"),
    ciphersuites: v("tls_ciphersuites"),
    verifyIdentity: v("ssl_verify_server_cert") === "ON",
    publicKeyPath: v("public_key_path"),
    getPublicKey: v("get_public_key") === "ON",
  };
}
