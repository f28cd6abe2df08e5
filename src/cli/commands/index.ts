/**
 * Every command of `kadapter`. A new one needs an entry here, a table of settings in src/settings, and a file beside
 * this one that exports `run`; docs/cli.md and `--help` follow from the table.
 * @module
 */
import { type CommandEntry, command, training } from "../command.js";

/** What commands of two words have in common. */
export const commandGroups: Readonly<Record<string, string>> = {
  pretrain: "train an adapter on one kind of knowledge",
  finetune: "train a backbone with any adapters on a downstream task",
  probe: "measure what a model knows, with and without adapters",
  experiment: "run whole experiments, resumable, to one table",
  data: "prepare data",
  facts: "a person's own knowledge, from files of any form to one folder",
  export: "write finished models for other programs",
  submit: "hand a command to a cluster, whole, in parts or over MPI",
};

/** `teach`, and the same in the family of `pretrain`. */
const teaching = {
  description: "teach a model facts that it then answers, in other words too",
  settings: async () => (await import("../../settings/recall.js")).recallSettings,
  run: async () => (await import("./teach.js")).run,
};

/** In the order in which help shows them. */
export const commands: readonly CommandEntry[] = [
  training({ name: "teach", ...teaching }),
  training({
    name: "pretrain factual",
    description: "train a factual adapter by relation classification",
    settings: async () => (await import("../../settings/factual.js")).factualSettings,
    run: async () => (await import("./pretrain-factual.js")).run,
  }),
  training({
    name: "pretrain linguistic",
    description: "train a linguistic adapter by predicting each word's head",
    settings: async () => (await import("../../settings/linguistic.js")).linguisticSettings,
    run: async () => (await import("./pretrain-linguistic.js")).run,
  }),
  training({ name: "pretrain recall", ...teaching, description: "the same as `teach`, with the same settings" }),
  training({
    name: "pretrain lm",
    description: "train a whole language model on plain text",
    settings: async () => (await import("../../settings/language-model.js")).languageModelSettings,
    run: async () => (await import("./pretrain-lm.js")).run,
  }),
  training({
    name: "pretrain multitask",
    description:
      "train the model itself on several kinds of knowledge at once: the baseline that adapters are measured by",
    settings: async () => (await import("../../settings/multitask.js")).multitaskSettings,
    run: async () => (await import("./pretrain-multitask.js")).run,
  }),
  training({
    name: "finetune relations",
    description: "learn which relation holds between two entities",
    settings: async () => (await import("../../settings/finetune.js")).relationsSettings,
    run: async () => (await import("./finetune.js")).relations,
  }),
  training({
    name: "finetune entity-typing",
    description: "learn which types a mention has",
    settings: async () => (await import("../../settings/finetune.js")).typingSettings,
    run: async () => (await import("./finetune.js")).entityTyping,
  }),
  training({
    name: "finetune multiple-choice",
    description: "learn which answer is right",
    settings: async () => (await import("../../settings/finetune.js")).choiceSettings,
    run: async () => (await import("./finetune.js")).multipleChoice,
  }),
  training({
    name: "finetune open-qa",
    description: "learn to answer out of retrieved paragraphs",
    settings: async () => (await import("../../settings/finetune.js")).openQaSettings,
    run: async () => (await import("./finetune.js")).openQa,
  }),
  command({
    name: "features",
    description: "compute the hidden states that a training reads before it begins, alone or as one part of an array",
    settings: async () => (await import("../../settings/features.js")).featuresSettings,
    run: async () => (await import("./features.js")).run,
  }),
  command({
    name: "sweep",
    description: "run a training over a grid and seeds, and write one table of the results",
    settings: async () => (await import("../../settings/tools.js")).sweepSettings,
    run: async () => (await import("./sweep.js")).run,
  }),
  command({
    name: "eval",
    description: "measure an adapter on labelled examples",
    settings: async () => (await import("../../settings/apply.js")).evalSettings,
    run: async () => (await import("./eval.js")).run,
  }),
  command({
    name: "predict",
    description: "tell the answer of each example, such as its relation or its tree",
    settings: async () => (await import("../../settings/apply.js")).predictSettings,
    run: async () => (await import("./predict.js")).run,
  }),
  command({
    name: "probe train-head",
    description: "train a masked-language-model head beside a frozen model and frozen adapters",
    settings: async () => (await import("../../settings/probe.js")).trainHeadSettings,
    run: async () => (await import("./probe-train-head.js")).run,
  }),
  command({
    name: "probe lama",
    description: "ask LAMA's facts: P@1, P@10, P@100 and MRR",
    settings: async () => (await import("../../settings/probe.js")).lamaSettings,
    run: async () => (await import("./probe-lama.js")).run,
  }),
  command({
    name: "probe recall",
    description: "ask facts in given wordings, and what an adapter changed of other text",
    settings: async () => (await import("../../settings/probe.js")).probeRecallSettings,
    run: async () => (await import("./probe-recall.js")).run,
  }),
  command({
    name: "probe filter",
    description: "copy training data without the subjects that `probe lama --subjects fifth` asks about",
    settings: async () => (await import("../../settings/probe.js")).filterSettings,
    run: async () => (await import("./probe-filter.js")).run,
  }),
  command({
    name: "fill",
    description: "fill the mask of a text, with each set of adapters side by side",
    settings: async () => (await import("../../settings/probe.js")).fillSettings,
    run: async () => (await import("./fill.js")).run,
  }),
  command({
    name: "serve",
    description: "answer over HTTP: many models beside one backbone, which runs once for all that are asked",
    recipe: true,
    settings: async () => (await import("../../settings/serve.js")).serveSettings,
    run: async () => (await import("./serve.js")).run,
  }),
  command({
    name: "experiment transfer",
    description:
      "does knowledge arrive: adapters against features without knowledge, on unseen relations and other data",
    recipe: true,
    settings: async () => (await import("../../settings/knowledge-experiments.js")).transferSettings,
    run: async () => (await import("./experiment-transfer.js")).run,
  }),
  command({
    name: "experiment continual",
    description:
      "learn kinds of knowledge in turn and measure the earlier ones: adapters, one shared adapter, the model",
    recipe: true,
    settings: async () => (await import("../../settings/knowledge-experiments.js")).continualSettings,
    run: async () => (await import("./experiment-continual.js")).run,
  }),
  command({
    name: "experiment downstream",
    description:
      "what adapters bring to downstream tasks, beside untrained ones and beside the model that learnt the same itself",
    recipe: true,
    settings: async () => (await import("../../settings/adapter-experiments.js")).downstreamSettings,
    run: async () => (await import("./experiment-downstream.js")).run,
  }),
  command({
    name: "experiment linguistic",
    description: "what a linguistic adapter brings, beside no adapter and untrained ones",
    recipe: true,
    settings: async () => (await import("../../settings/adapter-experiments.js")).linguisticExperimentSettings,
    run: async () => (await import("./experiment-linguistic.js")).run,
  }),
  command({
    name: "experiment lama",
    description: "LAMA without contamination: the model alone, beside untrained adapters and beside factual ones",
    recipe: true,
    settings: async () => (await import("../../settings/adapter-experiments.js")).lamaExperimentSettings,
    run: async () => (await import("./experiment-lama.js")).run,
  }),
  command({
    name: "experiment precision",
    description: "what float16 hidden states and an int8 backbone cost in accuracy",
    recipe: true,
    settings: async () => (await import("../../settings/adapter-experiments.js")).precisionSettings,
    run: async () => (await import("./experiment-precision.js")).run,
  }),
  command({
    name: "experiment recall",
    description: "how well taught facts answer in wordings never taught, and what becomes of all else",
    recipe: true,
    settings: async () => (await import("../../settings/recall-experiment.js")).recallExperimentSettings,
    run: async () => (await import("./experiment-recall.js")).run,
  }),
  command({
    name: "parse",
    description: "parse texts into dependency trees with a linguistic adapter",
    settings: async () => (await import("../../settings/parse.js")).parseSettings,
    run: async () => (await import("./parse.js")).run,
  }),
  command({
    name: "align",
    description: "find entities, and facts about two of them, in the sentences of texts",
    settings: async () => (await import("../../settings/align.js")).alignCommandSettings,
    run: async () => (await import("./align.js")).run,
  }),
  command({
    name: "data sample",
    description: "draw a sample of relation data, of one part of a split by subject, without what other files hold",

    settings: async () => (await import("../../settings/sample.js")).sampleSettings,
    run: async () => (await import("./data-sample.js")).run,
  }),
  command({
    name: "data trex",
    description: "make the paper's set of facts from T-REx as it was published",
    settings: async () => (await import("../../settings/trex.js")).trexSetSettings,
    run: async () => (await import("./data-trex.js")).run,
  }),
  command({
    name: "facts import",
    description: "read facts, names and types from tables, JSON, RDF, Wikidata's dumps or Neo4j into one folder",
    settings: async () => (await import("../../settings/facts.js")).factsImportSettings,
    run: async () => (await import("./facts-import.js")).run,
  }),
  command({
    name: "facts inspect",
    description: "say what a folder of knowledge holds: relations, names, what is ambiguous, what was left out",
    settings: async () => (await import("../../settings/facts.js")).factsInspectSettings,
    run: async () => (await import("./facts-inspect.js")).run,
  }),
  command({
    name: "export onnx",
    description: "write adapters with their backbone as one ONNX graph that other programs run",
    settings: async () => (await import("../../settings/export.js")).exportSettings,
    run: async () => (await import("./export-onnx.js")).run,
  }),
  command({
    name: "push",
    description: "put an adapter or a fine-tuned model into a repository of Hugging Face's hub, in one commit",
    settings: async () => (await import("../../settings/hub.js")).pushSettings,
    run: async () => (await import("./push.js")).run,
  }),
  command({
    name: "pull",
    description: "copy an adapter or a fine-tuned model of Hugging Face's hub into a folder, its hashes checked",
    settings: async () => (await import("../../settings/hub.js")).pullSettings,
    run: async () => (await import("./pull.js")).run,
  }),
  command({
    name: "import",
    description: "turn an adapter or a fine-tuned model of the released code (pytorch_model.bin) into a folder",
    settings: async () => (await import("../../settings/tools.js")).importSettings,
    run: async () => (await import("./import.js")).run,
  }),
  command({
    name: "inspect",
    description: "say what is in a model, an adapter or a data file",
    settings: async () => (await import("../../settings/apply.js")).inspectSettings,
    run: async () => (await import("./inspect.js")).run,
  }),
  command({
    name: "verify",
    description: "check the hashes of an adapter's tensors (not of its files), and that its backbone is unchanged",
    settings: async () => (await import("../../settings/apply.js")).verifySettings,
    run: async () => (await import("./verify.js")).run,
  }),
  command({
    name: "submit slurm",
    description: "make a batch script for Slurm of any command, or hand it in",
    settings: async () => (await import("../../settings/submit.js")).slurmSettings,
    run: async () => (await import("./submit.js")).slurm,
  }),
  command({
    name: "submit kubernetes",
    description: "make a manifest for Kubernetes of any command, or hand it in",
    settings: async () => (await import("../../settings/submit.js")).kubernetesSettings,
    run: async () => (await import("./submit.js")).kubernetes,
  }),
  command({
    name: "plan",
    description:
      "measure this machine shortly, and say what a training takes on more of them: hours, cost, where it ends",
    settings: async () => (await import("../../settings/plan.js")).planSettings,
    run: async () => (await import("./plan.js")).run,
  }),
  command({
    name: "doctor",
    description: "say what this machine offers: devices, threads, versions",
    settings: async () => (await import("../../settings/tools.js")).doctorSettings,
    run: async () => (await import("./doctor.js")).run,
  }),
  command({
    name: "demo",
    description: "teach an invented country's facts, ask, unplug; train an adapter for relations",
    settings: async () => (await import("../../settings/tools.js")).demoSettings,
    run: async () => (await import("./demo.js")).run,
  }),
];
