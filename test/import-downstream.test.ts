/** Fine-tuned models in the released code's files, imported, checked and run. */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type DataSet, type layouts, writeDownstreamData } from "./downstream-data.js";
import { hashed, prefixed, type Tensors, tensorsOf } from "./state-dicts.js";
import { expectComplaint, json, kadapter, makeWorld, type World } from "./support.js";
import { type StateTensor, torchLegacy, torchZip } from "./torch-writer.js";

let world: World;
let sets: Record<(typeof layouts)[number], DataSet>;
beforeAll(async () => {
  world = await makeWorld();
  sets = await writeDownstreamData(world.at("sets"));
});
afterAll(() => world.remove());

describe("a model with a trained backbone, in the released code's two files", () => {
  const shape = ["--layers", "0,1,3", "--adapter-heads", 2];
  let trained: string;
  let task: Tensors;
  let backbone: Tensors;
  let labels: string;
  beforeAll(async () => {
    const adapters = ["fac", "lin"].map((name, seed) => ({ name, out: world.at(name), seed }));
    for (const { out, seed } of adapters) await json(world.training(out, "--max-steps", 1, "--seed", seed));
    trained = world.at("trained");
    const { train, dev } = sets.tacred;
    const data = ["--train", train, "--dev", dev, "--out", trained, "--max-length", 64, "--official-features"];
    const given = adapters.flatMap(({ name, out }) => ["--adapter", `${name}=${out}`]);
    const how = ["--trains", "backbone", "--max-steps", 4, "--cache-dtype", "float32", "--threads", 1];
    await json(["finetune", "relations", "--backbone", world.backbone, ...data, ...given, ...how]);
    const whole = await tensorsOf(join(trained, "model.safetensors"));
    const ofTask = ([name]: [string, StateTensor]) => /^(fac_adapter|lin_adapter|task_dense|dense|out_proj)/.test(name);
    task = new Map([...whole].filter(ofTask));
    // The pooler is saved too, and not needed.
    const pooler = { shape: [2], data: new Float32Array(2) };
    backbone = prefixed(
      "model.",
      new Map([...[...whole].filter((one) => !ofTask(one)), ["pooler.dense.bias", pooler]]),
    );
    const config = JSON.parse(await readFile(join(trained, "downstream_config.json"), "utf8")) as {
      task: { labels: string[] };
    };
    labels = world.at("labels.json");
    await writeFile(labels, JSON.stringify(config.task.labels));
  });

  const importing = (file: string, out: string, ...more: (string | number)[]) => [
    "import",
    file,
    "--out",
    out,
    ...shape,
    "--mask-padding",
    "--labels",
    labels,
    "--max-length",
    64,
    ...more,
  ];

  test.each([
    ["zip", torchZip],
    ["legacy", torchLegacy],
  ] as const)("in the %s format scores as before", async (name, write) => {
    await writeFile(world.at(name, "..", `${name}.bin`), write(task));
    await writeFile(world.at(`${name}-backbone.bin`), write(backbone));
    const out = world.at("imported", name);
    const weights = ["--backbone", world.backbone, "--backbone-weights", world.at(`${name}-backbone.bin`)];
    const said = await json(importing(world.at(`${name}.bin`), out, ...weights));
    expect(said).toMatchObject({ task: "relations", trains: "backbone", leftOut: ["model.pooler.dense.bias"] });
    expect(said["fusion"]).toEqual({ kind: "concat", adapterDense: false });
    expect((said["adapters"] as { name: string }[]).map((adapter) => adapter.name)).toEqual(["fac", "lin"]);
    const whole = (folder: string) => tensorsOf(join(folder, "model.safetensors"));
    expect(hashed(await whole(out))).toEqual(hashed(await whole(trained)));
    expect((await json(["verify", out]))["ok"]).toBe(true);
    const evaluate = (folder: string) => json(["eval", "--adapter", folder, "--data", sets.tacred.test]);
    const { adapter: _, ...scores } = await evaluate(trained);
    expect(await evaluate(out)).toMatchObject(scores);
  });

  test("lists every tensor that is missing or unexpected", async () => {
    const lost = [...task.keys()].filter((name) => name.startsWith("lin_adapter.adapter.1."));
    const strange = Array.from(
      { length: 12 },
      (_, i) => [`strange.${i}`, { shape: [1], data: new Float32Array(1) }] as const,
    );
    const changed = new Map([...[...task].filter(([name]) => !lost.includes(name)), ...strange]);
    await writeFile(world.at("changed.bin"), torchZip(changed));
    const out = world.at("changed");
    const line = expectComplaint(await kadapter(importing(world.at("changed.bin"), out)));
    expect(line).toMatch(/--layers: 3 numbers .* for the 1 adapter layer of/);
    const some = new Map([...[...task].filter(([name]) => !name.endsWith("up_project.bias")), ...strange]);
    await writeFile(world.at("changed.bin"), torchZip(some));
    const all = expectComplaint(await kadapter(importing(world.at("changed.bin"), out)));
    for (const name of ["fac", "lin"]) expect(all).toContain(`"${name}_adapter.adapter.2.up_project.bias"`);
    for (const [name] of strange) expect(all).toContain(`"${name}"`);
    expect(all).not.toContain("more");
    expect(existsSync(out)).toBe(false);
  });

  test("needs the backbone's kind where the backbone was trained", async () => {
    await writeFile(world.at("task.bin"), torchZip(task));
    await writeFile(world.at("trained.bin"), torchZip(backbone));
    const args = importing(
      world.at("task.bin"),
      world.at("no-backbone"),
      "--backbone-weights",
      world.at("trained.bin"),
    );
    expect(expectComplaint(await kadapter(args))).toMatch(/trained\.bin: .*; give it with --backbone$/);
  });
});
