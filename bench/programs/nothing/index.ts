import * as pulumi from "@pulumi/pulumi";

const nothing: pulumi.dynamic.ResourceProvider = {
  create: () => Promise.resolve({ id: "nothing", outs: {} }),
};

class Nothing extends pulumi.dynamic.Resource {
  constructor(name: string) {
    super(nothing, name, {});
  }
}

const count = new pulumi.Config().requireNumber("count");
for (let i = 1; i <= count; i++) new Nothing(`nothing-${i}`);
