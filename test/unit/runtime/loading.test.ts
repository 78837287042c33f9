import type * as Runtime from "../../../provider/runtime";

it("forge is loaded for a program that has certificates, and for no other", async () => {
  let loaded = 0;
  jest.doMock("node-forge/lib/asn1", () => {
    loaded += 1;
    return jest.requireActual<object>("node-forge/lib/asn1");
  });
  const runtime = jest.requireActual<typeof Runtime>("../../../provider/runtime");
  for (const other of ["groupMember", "recoveryChannel", "replicationUser", "replicationChannel"] as const)
    expect((await runtime[other].check({}, {})).failures).not.toEqual([]);
  expect(loaded).toBe(0);
  await runtime.certificate.check({}, {});
  expect(loaded).toBe(1);
});
