import * as pulumi from "@pulumi/pulumi";

export interface MachineArgs {
  name: string;
  host: string;
  port: number;
  localAddress: string;
  tls: { ca: string; cert: string; key: string };
}

/** Stands for whatever makes or finds your machines: aws.ec2.Instance, a virtual machine, a container. */
export class DatabaseMachine extends pulumi.ComponentResource {
  readonly host: pulumi.Output<string>;
  readonly port: pulumi.Output<number>;
  /** Where Group Replication listens on it. */
  readonly localAddress: pulumi.Output<string>;
  /** Paths of the PEM files on its disk. */
  readonly tls: pulumi.Output<MachineArgs["tls"]>;

  constructor(
    readonly name: string,
    args: MachineArgs,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("example:database:Machine", name, {}, options);
    this.host = pulumi.output(args.host);
    this.port = pulumi.output(args.port);
    this.localAddress = pulumi.output(args.localAddress);
    this.tls = pulumi.output(args.tls);
    this.registerOutputs({ host: this.host, port: this.port, localAddress: this.localAddress });
  }
}
