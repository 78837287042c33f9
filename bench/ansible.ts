import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "../tools/cache";
import { run as execute } from "../tools/engine/run";
import { step } from "../tools/report";
import { type Sandbox, down, up } from "../tools/sandbox";
import { type Benchmark, inTurns, secondsOf } from "./benchmark";
import { deployMembers } from "./member-program";
import type { Result } from "./result";
import { median } from "./statistics";
import { type Account, type Traffic, trafficOf } from "./traffic";

const members = 9;
const playbook = join(__dirname, "ansible/playbook.yml");

/** `pulumi refresh` of a group that is as declared, against a playbook of community.mysql's modules that finds nothing to change. */
export const ansible: Benchmark = {
  name: "ansible",
  onRequest: true,
  async run(rounds) {
    const python = await install();
    const sandbox = await up({ group: true, members, temporary: true });
    const home = mkdtempSync(join(tmpdir(), "mysqlgr-ansible-"));
    const { deployment, account } = await deployMembers(sandbox);
    try {
      await deployment.up();
      const peer = new Playbook(python, home, sandbox, account);
      const ours: number[] = [];
      const theirs: number[] = [];
      const traffic: Traffic[] = [];
      await inTurns(
        rounds,
        async () => void ours.push(await secondsOf(() => deployment.refresh())),
        async () => {
          const reached = await trafficOf(sandbox.members, account, async () => {
            theirs.push(await secondsOf(() => peer.run()));
          });
          traffic.push(sumOf(reached));
        },
      );
      return results(ours, theirs, traffic);
    } finally {
      deployment.remove();
      rmSync(home, { recursive: true, force: true });
      await down(sandbox.name);
    }
  },
};

/** Ansible and its collections from PyPI, in a folder of their own. */
async function install(): Promise<string> {
  const shown = step("Ansible from PyPI");
  try {
    const folder = await once("ansible", async (making) => {
      await execute("python3", ["-m", "venv", making]);
      await execute(pythonIn(making), ["-m", "pip", "install", "--quiet", "ansible", "PyMySQL"]);
    });
    shown.done();
    return pythonIn(folder);
  } catch (error) {
    shown.fail();
    throw new Error(`Ansible cannot be installed: ${(error as Error).message}`);
  }
}

function pythonIn(folder: string): string {
  return join(folder, "bin/python");
}

class Playbook {
  constructor(
    private readonly python: string,
    private readonly home: string,
    sandbox: Sandbox,
    account: Account,
  ) {
    writeFileSync(this.inventory, JSON.stringify(inventoryOf(sandbox, account, python)), { mode: 0o600 });
  }

  async run(): Promise<void> {
    const shown = step(`ansible-playbook, ${members} members`);
    const output = await execute(
      this.python,
      ["-m", "ansible", "playbook", "--inventory", this.inventory, "--forks", String(members), playbook],
      { env: this.environment },
    );
    shown.done();
    requireNoChange(output);
  }

  private get inventory(): string {
    return join(this.home, "inventory.json");
  }

  /** As fast as Ansible gets: one process a task, and compiled Python. */
  private get environment(): NodeJS.ProcessEnv {
    const { PYTHONDONTWRITEBYTECODE: _, ...rest } = process.env;
    return { ...rest, ANSIBLE_HOME: this.home, ANSIBLE_PIPELINING: "1", ANSIBLE_NOCOLOR: "1" };
  }
}

function inventoryOf(sandbox: Sandbox, administrator: Account, python: string): unknown {
  const { recovery } = sandbox;
  const hosts = sandbox.members.map(({ name, host, port, localAddress, tls }) => {
    const variables = {
      group_replication_group_name: sandbox.groupName,
      group_replication_local_address: localAddress,
      group_replication_group_seeds: sandbox.members.map((other) => other.localAddress).join(","),
      group_replication_communication_stack: sandbox.stack,
      group_replication_ssl_mode: "REQUIRED",
      group_replication_start_on_boot: "ON",
      ssl_ca: tls.ca,
      ssl_cert: tls.cert,
      ssl_key: tls.key,
      group_replication_recovery_use_ssl: "ON",
      group_replication_recovery_ssl_ca: tls.ca,
      group_replication_recovery_ssl_cert: tls.cert,
      group_replication_recovery_ssl_key: tls.key,
    };
    return [name, { server: { host, port }, variables }];
  });
  const vars = {
    ansible_connection: "local",
    ansible_python_interpreter: python,
    administrator,
    recovery,
  };
  return { members: { hosts: Object.fromEntries(hosts), vars } };
}

/** "db1 : ok=3 changed=0 unreachable=0 failed=0 ..." for each host. */
function requireNoChange(output: string): void {
  const recap = output.split("\n").filter((line) => /: ok=\d+/.test(line));
  const wrong = recap.filter((line) => !/ok=3 +changed=0 +unreachable=0 +failed=0 /.test(line));
  if (recap.length !== members || wrong.length > 0)
    throw new Error(`The playbook was not without changes: ${wrong.join("; ") || output}`);
}

function sumOf(all: readonly Traffic[]): Traffic {
  const sum = (what: keyof Traffic): number => all.reduce((total, one) => total + one[what], 0);
  return { logins: sum("logins"), statements: sum("statements") };
}

function results(ours: readonly number[], theirs: readonly number[], traffic: readonly Traffic[]): Result[] {
  const title = `no-op of ${members} members`;
  return [
    {
      name: `${title}: pulumi refresh against Ansible's community.mysql`,
      unit: "s",
      ours: median(ours),
      reference: median(theirs),
      bound: { ratio: 0.15 },
    },
    {
      name: `${title}: logins of Ansible, all servers`,
      unit: "",
      ours: median(traffic.map((t) => t.logins)),
    },
    {
      name: `${title}: statements of Ansible, all servers`,
      unit: "",
      ours: median(traffic.map((t) => t.statements)),
    },
  ];
}
