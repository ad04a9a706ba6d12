/** When there is no coil to show: why, and what to do. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { remaking } from "../../core/remaking.js";
import { icon } from "../../parts/icons.js";
import { showIf } from "./say.js";

/** Before the first answer nothing is known, not even that nothing came. */
const CONNECTING = "connecting";

/** @returns {{node: HTMLElement, show: (conditionName: string|null, empty: boolean) => void}} */
export function emptyLine() {
  const node = el("section", { class: "live-empty", "aria-label": t("nav.live") });
  const remake = remaking(node);

  function show(conditionName, empty) {
    showIf(node, empty);
    if (!empty) {
      return;
    }
    const name = conditionName ?? CONNECTING;
    node.dataset.name = name;
    remake(name, () => [
      icon(name === CONNECTING ? "idle" : name),
      el("h1", {}, t(`live.empty.${name}`)),
      el("p", {}, t(`live.empty.${name}.advice`)),
    ]);
  }

  return { node, show };
}
