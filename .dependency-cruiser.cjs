/** Imports point one way: see "Map of folders" in README.md. */
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: `${from} may import only: ${allowed.join(", ")}`,
  from: { path: `^provider/${from}` },
  to: { path: "^provider/", pathNot: allowed.map((a) => `^provider/${a}`) },
});

module.exports = {
  forbidden: [
    { name: "no-circle", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans-of-the-package",
      severity: "error",
      from: { path: "^provider" },
      to: { path: "^(tools|test|bench|examples)" },
    },
    only("resources-know-no-runtime", "resources/", ["resources/", "stub\\.ts$"]),
    only("components-compose-resources", "components/", ["components/", "resources/"]),
    only("plan-is-pure", "plan/", [
      "plan/",
      "mysql/(catalogue|channel-options|option-file|versions|facts|dialect|sql|password)\.ts$",
      "mysql/variables\.json$",
      "tls/rules",
      "errors\.ts$",
    ]),
    {
      name: "what-plans-use-of-mysql-opens-no-socket",
      severity: "error",
      from: {
        path: "^provider/mysql/(catalogue|channel-options|option-file|versions|facts|dialect|sql|password)\\.ts$",
      },
      to: {
        path: "^provider/mysql/",
        pathNot:
          "^provider/mysql/((catalogue|channel-options|option-file|versions|facts|dialect|sql|password)\\.ts|variables\\.json)$",
      },
    },
    only("mysql-stands-alone", "mysql/", ["mysql/", "errors\\.ts$"]),
    only("certificates-stand-alone", "certificates/", ["certificates/", "errors\\.ts$"]),
    only("files-know-no-server", "files/", ["files/", "plan/certificate-files\\.ts$", "errors\\.ts$"]),
    only("tls-stands-alone", "tls/", ["tls/", "mysql/", "errors\\.ts$"]),
    only("rolling-knows-no-runtime", "rolling/", [
      "rolling/",
      "plan/",
      "mysql/",
      "tls/",
      "certificates/",
      "errors\\.ts$",
    ]),
    only("runtime-knows-no-resource", "runtime/", [
      "runtime/",
      "plan/",
      "rolling/",
      "mysql/",
      "tls/",
      "certificates/",
      "files/",
      "errors\\.ts$",
    ]),
    {
      name: "pulumi-only-at-the-edge",
      severity: "error",
      from: { path: "^provider/(plan|rolling|mysql|tls|certificates|files|runtime)/" },
      to: { path: "node_modules/@pulumi/pulumi" },
    },
    {
      name: "no-sockets-in-plans",
      severity: "error",
      from: { path: "^provider/(plan|resources|certificates)/" },
      to: { path: "^(node:)?(net|tls|http|https|fs|child_process|dgram)$|node_modules/(mysql2|ssh2)" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
  },
};
