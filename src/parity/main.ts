/**
 * `npm run parity -- FOLDER…`: runs this project's code on golden inputs and compares every tensor.
 * @module
 */
import { UserError, userError } from "../errors.js";
import { compareAdamW } from "./adamw.js";
import { compareBackbone } from "./backbone.js";
import { compareDownstream, compareSharedParts } from "./downstream.js";
import { compareFactual } from "./factual.js";
import { Fixture, fixtureFolders } from "./fixture.js";
import { compareLinguistic } from "./linguistic.js";
import { compareScorers } from "./scorers.js";
import { compareTokenization } from "./tokenization.js";

/** What to run, by the start of the fixture's name. */
const comparisons: readonly (readonly [string, (fixture: Fixture) => Promise<void>])[] = [
  ["backbones/", compareBackbone],
  ["adapter-factual", compareFactual],
  ["adapter-linguistic", compareLinguistic],
  ["downstream/", compareDownstream],
  ["downstream", compareSharedParts],
  ["scorers", compareScorers],
  ["tokenization", compareTokenization],
  ["adamw", compareAdamW],
];

/** Compares one folder and prints its rows; true if all is well. */
async function compareFolder(folder: string): Promise<boolean> {
  const fixture = await Fixture.open(folder);
  const { fixture: name } = fixture.meta;
  const compare = comparisons.find(([prefix]) => name.startsWith(prefix))?.[1];
  if (!compare) {
    throw userError({
      where: folder,
      what: `there is no comparison for fixtures of the kind ${name}`,
      expected: comparisons.map(([kind]) => kind).join(", "),
    });
  }
  await compare(fixture);
  console.log(`\n${folder} (${name})`);
  for (const { tensor, error, used, note } of fixture.rows) {
    const verdict = used <= 1 ? "ok  " : "FAIL";
    console.log(
      `  ${verdict} ${error.toExponential(1).padStart(8)}  ${(100 * used).toFixed(1).padStart(6)} % of tolerance  ${tensor}${note ? `: ${note}` : ""}`,
    );
  }
  const failed = fixture.rows.filter(({ used }) => !(used <= 1)).length;
  console.log(`  ${fixture.rows.length} compared, ${failed} over tolerance, ${fixture.uncompared.length} not compared`);
  for (const tensor of fixture.uncompared) console.log(`  NOT COMPARED ${tensor}`);
  return failed === 0 && fixture.uncompared.length === 0 && fixture.rows.length > 0;
}

async function main(): Promise<void> {
  const given = process.argv.slice(2);
  if (given.length === 0) throw userError({ what: "no folder was given", expected: "npm run parity -- FOLDER…" });
  const folders = (await Promise.all(given.map(fixtureFolders))).flat();
  if (folders.length === 0) throw userError({ where: given.join(" "), what: "no meta.json was found there" });
  let good = 0;
  let code = 0;
  for (const folder of folders) {
    // What is wrong with one folder must not hide the others' results.
    const agrees = await compareFolder(folder).catch((error: unknown) => {
      code = Math.max(code, report(error, folder));
      return false;
    });
    if (agrees) good++;
  }
  console.log(`\n${good} of ${folders.length} folders agree`);
  process.exitCode = code || (good === folders.length ? 0 : 1);
}

/** Tells an error, and gives the exit code that it calls for. */
function report(error: unknown, folder = ""): number {
  if (error instanceof UserError) {
    console.error(`error: ${error.message}`);
    return 2;
  }
  console.error(folder, error);
  return 1;
}

main().catch((error: unknown) => {
  process.exitCode = report(error);
});
