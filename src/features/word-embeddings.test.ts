import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { backboneDefinitions } from "../backbones/index.js";
import { UserError } from "../errors.js";
import type { BackboneHandle } from "./backbone-handle.js";
import { refuseOtherMatrix } from "./word-embeddings.js";

/** A folder of test/compat as far as it is read. */
async function handle(name: string): Promise<BackboneHandle> {
  const folder = fileURLToPath(new URL(`../../test/compat/models/transformers-4/${name}`, import.meta.url));
  const json = JSON.parse(await readFile(`${folder}/config.json`, "utf8")) as { model_type: string };
  const definition = backboneDefinitions.get(json.model_type)!;
  return { folder, definition, config: definition.parseConfig(json, folder) } as BackboneHandle;
}

it.each([
  ["bert-other-copy", /cls\.predictions\.decoder\.weight differs from bert\.embeddings\.word_embeddings\.weight/],
  ["gpt2-other-copy", /lm_head\.weight differs from transformer\.wte\.weight.*tie_word_embeddings/],
])("refuses the output matrix of %s, which the configuration ties to another", async (name, message) => {
  const refused = refuseOtherMatrix(await handle(name));
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow(message);
});

it.each(["bert-untied", "gpt2-untied", "bert-other-settings", "gpt2-scaled"])("takes that of %s", async (name) => {
  await expect(refuseOtherMatrix(await handle(name))).resolves.toBeUndefined();
});
