import { randomUUID } from "node:crypto";
import { type Delivery, type Material, deliveryOf } from "../certificates/delivery";
import { pinOf } from "../files/known-hosts";
import {
  type FilesPlan,
  type Role,
  type Snapshot,
  type Usage,
  type Version,
  type WantedVersion,
  driftIn,
  isEmpty,
  planFiles,
  planRemoval,
  printFiles,
  roles,
  versionsAfter,
  wantedVersion,
} from "../plan/certificate-files";
import { isUnknown } from "../plan/wish";
import { certificateFacts } from "../tls/certificate";
import { assumed } from "./certificate-material";
import { say, sayOnce } from "./context";
import {
  type SshInputs,
  carryOut,
  idsOn,
  machineName,
  requireUnused,
  usageOf,
  withFolder,
} from "./file-places";
import { PartialFailure, declaredIn, pack, providerOf, same, stateIn, stubChanged } from "./lifecycle";
import { type CheckFailure, type Inputs, firstOfEach, refusals, shapeFailures } from "./validation";

/** Output by role. */
const pathOutputs: Record<Role, string> = {
  ca: "sslCa",
  capath: "sslCapath",
  cert: "sslCert",
  key: "sslKey",
  crl: "sslCrl",
  crlpath: "sslCrlpath",
};
const outputs = [...Object.values(pathOutputs), "certificateSha256", "oldVersions", "drift", "facts"];
const declared = (all: Inputs): Inputs => declaredIn(all, outputs);

/** Numbers of `owner` and `group` on the machine. */
interface Ids {
  owner?: number;
  group?: number;
}

interface FilesState extends Inputs {
  facts: {
    /** What this resource has put there, the oldest first. */
    versions: readonly Version[];
    seen: Snapshot;
    usage?: Usage;
    ids: Ids;
  };
}

export function check(_olds: Inputs | undefined, news: Inputs): { inputs: Inputs; failures: CheckFailure[] } {
  const inputs = declared(news);
  const shape = shapeFailures("files", inputs);
  const failures =
    shape.length > 0
      ? shape
      : [...combinationFailures(inputs), ...hostKeyFailures(inputs), ...contentFailures(inputs)];
  return { inputs: { ...inputs, ...providerOf(news) }, failures: firstOfEach(failures) };
}

function combinationFailures(inputs: Inputs): CheckFailure[] {
  const has = (property: string): boolean => inputs[property] !== undefined;
  if (!roles.some(has)) return [{ property: "", reason: `must have one of ${roles.join(", ")}` }];
  if (has("cert") !== has("key")) return [{ property: "", reason: "must have cert and key together" }];
  if (has("keyPassphrase") && !has("key"))
    return [{ property: "keyPassphrase", reason: "has no key that it could be of" }];
  return [];
}

function hostKeyFailures(inputs: Inputs): CheckFailure[] {
  const { hostKey } = (inputs["ssh"] ?? {}) as SshInputs;
  if (hostKey === undefined || isUnknown(hostKey)) return [];
  const lines = hostKey.split(/\r?\n/).filter((line) => line.trim() !== "");
  const reason = 'must be a fingerprint ("SHA256:…", as ssh-keygen -l shows it) or the line of a .pub file';
  return lines.length > 0 && lines.every(pinOf) ? [] : [{ property: "ssh.hostKey", reason }];
}

function contentFailures(inputs: Inputs): CheckFailure[] {
  const known = materialIn(inputs);
  // A key cannot be read before its passphrase is known.
  if (isUnknown(inputs["keyPassphrase"])) delete known.key;
  return refusals(() => deliveryOf(known));
}

function materialIn(inputs: Inputs): { -readonly [K in keyof Material]: Material[K] } {
  const known = [...roles, "keyPassphrase"].filter(
    (property) => inputs[property] !== undefined && !isUnknown(inputs[property]),
  );
  return Object.fromEntries(known.map((property) => [property, inputs[property]]));
}

export function diff(_id: string, olds: Inputs, news: Inputs): { changes: boolean; replaces?: string[] } {
  const { facts } = stateIn<FilesState>(olds);
  const { inputs, reasons } = assumedFiles(olds, news);
  const place = (all: Inputs): Inputs => ({ folder: all["folder"], prefix: prefixIn(all) });
  const [was, is] = [place(olds), place(inputs)];
  const replaces = ["folder", "prefix"].filter((property) => was[property] !== is[property]);
  if (replaces.length > 0) return { changes: true, replaces };
  const usage = inputs["servers"] === undefined ? undefined : facts.usage;
  const plan = planFiles(wantedIn(inputs, facts.ids), facts.versions, facts.seen, usage);
  const changes =
    !isEmpty(plan) || reasons.length > 0 || !same(declared(olds), declared(news)) || stubChanged(olds, news);
  if (changes) sayFiles(inputs, plan, reasons);
  return { changes };
}

/** Certificate and key belong together: where one is not known yet, both are taken for what they were. */
function assumedFiles(olds: Inputs, news: Inputs): { inputs: Inputs; reasons: string[] } {
  const { inputs, reasons } = assumed(olds, news);
  const pair = ["cert", "key", "keyPassphrase"];
  const known = !pair.some((property) => isUnknown(news[property]));
  return {
    inputs: known ? inputs : { ...inputs, ...Object.fromEntries(pair.map((p) => [p, olds[p]])) },
    reasons,
  };
}

