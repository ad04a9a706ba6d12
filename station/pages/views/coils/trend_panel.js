/** The trend with its frame: how many coils, what it says when there is nothing to show. */

import { el, replace } from "../../core/dom.js";
import { getJson } from "../../core/http.js";
import { t } from "../../core/i18n.js";
import { prefer, preference } from "../../core/preferences.js";
import { trendPath } from "./asked.js";
import { trendChart } from "./trend_chart.js";
import { trendTable } from "./trend_table.js";

const LASTS = ["25", "50", "100", "200"];

/**
 * @param {(coilId: string) => void} onOpen
 * @returns {{node: HTMLElement, show: (line: string) => Promise<void>, destroy: () => void}} `show` asks anew
 */
export function trendPanel(onOpen) {
  const remembered = preference("trend", "50");
  let last = LASTS.includes(remembered) ? remembered : "50";
  let line = "";
  let chart = null;
  let asking = new AbortController();
  let shown = "";

  const waiting = el("div", { class: "trend-waiting", "aria-hidden": "true" });
  const body = el("div", { class: "trend-host" }, waiting);
  const choice = el(
    "select",
    { "aria-label": t("coils.trend.last"), onchange: (event) => chooseLast(event.target.value) },
    LASTS.map((each) => {
      const words = t("coils.trend.coils", { count: Number(each) });
      return el("option", { value: each, selected: each === last }, words);
    }),
  );
  const node = el(
    "section",
    { class: "coils-trend", "aria-labelledby": "coils-trend-title" },
    el(
      "header",
      { class: "trend-head" },
      el("h2", { id: "coils-trend-title" }, t("coils.trend.title")),
      el("p", { class: "trend-legend" }, t("coils.trend.legend")),
      choice,
    ),
    body,
  );

  function chooseLast(to) {
    last = to;
    prefer("trend", to);
    show(line);
  }

  async function show(ofLine) {
    line = ofLine;
    asking.abort();
    asking = new AbortController();
    try {
      put(await getJson(trendPath(line, Number(last)), { signal: asking.signal }));
    } catch (refused) {
      if (refused.name !== "AbortError") {
        say(refused.sentence ?? String(refused));
      }
    }
  }

  /** The same figures again change nothing: who reads a coil's column keeps it. */
  function put(trend) {
    const text = JSON.stringify(trend);
    if (text === shown) {
      return;
    }
    drop();
    shown = text;
    if (!trend.coil_id.length) {
      say(t("coils.trend.none"));
      return;
    }
    chart = trendChart(trend, onOpen);
    replace(body, chart.node, trendTable(trend));
  }

  function say(sentence) {
    drop();
    replace(body, el("p", { class: "trend-none" }, sentence));
  }

  function drop() {
    chart?.destroy();
    chart = null;
    shown = "";
  }

  return {
    node,
    show,
    destroy() {
      asking.abort();
      drop();
    },
  };
}
