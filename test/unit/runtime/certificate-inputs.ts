import { keyPem } from "../../../provider/certificates/pem";
import type { Inputs } from "../../../provider/runtime/validation";
import { authority, rsaKey, someKey } from "../certificates/builders";

const root = authority({}, undefined, Date.now());

/** A root of today, as it is declared by hand. */
export const material = {
  certificate: root.certificate.pem,
  privateKey: keyPem(someKey, "PKCS8"),
};

export const otherKey = keyPem(rsaKey(), "PKCS8");

export const subject = [
  { type: "O", value: "Example" },
  { type: "CN", value: "db1" },
];

export const certificateInputs = (given: Inputs = {}): Inputs => ({ issuer: material, subject, ...given });

/** What was said under Diagnostics while it ran. */
export function saidBy(run: () => unknown): string[] {
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  try {
    run();
    return log.mock.calls.map(([line]) => String(line));
  } finally {
    log.mockRestore();
  }
}
