import { channelOptions, textProblem } from "../mysql/channel-options";
import { type ChannelSslMode, sslOptions } from "../plan/replication-channel";
import { isUnknown } from "../plan/wish";
import { cipherProblem, protocolProblem } from "../tls/rules";
import type { CheckFailure, Inputs } from "./validation";

type Rule = (inputs: Inputs) => readonly CheckFailure[];

/** What the declaration alone shows to be wrong. The server takes much of it without a word, and the channel fails later. */
export function sourceChannelFailures(inputs: Inputs): CheckFailure[] {
  return rules.flatMap((rule) => rule(inputs));
}

function problem(property: string, reason: string | undefined): CheckFailure[] {
  return reason === undefined ? [] : [{ property, reason }];
}

function fails(condition: boolean, property: string, reason: string): CheckFailure[] {
  return condition ? [{ property, reason }] : [];
}

function has(inputs: Inputs, property: string): boolean {
  return inputs[property] !== undefined && inputs[property] !== null;
}

function known<T>(inputs: Inputs, property: string): T | undefined {
  return has(inputs, property) && !isUnknown(inputs[property]) ? (inputs[property] as T) : undefined;
}

const rules: readonly Rule[] = [nameRules, textRules, positionRules, sslModeRules, tlsRules, gtidRules];

function nameRules(inputs: Inputs): CheckFailure[] {
  const name = known<string>(inputs, "channelName");
  if (name === undefined) return [];
  return [
    ...fails([...name].length > 64, "channelName", "must have 64 characters at most"),
    ...fails(
      /^(group_replication_(applier|recovery)|mysqlgr_probe.*)$/i.test(name),
      "channelName",
      "is reserved",
    ),
    ...fails(name.endsWith(" "), "channelName", "must not end with a space (3076)"),
    ...problem("channelName", textProblem(name)),
  ];
}

function textRules(inputs: Inputs): CheckFailure[] {
  const long = channelOptions
    .filter((o) => o.kind === "text" || o.kind === "list")
    .flatMap(({ property, longest }) => {
      const value = known<string | string[]>(inputs, property);
      return problem(property, textProblem(Array.isArray(value) ? value.join(":") : (value ?? ""), longest));
    });
  const password = known<string>(inputs, "password") ?? "";
  return [
    ...long,
    ...problem("logFile", textProblem(known<string>(inputs, "logFile") ?? "")),
    ...fails(
      Buffer.byteLength(password) > 32,
      "password",
      "must have 32 bytes at most: a channel takes no longer one",
    ),
    ...problem("password", textProblem(password)),
  ];
}

function positionRules(inputs: Inputs): CheckFailure[] {
  const automatic = known<boolean>(inputs, "autoPosition");
  return [
    ...fails(
      automatic === true && (has(inputs, "logFile") || has(inputs, "logPosition")),
      "autoPosition",
      "and a log position exclude each other",
    ),
    ...fails(has(inputs, "logPosition") && !has(inputs, "logFile"), "logPosition", "needs logFile"),
    ...fails(
      automatic === false && !has(inputs, "logFile"),
      "autoPosition",
      "must be left out or true, or logFile must say where the channel begins",
    ),
  ];
}

/** The mode's own meaning, beside which a single option can only repeat or contradict it. */
function sslModeRules(inputs: Inputs): CheckFailure[] {
  const mode = known<ChannelSslMode>(inputs, "sslMode");
  const trusts = has(inputs, "sslCa") || has(inputs, "sslCapath");
  if (mode === undefined)
    return fails(
      known(inputs, "sslVerifyServerCert") === true && known(inputs, "ssl") === false,
      "sslVerifyServerCert",
      "needs ssl: true",
    );
  const meaning = sslOptions(mode);
  return [
    ...["ssl", "sslVerifyServerCert"].flatMap((property) =>
      fails(
        known(inputs, property) !== undefined && inputs[property] !== meaning[property],
        property,
        `contradicts sslMode ${mode}; leave it out`,
      ),
    ),
    ...fails(
      mode.startsWith("VERIFY_") && !trusts,
      "sslMode",
      `${mode} needs sslCa or sslCapath: a CA to trust`,
    ),
    ...["sslCa", "sslCapath"].flatMap((property) =>
      fails(
        !mode.startsWith("VERIFY_") && has(inputs, property),
        property,
        `would make the channel verify its source, and sslMode ${mode} does not; declare VERIFY_CA or leave it out`,
      ),
    ),
  ];
}

function tlsRules(inputs: Inputs): CheckFailure[] {
  const list = (property: string): string[] | undefined => known<string[]>(inputs, property);
  const [protocols, ciphers, suites] = [list("tlsVersion"), list("sslCipher"), list("tlsCiphersuites")];
  const algorithms = list("compressionAlgorithms") ?? [];
  return [
    ...problem("tlsVersion", protocols && protocolProblem(protocols)),
    ...problem("sslCipher", ciphers && cipherProblem(ciphers, "cipher")),
    ...problem("tlsCiphersuites", suites && cipherProblem(suites, "ciphersuite")),
    ...fails(new Set(algorithms).size !== algorithms.length, "compressionAlgorithms", "names one twice"),
  ];
}

function gtidRules(inputs: Inputs): CheckFailure[] {
  const positions = has(inputs, "logFile");
  const assign = known<string>(inputs, "assignGtidsToAnonymousTransactions");
  const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
  return [
    ...fails(
      assign !== undefined && !["OFF", "LOCAL"].includes(assign) && !uuid.test(assign),
      "assignGtidsToAnonymousTransactions",
      "must be OFF, LOCAL or a UUID",
    ),
    ...fails(
      assign !== undefined && assign !== "OFF" && !positions,
      "assignGtidsToAnonymousTransactions",
      "is for a source without GTIDs: declare logFile, where the channel begins",
    ),
    ...["connectionAutoFailover", "gtidOnly"].flatMap((property) =>
      fails(known(inputs, property) === true && positions, property, "needs autoPosition"),
    ),
    ...fails(
      known(inputs, "gtidOnly") === true &&
        inputs["requireRowFormat"] !== true &&
        !isUnknown(inputs["requireRowFormat"]),
      "gtidOnly",
      "needs requireRowFormat: true",
    ),
  ];
}
