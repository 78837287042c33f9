// Loaded into the engine's Node processes: to them it is E2E_DAYS_AGO days ago.
const offset = Number(process.env.E2E_DAYS_AGO) * 24 * 3_600_000;
const now = Date.now;

globalThis.Date = new Proxy(Date, {
  construct: (Real, given) => new Real(...(given.length === 0 ? [now() - offset] : given)),
  get: (Real, key) => (key === "now" ? () => now() - offset : Reflect.get(Real, key)),
});
