import { useRuntime } from "./helpers";
import { describeIssuedCertificates } from "./issued-certificates";

useRuntime();

describeIssuedCertificates("9.7.4");
