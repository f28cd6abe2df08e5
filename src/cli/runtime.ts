import type { Settings } from "../settings/setting.js";
import type { runtimeSettings } from "../settings/shared.js";

export type RuntimeSettings = Settings<typeof runtimeSettings>;

/** What the engine is opened with. */
export const runtimeOf = ({ device, threads }: RuntimeSettings) => ({
  device,
  ...(threads === undefined ? {} : { threads }),
});
