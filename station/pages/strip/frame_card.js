// One frame: its picture, what was found on it, and where on the strip that is.

import { el, replace } from "../core/dom.js";
import { fmt, t } from "../core/i18n.js";
import { classLabel } from "../parts/class_look.js";
import { icon } from "../parts/icons.js";
import { alongText } from "./draw_axes.js";
import { boxPx, cropAround, drawFrame, regionsOfFrame } from "./draw_frame.js";
import { GONE, framePicture } from "./frame_picture.js";
import { Palette } from "./palette.js";

/** Width over height. */
const CLOSE_SHAPE = 2.4;
const USUAL_FRAME = 1600 / 256;

/**
 * A card for a region's frame. `destroy` it when it goes.
 * @param {object} model a CoilModel @param {number} regionIndex
 * @returns {{node: HTMLElement, destroy: () => void}}
 */
export function frameCard(model, regionIndex) {
  const card = new FrameCard(model, regionIndex);
  return { node: card.node, destroy: () => card.destroy() };
}

class FrameCard {
  constructor(model, region) {
    this._model = model;
    this._region = region;
    this._masks = true;
    this._gone = false;
    this._build();
    this._palette = null;
    this._resized = new ResizeObserver(() => this._draw());
    this._resized.observe(this._whole);
    this._themed = () => (this._palette?.read(), this._draw());
    document.addEventListener("coilwatch:theme", this._themed);
    this._load();
  }

  destroy() {
    this._gone = true;
    this._resized.disconnect();
    document.removeEventListener("coilwatch:theme", this._themed);
    this.node.remove();
  }

  _build() {
    const { regions } = this._model;
    const region = this._region;
    const name = this._model.className(regions.classId[region]);
    const closeLabel = t("strip.frame.close", { name });
    this._close = el("canvas", { class: "frame-close", role: "img", "aria-label": closeLabel });
    this._whole = el("canvas", {
      class: "frame-whole",
      role: "img",
      "aria-label": t("strip.frame.whole", { frame: regions.frameIndex[region] }),
    });
    // As large as the pictures will be: a card must not grow under the pointer.
    const geometry = this._model.cameras[regions.camera[region]]?.geometry;
    this._close.style.aspectRatio = String(CLOSE_SHAPE);
    this._whole.style.aspectRatio = String(geometry ? geometry.width_px / geometry.height_px : USUAL_FRAME);
    this._close.hidden = !geometry;
    this._state = el("p", { class: "frame-state", role: "status" }, t("strip.frame.loading"));
    this._toggle = el(
      "button",
      {
        class: "strip-button",
        type: "button",
        "aria-pressed": "true",
        disabled: true,
        onclick: () => this._turn(),
      },
      icon("mask"),
      t("strip.frame.masks"),
    );
    this.node = el(
      "figure",
      { class: "frame-card" },
      el("div", { class: "frame-pictures" }, this._close, this._whole, this._state),
      el("figcaption", {}, classLabel(regions.classId[region], name), this._facts(), this._toggle),
    );
  }

  _facts() {
    const { regions, cameras, inMm } = this._model;
    const region = this._region;
    const camera = cameras[regions.camera[region]]?.camera_id ?? "";
    const facts = [
      ["score", fmt.percent(regions.score[region])],
      ["area", fmt.areaMm2(regions.areaMm2[region])],
      ["along", alongText(regions.alongMinMm[region], 10, inMm)],
      ["across", fmt.mm(regions.acrossMinMm[region])],
      ["frame", `${camera} · ${fmt.number(regions.frameIndex[region])}`],
    ];
    return el(
      "dl",
      { class: "frame-facts" },
      facts.map(([name, value]) =>
        el("div", {}, el("dt", {}, t(`strip.frame.${name}`)), el("dd", {}, value)),
      ),
    );
  }

  async _load() {
    const place = this._model.framePlace(
      this._model.regions.camera[this._region],
      this._model.regions.frameIndex[this._region],
    );
    try {
      this._picture = await framePicture(place);
    } catch (refused) {
      if (!this._gone) {
        this._say(refused);
      }
      return;
    }
    if (this._gone) {
      return;
    }
    this._state.hidden = true;
    this._toggle.disabled = false;
    this.node.classList.add("has-picture");
    this._draw();
  }

  _say(refused) {
    this.node.classList.add("no-picture");
    const sign = icon(refused.status === GONE ? "no_data" : "alarm");
    replace(this._state, sign, refused.sentence ?? refused.message);
  }

  _turn() {
    this._masks = !this._masks;
    this._toggle.setAttribute("aria-pressed", String(this._masks));
    this._draw();
  }

  _draw() {
    if (!this._picture || !this.node.isConnected) {
      return;
    }
    this._palette ??= new Palette(this.node);
    const { width, height } = this._picture;
    const frame = { x: 0, y: 0, width, height };
    const drawn = {
      picture: this._picture,
      model: this._model,
      palette: this._palette,
      ratio: Math.min(2, window.devicePixelRatio || 1),
      drawnRegions: regionsOfFrame(this._model, this._region),
      region: this._region,
      masks: this._masks,
    };
    paint(this._whole, drawn, frame);
    const box = boxPx(this._model, this._region);
    if (box) {
      paint(this._close, drawn, cropAround(box, frame, CLOSE_SHAPE));
    }
  }
}

function paint(canvas, drawn, part) {
  const width = canvas.clientWidth;
  const height = (width * part.height) / part.width;
  canvas.style.aspectRatio = `${part.width} / ${part.height}`;
  canvas.width = Math.round(width * drawn.ratio);
  canvas.height = Math.round(height * drawn.ratio);
  const context = canvas.getContext("2d");
  context.scale(drawn.ratio, drawn.ratio);
  drawFrame(context, drawn, part, width, height);
}
