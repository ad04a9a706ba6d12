/** One coil: its verdict and why, its map, its defects, its frames; live while it runs. */

import { el, replace } from "../../core/dom.js";
import { t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { alarmsOf } from "./coil_alarms.js";
import { CoilSource } from "./coil_source.js";
import { DefectRoom } from "./defect_room.js";
import { findingsOf } from "./findings.js";
import { headBelow, headTop } from "./head.js";
import { ledgerOf, ledgersOfMap } from "./ledger.js";
import { remaking } from "../../core/remaking.js";
import { repeatsOf } from "./repeats.js";

/** @param {{coilId: string}} params */
export function title({ coilId }) {
  return t("coil.title", { coil: coilId });
}

/**
 * @param {HTMLElement} root
 * @param {{coilId: string}} params
 * @returns {() => void}
 */
export function mount(root, { coilId }) {
  const page = new CoilPage(root, coilId);
  return () => page.unmount();
}

class CoilPage {
  constructor(root, coilId) {
    this._root = root;
    this._coilId = coilId;
    this._body = null;
    this._standIn = remaking(root);
    this._verdict = null;
    this._source = new CoilSource(coilId, {
      onChange: () => this._show(),
      onMap: () => this._room?.showMap(),
    });
    this._show();
    this._timer = setInterval(() => this._body && this._showHead(), 1000);
  }

  unmount() {
    clearInterval(this._timer);
    this._source.stop();
    this._room?.destroy();
  }

  _show() {
    const { report, model } = this._source;
    if (!report && !model) {
      this._standIn([this._source.isLoading, this._source.refused?.sentence], () => this._instead());
      return;
    }
    if (!this._body) {
      this._build();
    }
    this._showHead();
    this._showReport();
    this._room.show();
  }

  /** What stands here while nothing of the coil is known. */
  _instead() {
    const { isLoading, refused } = this._source;
    if (isLoading || !refused) {
      return [el("p", { class: "note", role: "status" }, icon("open"), t("coil.loading"))];
    }
    const unknown = refused.status === 404 || refused.status === 422;
    return [
      el(
        "div",
        { class: `note coil-instead ${unknown ? "" : "error"}`, role: "alert" },
        icon(unknown ? "search" : "lost"),
        el(
          "div",
          {},
          el("h1", {}, unknown ? t("coil.unknown") : t("coil.no_report")),
          el("p", { class: "coil-id-said" }, this._coilId),
          el("p", {}, refused.sentence),
          unknown ? el("p", {}, t("coil.unknown_advice")) : null,
          el(
            "p",
            { class: "coil-instead-ways" },
            this._againButton(),
            el("a", { href: "#/coils" }, t("coil.back")),
          ),
        ),
      ),
    ];
  }

  _build() {
    const parts = {
      top: el("div", { class: "coil-head-top" }),
      below: el("div", { class: "coil-head-below" }),
      findings: el("section", { class: "panel coil-why" }),
      repeats: el("section", { class: "panel" }),
      ledger: el("section", { class: "panel coil-frames" }),
      alarms: el("section", { class: "panel" }),
    };
    this._said = el("p", { class: "unseen", role: "status" });
    this._room = new DefectRoom(this._source);
    this._body = Object.fromEntries(Object.entries(parts).map(([name, node]) => [name, remaking(node)]));
    replace(
      this._root,
      el("header", { class: "coil-head panel" }, parts.top, parts.below, this._said),
      el("div", { class: "coil-two" }, parts.findings, parts.repeats),
      this._room.node,
      el("div", { class: "coil-two" }, parts.ledger, parts.alarms),
    );
  }

  _showHead() {
    const { report, model, view } = this._source;
    const { coil } = model ?? {};
    const reachedMm = report ? null : coil?.reached_mm;
    const known = [report?.report_version, view?.line_id, coil?.runs, coil?.outstanding, reachedMm];
    this._body.top(known, () => headTop(this._source));
    const clock = report ? 0 : Math.floor(Date.now() / 1000); // the bar runs on until there is a verdict
    this._body.below([known, clock], () => headBelow(this._source));
    if (report && report.verdict !== this._verdict) {
      this._verdict = report.verdict;
      this._said.textContent = t(`verdict.${report.verdict}`);
    }
  }

  _showReport() {
    const { report, model, refused } = this._source;
    this._body.findings([report?.report_version, refused?.sentence], () =>
      report ? findingsOf(report) : this._noReport(),
    );
    const marks = report?.marks ?? model?.marks ?? [];
    const lanes = report?.lanes ?? [];
    this._body.repeats([marks, lanes], () =>
      repeatsOf(marks, lanes, (...place) => this._room.look(...place)),
    );
    const ledgers = report?.ledger_by_camera ?? ledgersOfMap(model);
    this._body.ledger(ledgers, () => ledgerOf(ledgers));
    const { alarms } = this._source;
    this._body.alarms(alarms, () => alarmsOf(alarms));
  }

  _noReport() {
    const { refused } = this._source;
    const heading = el("h2", {}, t("coil.findings"));
    if (refused && refused.status !== 404) {
      return [
        heading,
        el(
          "div",
          { class: "note error" },
          icon("lost"),
          el("div", {}, refused.sentence, " ", this._againButton()),
        ),
      ];
    }
    return [heading, el("p", { class: "coil-calm" }, icon("open"), t("coil.rules_wait"))];
  }

  _againButton() {
    return el("button", { type: "button", onclick: () => this._source.ask() }, t("coil.again"));
  }
}
