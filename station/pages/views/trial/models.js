/** Which models: each bundle and preset, with what its card promises. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { scoreText } from "./gauge.js";

/**
 * @typedef {object} Choice
 * @property {string} key
 * @property {object} bundle as `/api/bundles` gives it
 * @property {object} preset one of its presets
 */

/** @param {object[]} bundles @returns {Choice[]} a choice a preset */
export function choicesOf(bundles) {
  return bundles.flatMap((bundle) =>
    bundle.presets.map((preset) => ({ key: `${bundle.name}/${preset.name}`, bundle, preset })),
  );
}

/** @param {Choice} choice @returns {string} as people say it */
export function nameOf(choice) {
  const { bundle, preset } = choice;
  return bundle.presets.length > 1 ? `${bundle.name}, ${preset.name}` : bundle.name;
}

/**
 * @param {(key: string) => void} onChoose
 * @returns {{node: HTMLElement, choose: (key: string) => void, say: (sentence: string) => void,
 *   show: (choices: Choice[], chosen: string) => void}}
 */
export function modelPanel(onChoose) {
  const loading = el("p", { class: "soft" }, t("trial.models.loading"));
  const list = el("div", { class: "models-list" }, loading);
  const node = el("fieldset", { class: "panel models" }, el("legend", {}, t("trial.models")), list);

  function show(choices, chosen) {
    replace(
      list,
      choices.map((choice) => card(choice, choice.key === chosen, onChoose)),
    );
  }

  function choose(key) {
    for (const input of list.querySelectorAll("input")) {
      input.checked = input.value === key;
    }
  }

  return { node, show, choose, say: (sentence) => replace(list, el("p", { class: "soft" }, sentence)) };
}

function card(choice, chosen, onChoose) {
  const { bundle, preset } = choice;
  const input = el("input", {
    type: "radio",
    name: "trial-model",
    value: choice.key,
    class: "covering",
    checked: chosen,
    onchange: () => onChoose(choice.key),
  });
  return el(
    "label",
    { class: "model" },
    input,
    el("span", { class: "model-name" }, nameOf(choice)),
    el(
      "span",
      { class: "model-about" },
      t("trial.model.about", {
        width: String(bundle.width_px),
        height: String(bundle.height_px),
        threshold: scoreText(preset.gate_threshold),
        date: fmt.dateTime(Date.parse(bundle.created_at) * 1e6).split(",")[0],
      }),
    ),
    el(
      "span",
      { class: "model-facts" },
      facts(preset.held_out).map((fact) => el("span", {}, fact)),
    ),
    preset.held_out.frames && source(preset.held_out.frames),
  );
}

function source(frames) {
  return el("span", { class: "model-about" }, t("trial.model.heldOut", { frames }));
}

/** What is known of it on frames that it did not learn from. */
function facts(heldOut) {
  const said = [];
  if (heldOut.missed !== null && heldOut.defective !== null) {
    said.push(t("trial.model.missed", { count: heldOut.missed, of: heldOut.defective }));
  }
  if (heldOut.clean_rejected !== null && heldOut.clean !== null) {
    said.push(t("trial.model.spared", { count: heldOut.clean_rejected, of: heldOut.clean }));
  }
  const judged = [
    heldOut.auc === null ? null : t("trial.model.auc", { auc: fmt.number(heldOut.auc, 3) }),
    heldOut.positive_dice === null ? null : dice(heldOut.positive_dice),
  ].filter(Boolean);
  if (judged.length) {
    said.push(judged.join(" · "));
  }
  return said;
}

function dice(value) {
  return t("trial.model.dice", { dice: fmt.number(value, 2) });
}
