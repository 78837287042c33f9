import type { Stack } from "../sandbox";
import { type Args, CERTIFICATES, type Declared, atFirst } from "./declaration";
import type { Random } from "./random";

/** Another declaration than the one before. */
export interface Change {
  readonly title: string;
  /** From then on; of a refused one, for the one deployment. */
  readonly declared: Declared;
  /** `pulumi up` must fail and leave the group as it was. */
  readonly refused?: true;
}

/** The group for which a change is chosen. */
export interface Setting {
  readonly stack: Stack;
  readonly names: readonly string[];
  readonly declared: Declared;
}

/** Undefined where this kind of change makes no sense for this group now. */
type Maker = (setting: Setting, random: Random) => Change | undefined;

const modes = ["REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"];
const both = ["TLSv1.2", "TLSv1.3"];

function member(patch: Args): Maker {
  return ({ declared }) => ({
    title: describe(patch),
    declared: { ...declared, member: { ...declared.member, ...patch } },
  });
}

/** One of these values, but not the one that is declared already. */
function another(property: string, values: readonly unknown[]): Maker {
  return (setting, random) => {
    const now = JSON.stringify(setting.declared.member[property]);
    const others = values.filter((value) => JSON.stringify(value) !== now);
    return member({ [property]: random.pick(others) })(setting, random);
  };
}

const sslMode = another("sslMode", modes);

/** From one protocol alone to the other alone takes two changes. */
const tlsVersion: Maker = (setting, random) => {
  const now = setting.declared.member["tlsVersion"];
  const single = Array.isArray(now) && now.length === 1;
  const values = single ? [both] : [["TLSv1.2"], ["TLSv1.3"]];
  return member({ tlsVersion: random.pick(values) })(setting, random);
};

const certificate: Maker = ({ declared }) => {
  const next = (declared.certificate + 1) % CERTIFICATES;
  return { title: `certificate files ${next}`, declared: { ...declared, certificate: next } };
};

const channelCertificate: Maker = ({ declared }) => {
  const next = (Number(declared.channelCertificate) + 1) % CERTIFICATES;
  return {
    title: `certificate files ${next} of the channels`,
    declared: { ...declared, channelCertificate: next },
  };
};

const password: Maker = ({ declared }) => ({
  title: "recovery password",
  declared: { ...declared, password: declared.password + 1 },
});

const weights: Maker = ({ declared, names }, random) => {
  const each = Object.fromEntries(
    names.map((name) => [name, { ...declared.each[name], memberWeight: random.between(0, 100) }]),
  );
  const title = names.map((name) => each[name]!.memberWeight).join(", ");
  return { title: `memberWeight ${title}`, declared: { ...declared, each } };
};

const channel: Maker = ({ declared }, random) => {
  const patch = random.chance(0.5)
    ? { recoveryRetryCount: random.between(3, 20) }
    : { recoveryReconnectInterval: random.between(1, 60) };
  return { title: describe(patch), declared: { ...declared, channel: { ...declared.channel, ...patch } } };
};

/** Variables without a property of their own. */
function variable(name: string, low: number, high: number): Maker {
  return ({ declared }, random) => {
    const value = random.between(low, high);
    const variables = { ...(declared.member["variables"] as Args), [name]: value };
    return {
      title: `${name} ${value}`,
      declared: { ...declared, member: { ...declared.member, variables } },
    };
  };
}

const restarting: readonly (readonly [number, Maker])[] = [
  [5, sslMode],
  [3, tlsVersion],
  [3, certificate],
  [1, variable("group_replication_poll_spin_loops", 0, 1000)],
  [1, variable("group_replication_message_cache_size", 134_217_728, 2_147_483_648)],
];

const quiet: readonly (readonly [number, Maker])[] = [
  [2, weights],
  [2, password],
  [1, channel],
  [1, channelCertificate],
  [
    1,
    another("ipAllowlist", [["127.0.0.0/8", "10.0.0.0/8"], ["127.0.0.1/32", "10.199.0.0/16"], ["AUTOMATIC"]]),
  ],
  [1, another("autorejoinTries", [0, 1, 3, 10])],
  [1, another("memberExpelTimeout", [0, 5, 15])],
  [1, another("exitStateAction", ["READ_ONLY", "OFFLINE_MODE"])],
  [1, another("consistency", ["EVENTUAL", "BEFORE_ON_PRIMARY_FAILOVER"])],
  [1, another("requireSecureTransport", [true, false])],
  [1, variable("group_replication_flow_control_applier_threshold", 1000, 100_000)],
];

