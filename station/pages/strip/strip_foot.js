// Beneath the map: what its patterns mean, what is under the pointer, and buttons for whoever has no wheel.

import { el, replace } from "../core/dom.js";
import { fmt, t } from "../core/i18n.js";
import { classLabel } from "../parts/class_look.js";
import { icon } from "../parts/icons.js";
import { FATE } from "./coil_model.js";
import { alongText, stepOf } from "./draw_axes.js";
import { MISSING, STRETCHES, fillStretch } from "./draw_ground.js";

const SAMPLE_PX = { width: 22, height: 14 };

/** The foot of a strip. */
export class StripFoot {
  /** @param {{zoom: (factor: number) => void, whole: () => void, follow: (() => void) | null}} told */
  constructor(told) {
    this._legend = el("ul", { class: "strip-legend" });
    this._readout = el("p", { class: "strip-readout" });
    this._follow = told.follow && button("right", t("strip.follow"), told.follow, "strip-follow");
    this.node = el(
      "div",
      { class: "strip-foot" },
      this._legend,
      this._readout,
      el(
        "div",
        { class: "strip-buttons" },
        this._follow,
        button("minus", t("strip.zoom_out"), () => told.zoom(1.6)),
        button("plus", t("strip.zoom_in"), () => told.zoom(1 / 1.6)),
        button("fit", t("strip.whole"), told.whole),
      ),
    );
    this._explained = "";
    if (this._follow) {
      this._follow.append(el("span", {}, t("strip.follow")));
    }
  }

  /** @param {boolean} follows whether the end is followed: then there is nothing to press */
  showFollows(follows) {
    if (this._follow) {
      this._follow.hidden = follows;
    }
  }

  /**
   * Explain the patterns that occur.
   * @param {object} scene model, palette, ratio
   */
  explain(scene) {
    const found = occurring(scene.model);
    const key = `${found.map((each) => each.name)}`;
    if (key === this._explained) {
      return;
    }
    this._explained = key;
    replace(this._legend, ...found.map((stretch) => explained(scene, stretch)));
  }

  /** Draw the patterns anew: the theme has changed. @param {object} scene */
  refresh(scene) {
    this._explained = "";
    this.explain(scene);
  }

  /**
   * Say what is under the pointer.
   * @param {object} scene
   * @param {{alongMm: number, acrossMm: number} | null} at
   * @param {number | null} region
   */
  say(scene, at, region) {
    if (!at && region === null) {
      replace(this._readout);
      return;
    }
    const { model, view } = scene;
    const step = Math.min(1000, stepOf(view.spanMm, view.plotWidth, 8));
    const where = at && `${alongText(at.alongMm, step, model.inMm)} · ${fmt.mm(at.acrossMm)}`;
    const what = region === null ? null : regionWords(model, region);
    replace(this._readout, what, where && el("span", {}, where));
  }
}

/** A region in words. @param {object} model @param {number} region */
export function regionSentence(model, region) {
  const { regions } = model;
  return t("strip.region", {
    name: model.className(regions.classId[region]),
    along: alongText(regions.alongMinMm[region], 10, model.inMm),
    across: fmt.mm(regions.acrossMinMm[region]),
    area: fmt.areaMm2(regions.areaMm2[region]),
  });
}

function regionWords(model, region) {
  const { regions } = model;
  const classId = regions.classId[region];
  return el(
    "span",
    { class: "strip-readout-region" },
    classLabel(classId, model.className(classId)),
    el("span", {}, fmt.areaMm2(regions.areaMm2[region])),
  );
}

function occurring(model) {
  const fates = new Set();
  model.cameras.forEach((camera, number) => {
    if (camera.unsegmented) {
      fates.add(FATE.UNSEGMENTED);
    }
    if (camera.dead_lettered) {
      fates.add(FATE.DEAD_LETTERED);
    }
    const inspected = camera.clean + camera.defective + camera.unsegmented + camera.dead_lettered;
    if (inspected < model.framesOf(number)) {
      fates.add(FATE.NOT_INSPECTED);
    }
  });
  const found = [FATE.UNSEGMENTED, FATE.DEAD_LETTERED]
    .filter((fate) => fates.has(fate))
    .map((fate) => STRETCHES[fate]);
  if (fates.has(FATE.NOT_INSPECTED)) {
    found.push(model.report ? MISSING : STRETCHES[FATE.NOT_INSPECTED]);
  }
  return found;
}

function explained(scene, stretch) {
  const { width, height } = SAMPLE_PX;
  const size = { width: width * scene.ratio, height: height * scene.ratio };
  const canvas = el("canvas", { "aria-hidden": "true", ...size });
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  context.scale(scene.ratio, scene.ratio);
  fillStretch(context, { palette: scene.palette, ratio: scene.ratio }, stretch, 0, 0, width, height);
  return el("li", {}, canvas, t(`strip.fate.${stretch.name}`));
}

function button(name, label, press, kind = "") {
  const words = { class: `strip-button ${kind}`, type: "button", onclick: press };
  return el("button", kind ? words : { ...words, "aria-label": label, title: label }, icon(name));
}
