/**
 * Questions and answers as tensors, for KServe's Open Inference Protocol (version 2), whatever carries it.
 * https://github.com/kserve/open-inference-protocol
 * @module
 */
import type { RegisteredModel } from "./registry.js";
import type { Service } from "./service.js";
import { ServingError } from "./serving-error.js";

/** A tensor of texts that was sent. */
export interface TextTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly string[];
}

/** A tensor that is answered. */
export type AnsweredTensor = { readonly name: string; readonly shape: readonly number[] } & (
  | { readonly datatype: "BYTES"; readonly data: readonly string[] }
  | { readonly datatype: "FP32"; readonly data: readonly number[] }
);

/** Fields of each task's questions; those in brackets are lists. */
const fields: Readonly<Record<string, readonly string[]>> = {
  relations: ["text", "subject", "object"],
  pairs: ["text", "subject", "object"],
  trees: ["text"],
  typing: ["text", "mention"],
  choices: ["context", "question", "answers[]"],
  questions: ["question", "paragraphs[]"],
  recall: ["text"],
};

const isList = (field: string) => field.endsWith("[]");
const bare = (field: string) => field.replace("[]", "");

/** What a model takes and gives, as its metadata tells it. */
export function tensorsOfModel({ task }: Pick<RegisteredModel, "task">) {
  const bytes = { datatype: "BYTES" } as const;
  const named = fields[task] ?? [];
  return {
    inputs: named.map((field) => ({ name: bare(field), ...bytes, shape: isList(field) ? [-1, -1] : [-1] })),
    outputs: [
      { name: "answer", ...bytes, shape: [-1] },
      ...(task in likeliest
        ? [
            { name: "label", ...bytes, shape: [-1] },
            { name: "probability", datatype: "FP32", shape: [-1] },
          ]
        : []),
      ...(task === "pairs" ? [{ name: "vector", datatype: "FP32", shape: [-1, -1] }] : []),
    ],
  };
}

/**
 * The questions that tensors ask: one for each entry of the first axis.
 *
 * @throws ServingError where a tensor is missing, is not known, or has another shape than the others
 */
function questionsOf({ task, name }: RegisteredModel, tensors: readonly TextTensor[]): readonly unknown[] {
  const named = fields[task] ?? [];
  const by = new Map(tensors.map((one) => [one.name, one]));
  const stranger = tensors.find((one) => !named.some((field) => bare(field) === one.name));
  const invalid = (message: string) => new ServingError("invalid", message);
  if (stranger) throw invalid(`model ${name} has no input ${stranger.name.slice(0, 64)}; it takes ${named.join(", ")}`);
  if (by.size < tensors.length) throw invalid("an input is given twice");
  const columns = named.map((field) => {
    const tensor = by.get(bare(field));
    if (!tensor) throw invalid(`the input ${bare(field)} of model ${name} is missing`);
    return [bare(field), entriesOf(tensor, isList(field))] as const;
  });
  const count = columns[0]?.[1].length ?? 0;
  if (count === 0 || columns.some(([, entries]) => entries.length !== count)) {
    throw invalid("the inputs' first axes must be of one length, and not empty");
  }
  return Array.from({ length: count }, (_, i) =>
    Object.fromEntries(columns.map(([key, entries]) => [key, entries[i]])),
  );
}

function entriesOf({ name, shape, data }: TextTensor, list: boolean): readonly unknown[] {
  const [count = 0, each = 1, ...deeper] = shape;
  if (deeper.length > 0 || shape.length === 0 || count * each !== data.length || (!list && each !== 1)) {
    const form = list ? "[questions, n]" : "[questions]";
    throw new ServingError(
      "invalid",
      `input ${name}: ${data.length} elements of shape [${shape.join()}]; expected ${form}`,
    );
  }
  if (!list) return data;
  return Array.from({ length: count }, (_, i) => data.slice(i * each, (i + 1) * each));
}

type Ranked = Readonly<Record<string, unknown>>;

/** What of an answer is its label, and its probability. */
const likeliest: Readonly<Record<string, (answer: Ranked) => readonly [unknown, unknown]>> = {
  relations: ({ relation, probability }) => [relation, probability],
  recall: ({ word, probability }) => [word, probability],
  choices: ({ answer, choice, probabilities }) => [answer, (probabilities as number[])[choice as number]],
  questions: ({ text, answers }) => [text, (answers as Ranked[])[0]?.["probability"] ?? 0],
};

/** Answers as tensors: each as JSON, and what can be told in one word by itself. */
function answersAs({ task }: RegisteredModel, answers: readonly unknown[]): readonly AnsweredTensor[] {
  const shape = [answers.length];
  const all: AnsweredTensor[] = [
    { name: "answer", datatype: "BYTES", shape, data: answers.map((answer) => JSON.stringify(answer)) },
  ];
  const told = likeliest[task];
  if (told) {
    const pairs = answers.map((answer) => told(answer as Ranked));
    all.push({ name: "label", datatype: "BYTES", shape, data: pairs.map(([label]) => String(label ?? "")) });
    all.push({ name: "probability", datatype: "FP32", shape, data: pairs.map(([, share]) => Number(share ?? 0)) });
  }
  if (task === "pairs") {
    const vectors = answers.map((answer) => (answer as { readonly vector: readonly number[] }).vector);
    all.push({
      name: "vector",
      datatype: "FP32",
      shape: [vectors.length, vectors[0]?.length ?? 0],
      data: vectors.flat(),
    });
  }
  return all;
}

/** A request for inference, whatever carried it. */
export interface InferRequest {
  readonly name: string;
  /** Any version where it is left out. */
  readonly version: string | undefined;
  readonly tensors: readonly TextTensor[];
  /** Answers that are named, as a parameter says it. */
  readonly top: unknown;
  /** Names of the outputs that are wanted; all where there are none. */
  readonly outputs: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/** More answers are never named. */
const mostNamed = 1000;

/** @throws ServingError where something of the request is wrong */
export async function infer(
  service: Service,
  { name, version, tensors, top, outputs, signal }: InferRequest,
): Promise<{ readonly version: string; readonly outputs: readonly AnsweredTensor[] }> {
  if (!(typeof top === "number" && Number.isInteger(top) && top >= 1 && top <= mostNamed)) {
    throw new ServingError("invalid", `the parameter top is a whole number from 1 to ${mostNamed}`);
  }
  const pin = service.registry.pin(name, version);
  try {
    const model = pin.value;
    const questions = questionsOf(model, tensors);
    const { answers } = await service.predict([name], questions, { top, version: model.version, signal });
    return { version: model.version, outputs: wanted(outputs, answersAs(model, answers[name] ?? [])) };
  } finally {
    pin.release();
  }
}

function wanted(names: readonly string[], all: readonly AnsweredTensor[]): readonly AnsweredTensor[] {
  if (names.length === 0) return all;
  return names.map((name) => {
    const found = all.find((one) => one.name === name);
    if (found) return found;
    const there = all.map((one) => one.name).join(", ");
    throw new ServingError("invalid", `there is no output ${name.slice(0, 64)}; there are ${there}`);
  });
}
