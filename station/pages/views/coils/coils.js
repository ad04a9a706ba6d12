/** All coils that have their verdict, and how their defects develop. */

import { el } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { coilHref, placeOf, replaceParams } from "../../core/router.js";
import { follow } from "../../core/stream.js";
import { askedOf, same } from "./asked.js";
import { coilList } from "./coil_list.js";
import { filters } from "./filters.js";
import { trendPanel } from "./trend_panel.js";

/** @returns {string} the page's title */
export function title() {
  return t("coils.title");
}

/**
 * @param {HTMLElement} root an empty main element
 * @param {Object<string, string>} params of the address: query, verdict, line
 * @returns {() => void} lets go of everything
 */
export function mount(root, params) {
  let asked = askedOf(params);
  let reports = null;
  const trend = trendPanel((coilId) => (location.hash = coilHref(coilId)));
  const list = coilList({
    onClear: () => ask({ query: "", verdict: "", line: "" }),
    onLines: (lines) => bar.addLines(lines),
  });
  const bar = filters(asked, ask);

  function ask(changed) {
    const before = asked;
    asked = { ...asked, ...changed };
    if (same(asked, before)) {
      return;
    }
    replaceParams(asked);
    bar.show(asked);
    list.show(asked);
    if (asked.line !== before.line) {
      trend.show(asked.line);
    }
  }

  /** The link in the header, or an address typed in, asks as the filters do. */
  function readAddress() {
    const place = placeOf(location.hash);
    if (place.view === "coils") {
      ask(askedOf(place.params));
    }
  }

  /** A further report: what is shown is asked for again, beneath the reader's hands as little as can be. */
  function heard(event) {
    if (event.type !== "state") {
      return;
    }
    const now = event.state.counters.reports;
    bar.addLines(Object.keys(event.state.coils));
    if (reports !== null && now !== reports) {
      list.refresh();
      trend.show(asked.line);
    }
    reports = now;
  }

  root.append(
    el(
      "div",
      { class: "coils-page" },
      el("header", { class: "coils-head" }, el("h1", {}, t("coils.title")), bar.node),
      trend.node,
      list.node,
    ),
  );
  list.show(asked);
  trend.show(asked.line);
  const stop = follow(null, heard);
  window.addEventListener("hashchange", readAddress);
  return () => {
    window.removeEventListener("hashchange", readAddress);
    stop();
    bar.destroy();
    list.destroy();
    trend.destroy();
  };
}
