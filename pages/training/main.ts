import { answerRow, sameScores } from "./answers.js";
import { Curve } from "./curve.js";
import { area, button, by } from "./dom.js";
import { type Answer, lineOf, Teacher } from "./teacher.js";

const [state, step, unplugged] = [by("state"), by("step"), by("unplugged")];
const [facts, wordings, questions] = [area("facts"), area("wordings"), area("questions")];
const [teach, stop, ask, download] = [button("teach"), button("stop"), button("ask"), button("download")];
const progress = by<HTMLProgressElement>("progress");

/** What can be done, one at a time. */
const actions = [teach, ask, download];
let teacher: Teacher | null = null;

/** The model's own answers before anything was taught, by sentence. */
const before = new Map<string, Answer>();

function say(text: string, wrong = false): void {
  state.textContent = text;
  state.classList.toggle("wrong", wrong);
}

/** Nothing else is begun while something is under way; what goes wrong is told. */
async function busy(work: () => Promise<void>): Promise<void> {
  for (const one of actions) one.disabled = true;
  try {
    await work();
  } catch (error) {
    say(lineOf(error), true);
  } finally {
    // Without the model there is nothing to do here but to read what went wrong.
    for (const one of actions) one.disabled = teacher === null;
    download.disabled = !teacher?.taught;
  }
}

const example = async (name: string) => (await fetch(`example/${name}`)).text();

/** The questions are asked in sentences that are not taught. */
async function showExample(): Promise<void> {
  const [table, sentences, asked] = await Promise.all([
    example("facts.txt"),
    example("wordings.yaml"),
    example("questions.txt"),
  ]);
  facts.value = table.trim();
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
  by("answers").replaceChildren(...texts.map((text, i) => answerRow(text, answers[i] as Answer)));
  const same = texts.filter((text, i) => sameScores(before.get(text) as Answer, answers[i] as Answer)).length;
  unplugged.textContent = teacher?.taught
    ? `Unplugged, the model gives ${same} of ${texts.length} sentences the probabilities that it gave before, to the bit.`
    : "";
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

teach.onclick = () => busy(lesson);
ask.onclick = () => busy(answer);
download.onclick = () => busy(save);
await busy(async () => {
  await showExample();
  teacher = await Teacher.open();
  await answer();
  say("The model is ready.");
});
