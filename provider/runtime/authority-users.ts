import { issueCertificate } from "../certificates/certificate";
import { type Issuer, chainFrom, signed } from "../certificates/issuer";
import { certificatesIn, keyPem } from "../certificates/pem";
import { type ReadCertificate, readCertificate, sameAuthority } from "../certificates/read";
import type { Held, Phase, SeenUser } from "../certificates/rotation";
import { newKey } from "../certificates/signing";
import { ProviderError } from "../errors";
import { ServerError, pem } from "../mysql/session";
import { type Target, addressOf } from "../mysql/target";
import { type TlsUsers, tlsUsers } from "../mysql/tls-users";
import { type Endpoint, parseEndpoint } from "../tls/handshake";
import { type Identity, type Meeting, meetAtLocalAddress, meetAtSqlPort } from "../tls/meeting";
import { type ConnectionInputs, sessions, targetOf } from "./context";

/** What the servers that use a CA show of it in the phase that is under way; all are asked at once. */
export async function askUsers(
  connections: readonly ConnectionInputs[],
  phase: Phase,
  held: Held<Issuer>,
): Promise<SeenUser[]> {
  if (connections.length === 0) return [];
  const question = phase === 0 ? undefined : await questionOf(phase, held);
  return Promise.all(connections.map((connection) => askUser(targetOf(connection), question)));
}

interface Question {
  readonly phase: 1 | 2;
  readonly old: Issuer;
  readonly fresh: Issuer;
  /** A client of the new CA that nobody knows. */
  readonly identity: Identity;
}

async function questionOf(phase: 1 | 2, { signs, other }: Held<Issuer>): Promise<Question> {
  const [old, fresh] = phase === 1 ? [signs, other!] : [other!, signs];
  const key = await newKey(2048);
  const now = Date.now();
  const daysLeft = (fresh.certificate.notAfter.getTime() - now) / (24 * 3_600_000);
  const wish = {
    subject: [{ type: "CN", value: "mysqlgr_probe" }],
    usage: "client",
    dnsNames: [],
    ipAddresses: [],
    validityDays: Math.min(1, daysLeft),
  } as const;
  const cert = issueCertificate(wish, fresh, key, now);
  return { phase, old, fresh, identity: { cert, key: keyPem(key, "PKCS8") } };
}

/** Without a question only the files that it names are looked at. */
async function askUser(target: Target, question: Question | undefined): Promise<SeenUser> {
  const server = addressOf(target);
  try {
    const users = await sessions.use(target, tlsUsers);
    const obstacles = question ? await obstaclesAt(target, users, question) : [];
    return { server, obstacles: obstacles.map((text) => `${server} ${text}`), files: users.files };
  } catch (error) {
    return { server, obstacles: [silence(server, error)], files: undefined };
  }
}

function silence(server: string, error: unknown): string {
  if (error instanceof ServerError) return `${server} does not tell which files it names: ${error.message}`;
  if (!ProviderError.is(error)) throw error;
  const { what, why } = error.parts;
  return why === undefined ? what : `${what}: ${why}`;
}

async function obstaclesAt(target: Target, users: TlsUsers, question: Question): Promise<string[]> {
  const sqlPort: Endpoint =
    target.socketPath === undefined
      ? { host: target.host, port: target.port }
      : { host: "127.0.0.1", port: users.port };
  const group = users.groupAddress === undefined ? undefined : parseEndpoint(users.groupAddress);
  const { identity } = question;
  const [clients, members] = await Promise.all([
    meetAtSqlPort(sqlPort, identity),
    group && meetAtLocalAddress(group, identity),
  ]);
  const seen = [
    { at: "its SQL port", meeting: clients },
    // Without encryption between members there is nothing to see, and nothing that needs a CA.
    ...(members && (users.groupEncrypts || members.answered)
      ? [{ at: `${users.groupAddress} (group communication)`, meeting: members }]
      : []),
  ];
  return [
    ...seen.flatMap(({ at, meeting }) => problemsOf(meeting, at, question)),
    ...ownProblems(target, question),
  ];
}

function problemsOf(meeting: Meeting, at: string, { phase, fresh, old }: Question): string[] {
  if (!meeting.answered) return [`shows no certificate at ${at}: ${meeting.refusal}`];
  if (phase === 1)
    return meeting.refusal === undefined
      ? []
      : [`does not trust the new CA yet at ${at}: ${meeting.refusal}`];
  const chain = meeting.chain.map(({ raw }) => readCertificate(raw));
  if (isOf(fresh, chain)) return [];
  const whose = isOf(old, chain) ? "the old CA" : "another CA";
  return [`still shows a certificate of ${whose} at ${at}`];
}

/** Whether this CA signed the first of a chain, or a CA in it that leads there. */
function isOf({ certificate }: Issuer, chain: readonly ReadCertificate[]): boolean {
  const path = chain[0] ? chainFrom(chain[0], chain) : [];
  return path.some((one) => !sameAuthority(one, certificate) && signed(certificate, one));
}

/** The provider itself is a client: it must not lock itself out. */
function ownProblems({ tls, socketPath }: Target, { phase, old, fresh }: Question): string[] {
  if (socketPath !== undefined) return [];
  if (phase === 1) {
    const verifies = tls.mode === "VERIFY_CA" || tls.mode === "VERIFY_IDENTITY";
    if (!verifies || tls.ca === undefined) return [];
    const trusted = certificatesIn(pem(tls.ca), "tls.ca");
    // Who has the one above it, or another CA altogether, needs no change.
    const needsOld = trusted.some((one) => sameAuthority(one, old.certificate));
    const hasNew = trusted.some((one) => sameAuthority(one, fresh.certificate));
    return needsOld && !hasNew
      ? ["would not be trusted by the administrator's own login: tls.ca lacks the new CA"]
      : [];
  }
  const shown = tls.cert === undefined ? [] : certificatesIn(pem(tls.cert), "tls.cert");
  return isOf(old, shown)
    ? ["would refuse the administrator's own login: tls.cert is a certificate of the old CA"]
    : [];
}