function sayFiles(inputs: Inputs, plan: FilesPlan, reasons: readonly string[]): void {
  const about = `files in ${String(inputs["folder"])} on ${machineName(inputs)}`;
  const unknown = reasons.map((reason) => `${reason}: more may be written`);
  sayOnce(about, [`${about}: none`, ...[...printFiles(plan), ...unknown].map((line) => `    ${line}`)]);
}

export async function create(inputs: Inputs): Promise<{ id: string; outs: Inputs }> {
  const id = randomUUID();
  return { id, outs: await converge(id, inputs, []) };
}

export async function update(id: string, olds: Inputs, news: Inputs): Promise<{ outs: Inputs }> {
  return { outs: await converge(id, news, stateIn<FilesState>(olds).facts.versions) };
}

function converge(id: string, inputs: Inputs, before: readonly Version[]): Promise<Inputs> {
  return withFolder(inputs, prefixIn(inputs), async (folder) => {
    await folder.requireUsable();
    const ids = await idsOn(folder.machine, inputs);
    const wanted = wantedIn(inputs, ids);
    const known = [...before, ...wanted].map(({ name }) => name);
    const usage = await usageOf(inputs, known);
    const plan = planFiles(wanted, before, await folder.observe(), usage);
    const outsFor = (seen: Snapshot): Inputs =>
      outputsOf(inputs, wanted, { versions: versionsAfter(wanted, before, seen), seen, usage, ids });
    try {
      await carryOut(folder, plan, wanted);
    } catch (error) {
      // State must know what was written before it went wrong, or nobody would ever delete it.
      const seen = await folder.observe().catch(() => nothing);
      throw new PartialFailure(id, { ...outsFor(seen), ...providerOf(inputs) }, error);
    }
    return outsFor(await folder.observe());
  });
}

const nothing: Snapshot = { files: [], folders: [], leftovers: [] };

export function read(id: string, props: Inputs): Promise<{ id: string; props: Inputs; inputs: Inputs }> {
  const { facts } = stateIn<FilesState>(props);
  const inputs = declared(props);
  return withFolder(inputs, prefixIn(inputs), async (folder) => {
    const wanted = wantedIn(inputs, facts.ids);
    const seen = await folder.observe();
    const usage = await usageOf(
      inputs,
      facts.versions.map(({ name }) => name),
    );
    const versions = versionsAfter(wanted, facts.versions, seen);
    const outs = outputsOf(inputs, wanted, { versions, seen, usage, ids: facts.ids });
    return { id, props: outs, inputs };
  });
}

export async function remove(_id: string, props: Inputs): Promise<void> {
  const { facts } = stateIn<FilesState>(props);
  await requireUnused(
    props,
    facts.versions.map(({ name }) => name),
    machineName(props),
  );
  await withFolder(props, prefixIn(props), async (folder) => {
    const plan = planRemoval(facts.versions, await folder.observe());
    await carryOut(folder, plan, []);
    for (const { path, why } of plan.kept) say(`${folder.at(path)} on ${folder.machine.name} stays: ${why}`);
  });
}

function prefixIn(inputs: Inputs): string {
  return typeof inputs["prefix"] === "string" ? inputs["prefix"] : "server";
}

function wantedIn(inputs: Inputs, ids: Ids): WantedVersion[] {
  const delivery = deliveryOf(materialIn(inputs));
  return roles.flatMap((role) => {
    const content = delivery[role];
    if (content === undefined) return [];
    const access = {
      mode: modeIn(inputs, role),
      ...(inputs["owner"] === undefined || ids.owner === undefined ? {} : { uid: ids.owner }),
      ...(inputs["group"] === undefined || ids.group === undefined ? {} : { gid: ids.group }),
    };
    const texts = typeof content === "string" ? { role, text: content } : { role, files: content };
    return [wantedVersion(prefixIn(inputs), texts, access)];
  });
}

function modeIn(inputs: Inputs, role: Role): number {
  const { keyMode = "0600", mode = "0644" } = inputs as { keyMode?: string; mode?: string };
  return parseInt(role === "key" ? keyMode : mode, 8);
}

function outputsOf(inputs: Inputs, wanted: readonly WantedVersion[], facts: FilesState["facts"]): Inputs {
  const folder = String(inputs["folder"]);
  const { leaf }: Delivery = deliveryOf(materialIn(inputs));
  const plan = planFiles(wanted, facts.versions, facts.seen, facts.usage);
  const old = facts.versions.filter(({ name }) => !wanted.some((version) => version.name === name));
  return {
    ...declared(inputs),
    ...Object.fromEntries(wanted.map(({ role, name }) => [pathOutputs[role], `${folder}/${name}`])),
    ...(leaf ? { certificateSha256: certificateFacts(leaf.x509).sha256 } : {}),
    oldVersions: old.map(({ name }) => `${folder}/${name}`),
    drift: driftIn(plan),
    facts: pack(facts),
  };
}
