/** What became of every frame, camera by camera; the sums are checked where the report is made. */

import { el } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";

/** The parts that a camera's frames fall into, in the order of the bar. */
const FATES = ["clean", "defective", "unsegmented", "dead_lettered", "missing"];
const ASIDE = ["duplicates", "surplus"];

/**
 * @param {Object<string, object>} ledgers by camera; figures that are not known yet are null
 * @returns {HTMLElement[]} a panel's contents
 */
export function ledgerOf(ledgers) {
  const cameras = Object.entries(ledgers);
  const aside = ASIDE.filter((name) => cameras.some(([, ledger]) => ledger[name]));
  const columns = ["announced", ...FATES, ...aside];
  const rows = cameras.map(([camera, ledger]) => ({ camera, ledger }));
  if (cameras.length > 1) {
    rows.push({
      camera: t("coil.all_cameras"),
      ledger: sumOf(
        cameras.map(([, ledger]) => ledger),
        columns,
      ),
      sum: true,
    });
  }
  return [
    el("h2", {}, t("coil.ledger")),
    el(
      "ul",
      { class: "coil-ledger-bars" },
      cameras.map(([camera, ledger]) => bar(camera, ledger)),
    ),
    el(
      "div",
      { class: "coil-scroll", tabindex: "0", role: "region", "aria-label": t("coil.ledger") },
      el(
        "table",
        { class: "coil-ledger" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            head(t("coil.camera")),
            columns.map((name) => head(t(`coil.${name}`), true)),
          ),
        ),
        el(
          "tbody",
          {},
          rows.map((row) => line(row, columns)),
        ),
      ),
    ),
  ];
}

/** What the map's cameras know while the coil has no report: what is missing shows at its end only. */
export function ledgersOfMap(model) {
  const ledgers = {};
  for (const camera of model.cameras) {
    ledgers[camera.camera_id] = {
      ...camera,
      missing: camera.announced === null ? null : camera.announced - camera.received,
    };
  }
  return ledgers;
}

function bar(camera, ledger) {
  const whole = Math.max(1, ledger.announced ?? ledger.received);
  const parts = FATES.filter((name) => ledger[name]).map((name) => {
    const part = el("span", { class: `coil-part coil-part-${name}` });
    part.style.flexGrow = String(ledger[name] / whole);
    return part;
  });
  return el(
    "li",
    { "aria-hidden": "true" },
    el("span", { class: "coil-ledger-camera" }, camera),
    el("span", { class: "coil-ledger-bar" }, parts),
  );
}

function head(said, number = false) {
  return el("th", { scope: "col", class: number ? "number" : null }, said);
}

function line({ camera, ledger, sum = false }, columns) {
  return el(
    "tr",
    { class: sum ? "coil-sum" : null },
    el("th", { scope: "row" }, camera),
    columns.map((name) => el("td", { class: cellClass(name, ledger[name]) }, said(ledger[name]))),
  );
}

/** Grey is normal; what was not seen wants attention. */
function cellClass(name, value) {
  const matters = value > 0 && !["announced", "clean", "defective", "duplicates"].includes(name);
  return `number${matters ? " coil-matters" : value ? "" : " soft"}`;
}

function said(value) {
  return value === null || value === undefined ? "–" : fmt.number(value);
}

function sumOf(ledgers, columns) {
  return Object.fromEntries(
    columns.map((name) => [
      name,
      ledgers.some((ledger) => ledger[name] === null)
        ? null
        : ledgers.reduce((sum, ledger) => sum + (ledger[name] ?? 0), 0),
    ]),
  );
}
