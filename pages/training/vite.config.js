/** Builds the page from the package as it was built: `npm run page`. The model and the example are served beside it. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";

const root = new URL("../../", import.meta.url);
const at = (path) => fileURLToPath(new URL(path, root));

/** Needed of the model; what else is in its folder is about it. */
const modelFiles = ["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"];

/** As many of the example's relations as a tab learns in a minute or so. */
const relations = ["capital", "product"];

const example = (name) => readFileSync(at(`examples/country/${name}`), "utf8");
const facts = () =>
  example("facts.csv")
    .split(/\r?\n/)
    .filter((line) => relations.includes(line.split(",")[1]));

/** What is asked of the facts: each in one of the sentences that are not taught. */
function questions() {
  const asked = parse(example("asked.yaml"));
  return facts().map((line, i) => {
    const [subject, relation] = line.split(",");
    return asked[relation][i % 2].replace("[X]", subject).replace("[Y]", "[MASK]");
  });
}

/** The sentences of these relations. */
const wordings = () =>
  stringify(Object.fromEntries(relations.map((name) => [name, parse(example("wordings.yaml"))[name]])));

/** Files that the page fetches, by their addresses. */
function* served() {
  for (const name of modelFiles) yield [`models/own/${name}`, readFileSync(at(`models/own/${name}`))];
  for (const name of ["facts.csv", "wordings.yaml"]) yield [`examples/country/${name}`, example(name)];
  yield ["example/facts.txt", facts().join("\n")];
  yield ["example/wordings.yaml", wordings()];
  yield ["example/questions.txt", questions().join("\n")];
  const names = readdirSync(at("wordings")).filter((name) => name.endsWith(".yaml"));
  for (const name of names) yield [`wordings/${name}`, readFileSync(at(`wordings/${name}`))];
  yield ["wordings/index.json", JSON.stringify(names)];
}

const withFiles = {
  name: "files-that-are-fetched",
  generateBundle() {
    for (const [fileName, source] of served()) this.emitFile({ type: "asset", fileName, source });
  },
};

/** With these a page may use threads in WebAssembly. */
const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default {
  root: fileURLToPath(new URL(".", import.meta.url)),
  base: "./",
  logLevel: "warn",
  plugins: [withFiles],
  worker: { format: "es" },
  build: { outDir: at("runs/page"), emptyOutDir: true, target: "es2023", chunkSizeWarningLimit: 4096 },
  preview: { headers, port: 4173 },
};