/** Several at once, in one deployment. */
const together: Maker = (setting, random) => {
  const one = random.weighted(restarting);
  const other = random.weighted([...restarting, ...quiet]);
  const first = one(setting, random);
  const second = first && other !== one && other({ ...setting, declared: first.declared }, random);
  return second ? { title: `${first.title} and ${second.title}`, declared: second.declared } : undefined;
};

function bad(title: string, change: (declared: Declared) => Declared): Maker {
  return ({ declared }) => ({ title, declared: change(declared), refused: true });
}

function oddCertificate(odd: Declared["odd"][string], verifying: readonly string[] = modes): Maker {
  return ({ declared, names, stack }, random) => {
    if (!verifying.includes(String(declared.member["sslMode"]))) return undefined;
    // What group communication shows on the MYSQL stack as a client are the channel's files.
    if (stack === "MYSQL" && verifying !== modes) return undefined;
    const affected = random.chance(0.5) ? [random.pick(names)] : names;
    return {
      title: `${odd} certificate on ${affected.join(", ")}`,
      declared: { ...declared, odd: Object.fromEntries(affected.map((name) => [name, odd])) },
      refused: true,
    };
  };
}

const encrypted: Maker = (setting, random) =>
  setting.stack === "XCOM"
    ? bad("sslMode DISABLED", (d) => ({ ...d, member: { ...d.member, sslMode: "DISABLED" } }))(
        setting,
        random,
      )
    : undefined;

const otherStack: Maker = (setting, random) => {
  const communicationStack = setting.stack === "XCOM" ? "MYSQL" : "XCOM";
  return bad(`communicationStack ${communicationStack}`, (d) => ({
    ...d,
    member: { ...d.member, communicationStack },
  }))(setting, random);
};

const refused: readonly (readonly [number, Maker])[] = [
  [1, bad("memberWeight 101", (d) => ({ ...d, member: { ...d.member, memberWeight: 101 }, each: {} }))],
  [1, bad("tlsVersion TLSv1.1", (d) => ({ ...d, member: { ...d.member, tlsVersion: ["TLSv1.1"] } }))],
  [2, oddCertificate("missing")],
  [2, oddCertificate("mismatched")],
  [2, oddCertificate("foreign", ["VERIFY_CA", "VERIFY_IDENTITY"])],
  [2, oddCertificate("nameless", ["VERIFY_IDENTITY"])],
  [1, bad("another password on the channels", (d) => ({ ...d, otherPassword: true }))],
  [1, bad("missing certificate of the channels", (d) => ({ ...d, channelCertificate: "missing" as const }))],
  [1, encrypted],
  [1, otherStack],
];

/** A change of the kinds that a deployment is made for, most of them with restarts. */
export function choose(setting: Setting, random: Random): Change {
  const kinds: readonly (readonly [number, Maker])[] = [
    [11, (s, r) => r.weighted(restarting)(s, r)],
    [4, together],
    [4, (s, r) => r.weighted(quiet)(s, r)],
    [3, (s, r) => r.weighted(refused)(s, r)],
  ];
  for (;;) {
    const change = random.weighted(kinds)(setting, random);
    if (change && JSON.stringify(change.declared) !== JSON.stringify(setting.declared)) return change;
  }
}

/** A change that restarts every member, and nothing else. */
export function rolling(declared: Declared = atFirst): Change {
  const next = declared.member["sslMode"] === "VERIFY_CA" ? "REQUIRED" : "VERIFY_CA";
  return {
    title: `sslMode ${next}`,
    declared: { ...declared, member: { ...declared.member, sslMode: next } },
  };
}

function describe(patch: Args): string {
  return Object.entries(patch)
    .map(([name, value]) => `${name} ${Array.isArray(value) ? value.join(",") : String(value)}`)
    .join(", ");
}
