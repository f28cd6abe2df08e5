/** Which part may import which, read by `npm run lint`. Types count as imports, dynamic imports too; tests import what they like. */
import { readdirSync } from "node:fs";

/** The rooms of src from the lowest up: a room knows those of the lines above its own and no other, the same line included. */
const floors = [
  ["phrases", "host"],
  ["errors", "tensor", "random", "statistics", "part"],
  ["files"],
  ["weights", "text", "data"],
  ["knowledge"],
  ["graph"],
  ["nn"],
  ["backbones"],
  ["adapters", "engine", "ranks"],
  ["models", "settings"],
  ["tasks"],
  ["features"],
  ["lm"],
  ["training"],
  ["parsing", "probing"],
  ["demo", "experiments", "export", "serving", "submit"],
  ["runtime"],
  ["library"],
  ["index"],
  ["cli", "parity", "browser"],
  ["testing"],
];

/** Rooms that know fewer than those below them. */
const knowsOnly = { runtime: ["errors", "phrases", "host", "tensor", "files", "graph", "engine"] };

/** The only files that may import a package. ONNX Runtime's profiler is no concern of the package's, so a benchmark asks it. */
const importersOf = {
  "onnxruntime-node": ["src/runtime/", "bench/profile.ts"],
  "onnxruntime-web": ["src/runtime/web/"],
  koffi: ["src/ranks/", "src/runtime/"],
  commander: ["src/cli/"],
  "cli-progress": ["src/cli/"],
  fastify: ["src/serving/http/"],
  "@fastify/swagger": ["src/serving/http/"],
  "fastify-type-provider-zod": ["src/serving/http/"],
  pino: ["src/serving/http/"],
  "prom-client": ["src/serving/"],
  preact: ["src/serving/page/"],
  "@grpc/grpc-js": ["src/serving/grpc/"],
  "@grpc/proto-loader": ["src/serving/grpc/"],
};

const tests = "\\.test\\.ts$|^test/";
const inRooms = (rooms) => `^src/(${rooms.join("|")})(/|\\.ts$)`;

const found = readdirSync(new URL("src", import.meta.url))
  .filter((name) => !name.endsWith(".test.ts"))
  .map((name) => name.replace(/\.ts$/, ""));
const unknown = found.filter((room) => !floors.flat().includes(room));
if (unknown.length > 0)
  throw new Error(`.dependency-cruiser.js: say on which floor src/${unknown.join(", src/")} stands`);

const roomRules = floors.flatMap((floor, i) =>
  floor.map((room) => {
    const known = [room, ...(knowsOnly[room] ?? floors.slice(0, i).flat())];
    return {
      name: `what-${room}-knows`,
      comment: `src/${room} imports only these rooms: ${known.join(", ")}`,
      severity: "error",
      from: { path: inRooms([room]), pathNot: tests },
      to: { path: "^(src|bench|scripts|examples|test)/", pathNot: inRooms(known) },
    };
  }),
);

const packageRules = Object.entries(importersOf).map(([name, importers]) => ({
  name: `who-imports-${name}`,
  comment: `only ${importers.join(" and ")} imports ${name}`,
  severity: "error",
  from: { path: "^(src|bench|scripts|examples)/", pathNot: `^(${importers.join("|")})|${tests}` },
  to: { path: `^${name}$|^node_modules/(@types/)?${name}/` },
}));

export default {
  forbidden: [
    ...roomRules,
    ...packageRules,
    {
      name: "no-circles",
      comment: "no file imports itself, however long the way round",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-tests-in-the-package",
      comment: "src imports neither its tests nor what only a developer installs",
      severity: "error",
      from: { path: "^src/", pathNot: `${tests}|^src/testing/` },
      to: { path: "\\.test\\.ts$|^(vitest|fast-check)$|^node_modules/(vitest|fast-check)/" },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "^((bench|crash|fuzz)/)?dist/"] },
    exclude: { path: ["^((bench|crash|fuzz)/)?dist/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["types", "import", "node", "default"] },
  },
};
