import { useRuntime } from "./helpers";
import { describeIssuedCertificates } from "./issued-certificates";

useRuntime();

describe.each(["5.7.22", "8.0.15"] as const)("on MySQL %s", (version) => {
  describeIssuedCertificates(version);
});
