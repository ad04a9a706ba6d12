/** What narrows the history: verdict, line, a part of a coil's id. */

import { el, replace } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { VERDICTS } from "./asked.js";

/** So long after the last key: typing "4711" asks once, not four times. */
const SETTLES_MS = 250;

/**
 * @param {import("./asked.js").Asked} asked as it stands at first
 * @param {(changed: Partial<import("./asked.js").Asked>) => void} onAsk
 * @returns {{node: HTMLElement, show: (asked: object) => void, addLines: (lines: string[]) => void,
 *   destroy: () => void}}
 */
export function filters(asked, onAsk) {
  let waiting = 0;
  let line = asked.line;
  const lines = new Set();
  const search = el("input", {
    type: "search",
    class: "coils-search-input",
    value: asked.query,
    maxLength: 64,
    placeholder: t("coils.search.hint"),
    "aria-label": t("coils.search"),
    autocomplete: "off",
    enterkeyhint: "search",
    oninput: () => settle(),
    onkeydown: (event) => event.key === "Enter" && settle(0),
  });
  const radios = ["", ...VERDICTS].map((verdict) => verdictRadio(verdict, asked.verdict, onAsk));
  const lineChoice = el("select", {
    "aria-label": t("coils.line"),
    hidden: true,
    onchange: (event) => onAsk({ line: (line = event.target.value) }),
  });

  function settle(afterMs = SETTLES_MS) {
    clearTimeout(waiting);
    waiting = setTimeout(() => onAsk({ query: search.value.trim() }), afterMs);
  }

  function addLines(more) {
    const before = lines.size;
    [...more, line].filter(Boolean).forEach((each) => lines.add(each));
    if (lines.size === before) {
      return;
    }
    replace(
      lineChoice,
      el("option", { value: "" }, t("coils.line.all")),
      [...lines].sort().map((each) => el("option", { value: each }, each)),
    );
    lineChoice.value = line;
    lineChoice.hidden = lines.size < 2;
  }

  const node = el(
    "search",
    { class: "coils-filters" },
    el("div", { class: "coils-search" }, icon("search"), search),
    el(
      "fieldset",
      { class: "coils-verdicts" },
      el("legend", { class: "unseen" }, t("coils.verdict")),
      radios.map((radio) => radio.node),
    ),
    lineChoice,
  );

  return {
    node,
    show(now) {
      if (search.value.trim() !== now.query) {
        search.value = now.query; // not while it is typed: a trailing space is on its way to a word
      }
      radios.forEach((radio) => radio.show(now.verdict));
      line = now.line;
      lineChoice.value = line;
    },
    addLines,
    destroy: () => clearTimeout(waiting),
  };
}

function verdictRadio(verdict, chosen, onAsk) {
  const input = el("input", {
    type: "radio",
    name: "coils-verdict",
    class: "covering",
    value: verdict,
    checked: verdict === chosen,
    onchange: () => onAsk({ verdict }),
  });
  const words = verdict ? t(`verdict.${verdict}`) : t("coils.verdict.all");
  const mark = verdict ? icon(verdict) : null;
  const kind = verdict ? `coils-verdict is-${verdict}` : "coils-verdict";
  const node = el("label", { class: kind }, input, mark, el("span", {}, words));
  return { node, show: (now) => (input.checked = verdict === now) };
}
