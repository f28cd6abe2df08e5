import { expect, it } from "vitest";
import { Admission } from "./admission.js";

/** Work that ends when it is told to. */
function held() {
  let end = () => {};
  const done = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { work: () => done, end };
}

it("takes a request whole or not at all, and says when there may be room", async () => {
  const admission = new Admission(100);
  const first = held();
  const running = admission.with(60, first.work);
  await expect(admission.with(41, async () => 1)).rejects.toMatchObject({
    code: "overloaded",
    retryAfter: 1,
    status: 429,
  });
  expect(await admission.with(40, async () => 2)).toBe(2);
  await expect(admission.with(101, async () => 3)).rejects.toMatchObject({ code: "invalid", status: 422 });
  expect(admission.tokens).toBe(60);
  first.end();
  await running;
  expect(admission.tokens).toBe(0);
});

it("gives back the room of work that fails", async () => {
  const admission = new Admission(10);
  await expect(admission.with(10, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await admission.with(10, async () => 1)).toBe(1);
});

it("drains: what began ends, what comes is refused", async () => {
  const admission = new Admission(10);
  const first = held();
  const running = admission.with(5, first.work);
  let drained = false;
  const draining = admission.drain().then(() => {
    drained = true;
  });
  await expect(admission.with(1, async () => 1)).rejects.toMatchObject({ code: "draining", status: 503 });
  expect(drained).toBe(false);
  first.end();
  await Promise.all([running, draining]);
  expect(drained).toBe(true);
});
