import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { RowDataPacket } from "mysql2/promise";
import { type Member, type Sandbox, type Stack, connect, down, query, up } from "../sandbox";
import { filesOf, makeCertificates } from "./certificates";
import { type Declared, atFirst, channelArgs, memberArgs } from "./declaration";
import { Deployment, type Running } from "./deployment";
import { primaryOf } from "./look";

export const ADMINISTRATOR = "mysqlgr";

/** As the README has it, on the MYSQL stack as well. */
const ACCOUNT = [
  `CREATE USER '${ADMINISTRATOR}'@'%' IDENTIFIED BY ? REQUIRE SSL`,
  `GRANT GROUP_REPLICATION_ADMIN, SYSTEM_VARIABLES_ADMIN, PERSIST_RO_VARIABLES_ADMIN, REPLICATION_SLAVE_ADMIN, RELOAD, PROCESS, CREATE USER ON *.* TO '${ADMINISTRATOR}'@'%'`,
  `GRANT SELECT ON performance_schema.* TO '${ADMINISTRATOR}'@'%'`,
  `GRANT SELECT ON mysql.* TO '${ADMINISTRATOR}'@'%'`,
  `GRANT REPLICATION SLAVE, BACKUP_ADMIN, CONNECTION_ADMIN, GROUP_REPLICATION_STREAM ON *.* TO '${ADMINISTRATOR}'@'%' WITH GRANT OPTION`,
];

export interface Servers {
  readonly members: number;
  readonly stack: Stack;
  /** Each has a host and a disk of its own. */
  readonly hosts: boolean;
}

const DISK_MEGABYTES = 400;

/** A group of real servers, and a deployment that declares it. */
export class Site {
  /** Every password there has been, which nobody may print. */
  readonly secrets: string[];
  private readonly passwords: string[];
  private secretsSet = "";

  private constructor(
    readonly sandbox: Sandbox,
    readonly deployment: Deployment,
    administrator: string,
  ) {
    this.passwords = [sandbox.recovery!.password];
    this.secrets = [administrator, ...this.passwords];
  }

  /** `work` begins when the group has been adopted: a further deployment would change nothing. */
  static async with<T>(servers: Servers, work: (site: Site) => Promise<T>): Promise<T> {
    const { members, stack, hosts } = servers;
    const disk = hosts ? { disk: DISK_MEGABYTES } : {};
    const sandbox = await up({ group: true, members, stack, hosts, ...disk, temporary: true });
    try {
      await makeCertificates(sandbox);
      const password = `administrator-${randomBytes(8).toString("hex")}`;
      await makeAdministrator(sandbox, password);
      const deployment = await Deployment.create(join(sandbox.folder, "pulumi"), {
        "mysqlgr:user": { value: ADMINISTRATOR },
        "mysqlgr:password": { value: password, secret: true },
      });
      const site = new Site(sandbox, deployment, password);
      const { how, output } = await (await site.declare(atFirst)).up().ended;
      if (how !== "succeeded") throw new Error(`The group could not be adopted:\n${output}`);
      return await work(site);
    } finally {
      await down(sandbox);
    }
  }

  get members(): readonly Member[] {
    return this.sandbox.members;
  }

  get names(): string[] {
    return this.members.map(({ name }) => name);
  }

  memberOf(name: string): Member {
    return this.members.find((member) => member.name === name)!;
  }

  /** From now on a deployment declares this. */
  async declare(declared: Declared): Promise<Deployment> {
    await this.setPasswords(declared);
    this.deployment.declare(this.render(declared));
    return this.deployment;
  }

  begin(refresh = false): Running {
    return this.deployment.up({ refresh });
  }

  passwordOf(declared: Declared): string {
    while (this.passwords.length <= declared.password) {
      const password = `recovery-${randomBytes(8).toString("hex")}`;
      this.passwords.push(password);
      this.secrets.push(password);
    }
    return this.passwords[declared.password]!;
  }

  private async setPasswords(declared: Declared): Promise<void> {
    const recoveryPassword = this.passwordOf(declared);
    const other = `other-${randomBytes(8).toString("hex")}`;
    const channelPassword = declared.otherPassword ? other : recoveryPassword;
    const key = `${recoveryPassword} ${declared.otherPassword}`;
    if (key === this.secretsSet) return;
    this.secrets.push(other);
    await this.deployment.setSecrets({ recoveryPassword, channelPassword });
    this.secretsSet = key;
  }

  private render(declared: Declared): unknown {
    const { members, groupName } = this.sandbox;
    const servers = members.map(({ host, port }) => ({ host, port }));
    return {
      user: { servers, user: this.sandbox.recovery!.user, require: "SSL" },
      members: members.map((member, i) => ({
        name: member.name,
        channel: { connection: servers[i], ...channelArgs(declared, filesOf(member)) },
        member: {
          connection: servers[i],
          groupName,
          localAddress: member.localAddress,
          groupSeeds: members.map(({ localAddress }) => localAddress),
          ...memberArgs(declared, member.name, filesOf(member)),
        },
      })),
    };
  }
}

async function makeAdministrator({ members }: Sandbox, password: string): Promise<void> {
  const connection = await connect((await primaryOf(members))!);
  try {
    for (const sql of ACCOUNT) await connection.query(sql, [password]);
    const [[row]] = await connection.query<RowDataPacket[]>("SELECT @@GLOBAL.gtid_executed gtids");
    const arrived = members.map((member) =>
      query(member, "SELECT WAIT_FOR_EXECUTED_GTID_SET(?, 30)", [row!["gtids"]]),
    );
    await Promise.all(arrived);
  } finally {
    await connection.end();
  }
}
