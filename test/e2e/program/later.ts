import * as pulumi from "@pulumi/pulumi";

interface Given {
  given: unknown;
  value: unknown;
}

const echo: pulumi.dynamic.ResourceProvider<Given, Given> = {
  create: (inputs) => Promise.resolve({ id: "later", outs: { ...inputs, value: inputs.given } }),
};

/** Gives back what it was given, but only once it has been made: in the preview before that nobody knows the value. */
export class Later extends pulumi.dynamic.Resource {
  declare readonly value: pulumi.Output<unknown>;

  constructor(name: string, given: unknown) {
    super(echo, name, { given, value: undefined });
  }

  /** The same object with every field an output of this resource. */
  fields(given: object): Record<string, pulumi.Output<unknown>> {
    return Object.fromEntries(Object.keys(given).map((key) => [key, this.at([key])]));
  }

  /** The same value with everything in it that is no object and no array an output of this resource. */
  leaves(given: unknown, path: readonly string[] = []): unknown {
    if (Array.isArray(given)) return given.map((item, index) => this.leaves(item, [...path, String(index)]));
    if (typeof given !== "object" || given === null || pulumi.Output.isInstance(given)) return this.at(path);
    return Object.fromEntries(
      Object.entries(given).map(([key, value]) => [key, this.leaves(value, [...path, key])]),
    );
  }

  private at(path: readonly string[]): pulumi.Output<unknown> {
    return this.value.apply((value) =>
      path.reduce<unknown>((inner, key) => (inner as Record<string, unknown>)[key], value),
    );
  }
}
