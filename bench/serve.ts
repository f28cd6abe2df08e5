/**
 * `npm run bench:serve`: N adapters beside one backbone, as `kadapter serve` asks them, beside N separate models; then the
 * server under load, whose clients wait for each answer (closed loop) or come at random times (open loop).
 * @module
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { userError } from "../src/errors.js";
import { openBackbone } from "../src/features/backbone-handle.js";
import { workerExecutor } from "../src/runtime/worker-executor.js";
import { servedRecipes, writeServedModel } from "../src/testing/served-models.js";
import { randomBackboneFolder } from "./backbone-folder.js";
import { command, positives, whole } from "./command.js";
import { peerPython } from "./peer.js";
import { besidePeer, servingPeer } from "./serve-peer.js";
import { nameOf } from "./serve-setting.js";
import { sharing } from "./serve-sharing.js";
import { overloaded, underLoad } from "./serve-under-load.js";
import { full, mini, tiny } from "./sizes.js";

const usage = `npm run bench:serve -- [options]
  --backbone DIR    (models/own)
  --shape NAME      random weights instead: mini (MiniLM-L6), full (24 layers of 1024), tiny
  --only LIST       of sharing,load,overload,peer (all; the peer where PEER_PYTHON has torch and fastapi)
  --counts LIST     numbers of adapters (1,2,4,8)
  --texts N         texts of a request that measures the sharing (16)
  --runs N          measurements of each number (9)
  --seconds N       of each load (10)
  --threads N       of ONNX Runtime (2)`;

/** Backbones with random weights, by name. */
const shapes = { mini, full, tiny };

async function backboneOf(
  { backbone, shape }: { readonly backbone: string; readonly shape?: string },
  scratch: string,
) {
  if (shape === undefined) return openBackbone(backbone);
  const sizes = shapes[shape as keyof typeof shapes];
  if (sizes) return openBackbone(await randomBackboneFolder(scratch, sizes, 1));
  throw userError({ where: "--shape", what: shape, expected: `one of ${Object.keys(shapes).join(", ")}` });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: "boolean", default: false },
      backbone: { type: "string", default: "models/own" },
      shape: { type: "string" },
      only: { type: "string", default: "sharing,load,overload,peer" },
      counts: { type: "string", default: "1,2,4,8" },
      texts: { type: "string", default: "16" },
      runs: { type: "string", default: "9" },
      seconds: { type: "string", default: "10" },
      threads: { type: "string", default: "2" },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const counts = positives(values, "counts");
  const folder = await mkdtemp(join(tmpdir(), "kadapter-bench-"));
  const executor = await workerExecutor({ device: "cpu", threads: whole(values, "threads") });
  try {
    const backbone = await backboneOf(values, folder);
    const parts = values.only.split(",");
    const few = 4;
    const folders: string[] = [];
    for (let i = 0; i < Math.max(few, ...counts); i++) {
      const how = { seed: i + 1, usualSize: true };
      folders.push(await writeServedModel(folder, nameOf(i), servedRecipes.relations, backbone, how));
    }
    const setting = { executor, backbone, folders, texts: whole(values, "texts"), runs: whole(values, "runs") };
    const time = whole(values, "seconds");
    if (parts.includes("sharing")) await sharing(setting, counts);
    let capacity = 0;
    if (parts.includes("load")) capacity = await underLoad(setting, few, time);
    if (parts.includes("overload")) await overloaded(setting, few, time, capacity);
    const python = parts.includes("peer") ? await peerPython(servingPeer.modules, servingPeer.packages) : null;
    const how = { threads: whole(values, "threads"), scratch: folder, time };
    if (python !== null) await besidePeer(setting, python, few, how);
    else if (parts.includes("peer"))
      console.log(`nothing to compare with: pip install ${servingPeer.packages}, and set PEER_PYTHON`);
  } finally {
    await executor.close();
    await rm(folder, { recursive: true });
  }
}

await command(main);
