import { expect, it } from "vitest";
import { RecentRequests } from "./recent-times.js";

it("tells the times of the last minute, however many came before", () => {
  const recent = new RecentRequests();
  expect(recent.lastMinute(0)).toEqual({ requests: 0, median: null, p95: null });
  for (let i = 0; i < 3000; i++) recent.add(9, 1000);
  for (let i = 1; i <= 100; i++) recent.add(i / 100, 50_000);
  expect(recent.lastMinute(61_001)).toEqual({ requests: 100, median: 0.5, p95: 0.95 });
  expect(recent.lastMinute(61_000).requests).toBe(1024);
  expect(recent.lastMinute(120_000).requests).toBe(0);
});
