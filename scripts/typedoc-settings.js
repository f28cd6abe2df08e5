/**
 * Part of `npm run docs:api`: gives settings in the reference of the API the words of their tables, as `--help` has them.
 * Reads `dist/`.
 */
import { Comment, Converter, ReflectionKind } from "typedoc";
import { nameSettings, settingName } from "../dist/errors.js";
import { exportSettings } from "../dist/settings/export.js";
import { factualSettings } from "../dist/settings/factual.js";
import { finetuneSettings, openQaSettings, relationsSettings, typingSettings } from "../dist/settings/finetune.js";
import { pullSettings, pushSettings } from "../dist/settings/hub.js";
import { linguisticSettings } from "../dist/settings/linguistic.js";
import { recallSettings } from "../dist/settings/recall.js";
import { helpText } from "../dist/settings/setting.js";
import { beginSettings } from "../dist/settings/shared.js";

const tables = {
  ExportOptions: exportSettings,
  PullOptions: pullSettings,
  PushOptions: pushSettings,
  FactsData: factualSettings,
  FactsSettings: factualSettings,
  RecallData: recallSettings,
  RecallSettings: recallSettings,
  TreesData: linguisticSettings,
  TreesSettings: linguisticSettings,
  RelationsData: relationsSettings,
  TypingData: typingSettings,
  ChoicesData: finetuneSettings,
  QuestionsData: openQaSettings,
  DownstreamSettings: finetuneSettings,
  TrainControl: beginSettings,
};

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const type of project.getReflectionsByKind(ReflectionKind.Interface)) {
      const table = tables[type.name] ?? {};
      for (const member of type.children ?? []) {
        const setting = table[member.name];
        if (!setting || member.hasComment()) continue;
        const text = `${nameSettings(helpText(setting), settingName)}; given as ${setting.expects ?? "a value"}.`;
        member.comment = new Comment([{ kind: "text", text }]);
      }
    }
  });
}
