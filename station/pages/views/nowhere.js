/** An address that means nothing here. */

import { el } from "../core/dom.js";
import { t } from "../core/i18n.js";

export function title() {
  return t("nowhere.title");
}

export function mount(root) {
  root.append(
    el(
      "div",
      { class: "panel" },
      el("h1", {}, t("nowhere.title")),
      el("p", {}, el("a", { href: "#/" }, t("nowhere.back"))),
    ),
  );
  return () => {};
}
