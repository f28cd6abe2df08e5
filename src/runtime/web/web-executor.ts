import type { DeviceName, Executor, ExecutorOptions } from "../../engine/executor.js";
import { setting, userError } from "../../errors.js";
import { executorOn } from "../bound-executor.js";
import { type OrtWeb, WebBinding } from "./web-binding.js";

/** What is used of a browser, which neither TypeScript's ES libraries nor Node's types declare. */
interface Browser {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: {
    readonly hardwareConcurrency?: number;
    readonly gpu?: { requestAdapter(): Promise<object | null> };
  };
}
const browser = globalThis as unknown as Browser;

/** WebAssembly has threads only in pages that are served with the headers COOP and COEP. */
const mostThreads = () => (browser.crossOriginIsolated ? (browser.navigator?.hardwareConcurrency ?? 1) : 1);

/** A browser counts two for most cores, and its threads spin while they wait: more of them would only be in each other's way. */
const usualThreads = () => Math.ceil(mostThreads() / 2);

/**
 * Runs graphs with `onnxruntime-web` on the calling thread.
 *
 * @throws UserError where a device is asked for that the browser has not
 */
export async function webExecutor({ device = "auto", threads }: ExecutorOptions = {}): Promise<Executor> {
  const chosen = await availableDevice(device);
  // 7-bit weights overflow on no machine, and a page cannot ask which one it is on.
  const facts = { device: chosen, bindingName: "web", int8WeightBits: 7 } as const;
  return executorOn(facts, Math.min(threads ?? usualThreads(), mostThreads()), new WebBinding(await load(chosen)));
}

/** As in Node, WebGPU is taken only where it is asked for. */
async function availableDevice(wanted: DeviceName): Promise<"cpu" | "webgpu"> {
  if (wanted === "auto" || wanted === "cpu") return "cpu";
  if (wanted === "webgpu" && (await browser.navigator?.gpu?.requestAdapter())) return wanted;
  throw userError({
    where: setting("device"),
    what: `this browser has no ${wanted}`,
    expected: "auto or cpu, or webgpu where the browser has it",
  });
}

/** The build with WebGPU takes twice the room. */
async function load(device: "cpu" | "webgpu"): Promise<OrtWeb> {
  return device === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm");
}
