import { appendFileSync } from "node:fs";

/**
 * A vitest reporter whose only line, the last one, is for programs: `12 passed, 0 failed, 3 skipped`. The three numbers are
 * also added, as a line, to the file that the environment variable TEST_COUNTS names.
 * A file that fails before any of its tests runs, and an error outside of tests, count as one failure each.
 */
export default class CountReporter {
  /**
   * @param {readonly import("vitest/node").TestModule[]} modules
   * @param {readonly unknown[]} unhandledErrors
   */
  onTestRunEnd(modules, unhandledErrors) {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // A test that never ended (the run was stopped) has not passed.
        const verdict = state === "pending" ? "failed" : state;
        count[verdict]++;
        if (verdict === "failed") failed++;
      }
      if (module.state() === "failed" && failed === 0) count.failed++;
    }
    const { passed, failed, skipped } = count;
    process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
    const file = process.env["TEST_COUNTS"];
    if (file) appendFileSync(file, `${passed} ${failed} ${skipped}\n`);
  }
}
