import { Curve } from "./curve.js";
import { type Answer, lineOf, Teacher } from "./teacher.js";

const by = <E extends Element = HTMLElement>(id: string) => document.getElementById(id) as unknown as E;
const [state, step, unplugged] = [by("state"), by("step"), by("unplugged")];
const [facts, wordings, questions] = ["facts", "wordings", "questions"].map((id) => by<HTMLTextAreaElement>(id));
const [teach, stop, ask, download] = ["teach", "stop", "ask", "download"].map((id) => by<HTMLButtonElement>(id));
const progress = by<HTMLProgressElement>("progress");

/** The model's own answers before anything was taught, by sentence. */
const before = new Map<string, Answer>();

function say(text: string, wrong = false): void {
  state.textContent = text;
  state.classList.toggle("wrong", wrong);
}

/** Nothing else is begun while something is under way; what goes wrong is told. */
async function busy(buttons: readonly HTMLButtonElement[], work: () => Promise<void>): Promise<void> {
  for (const button of buttons) button.disabled = true;
  try {
    await work();
  } catch (error) {
    say(lineOf(error), true);
  } finally {
    for (const button of buttons) button.disabled = false;
    download.disabled = !teacher?.taught;
  }
}

const example = async (name: string) => (await fetch(`examples/country/${name}`)).text();

/** Facts are lines without the header; the questions are asked in sentences that are not taught. */
async function showExample(): Promise<void> {
  const [table, sentences, asked] = await Promise.all(["facts.csv", "wordings.yaml", "questions.txt"].map(example));
  facts.value = table.trim().split(/\r?\n/).slice(1).join("\n");
  wordings.value = sentences;
  questions.value = asked.trim();
}

async function answer(): Promise<void> {
  const asked = questions.value.split("\n").map((line) => line.trim());
  const texts = [...new Set(asked.filter((line) => line !== ""))];
  const answers = await (teacher as Teacher).ask(texts);
  texts.forEach((text, i) => {
    if (!before.has(text)) before.set(text, answers[i] as Answer);
  });
  by("answers").replaceChildren(...texts.map((text, i) => row(text, answers[i] as Answer)));
  const same = texts.filter((text, i) => sameScores(before.get(text) as Answer, answers[i] as Answer)).length;
  unplugged.textContent = teacher?.taught
    ? `Unplugged, the model gives ${same} of ${texts.length} sentences the probabilities that it gave before, to the bit.`
    : "";
}

const sameScores = (one: Answer, other: Answer) =>
  JSON.stringify(one.alone.map(({ score }) => score)) === JSON.stringify(other.alone.map(({ score }) => score));

function row(text: string, { alone, adapter }: Answer): HTMLTableRowElement {
  const made = document.createElement("tr");
  const head = document.createElement("th");
  head.scope = "row";
  head.textContent = text;
  made.append(head, cell(alone), cell(adapter ?? []));
  return made;
}

function cell(words: Answer["alone"]): HTMLTableCellElement {
  const made = document.createElement("td");
  const [first, ...others] = words.map(({ word, probability }) => `${word} ${(100 * probability).toFixed(0)} %`);
  const strong = document.createElement("strong");
  strong.textContent = first ?? "–";
  const small = document.createElement("small");
  small.textContent = others.length > 0 ? `, ${others.join(", ")}` : "";
  made.append(strong, small);
  return made;
}

async function lesson(): Promise<void> {
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  const control = new AbortController();
  stop.onclick = () => control.abort();
  let [curve, total] = [new Curve(by<SVGSVGElement>("curve"), 1), 1];
  say("Teaching …");
  stop.hidden = false;
  try {
    const epochs = Number(by<HTMLInputElement>("epochs").value);
    const given = { facts: facts.value, wordings: wordings.value, epochs, signal: control.signal };
    for await (const event of (teacher as Teacher).teach(given)) {
      if (event.kind === "prepare") {
        step.textContent = `The model reads the sentences: ${event.done} of ${event.total}`;
      } else if (event.kind === "start") {
        total = event.totalSteps;
        curve = new Curve(by<SVGSVGElement>("curve"), total);
      } else if (event.kind === "step") {
        curve.add(event.loss);
        progress.value = event.step / total;
        step.textContent = `Step ${event.step} of ${total}, loss ${event.loss.toFixed(2)}, ${seconds()} s`;
      } else if (event.kind === "result") {
        const { p1 = 0 } = event.metrics;
        step.textContent = `Done in ${seconds()} s. Asked in sentences that were held out, ${Math.round(100 * p1)} % of the facts are answered.`;
        say(event.reason === "interrupted" ? "Stopped." : "The adapter has learnt the facts.");
      }
    }
  } finally {
    stop.hidden = true;
  }
  if (teacher?.taught) await answer();
}

async function save(): Promise<void> {
  const address = URL.createObjectURL(new Blob([await (teacher as Teacher).archive()], { type: "application/zip" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = "taught.zip";
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

let teacher: Teacher | null = null;
const actions = [teach, ask, download];
await busy(actions, async () => {
  await showExample();
  teacher = await Teacher.open();
  await answer();
  say("The model is ready.");
});
// Without the model there is nothing to do here but to read what went wrong.
if (teacher === null) for (const button of actions) button.disabled = true;
teach.onclick = () => busy(actions, lesson);
ask.onclick = () => busy(actions, answer);
download.onclick = () => busy(actions, save);
