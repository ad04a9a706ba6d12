/** The picture that is tried: what a browser can tell of it before anything is sent. */

import { fmt, t } from "../../core/i18n.js";

/** What the station reads at all; a form around the picture takes a little of it. */
const MOST_BYTES = 16 * 2 ** 20 - 4096;
const MOST_PIXELS = 32e6;
const LEAST_SIDE_PX = 32;

/**
 * @typedef {object} Picture
 * @property {File} file
 * @property {string} name
 * @property {string} url of the file; "" when the browser can't show it
 * @property {number} widthPx upright, as it is shown; 0 when it can't be
 * @property {number} heightPx
 */

/** A picture that is not sent, with a sentence for the person. */
export class NotSent extends Error {}

/**
 * @param {File} file
 * @returns {Promise<Picture>} also when the browser can't show it: the station says best what is wrong
 * @throws {NotSent} when its size alone says that the station would refuse it
 */
export async function openPicture(file) {
  if (file.size === 0) {
    throw new NotSent(t("trial.refused.empty"));
  }
  if (file.size > MOST_BYTES) {
    throw new NotSent(t("trial.refused.bytes", { size: fmt.number(file.size / 2 ** 20, 1) }));
  }
  const url = URL.createObjectURL(file);
  const size = await sizeOf(url);
  const name = file.name || t("trial.pasted");
  if (!size) {
    URL.revokeObjectURL(url);
    return { file, name, url: "", widthPx: 0, heightPx: 0 };
  }
  const { widthPx, heightPx } = size;
  if (widthPx * heightPx > MOST_PIXELS || Math.min(widthPx, heightPx) < LEAST_SIDE_PX) {
    URL.revokeObjectURL(url);
    const words = widthPx * heightPx > MOST_PIXELS ? "trial.refused.pixels" : "trial.refused.small";
    throw new NotSent(t(words, { width: String(widthPx), height: String(heightPx) }));
  }
  return { file, name, url, widthPx, heightPx };
}

/** @param {Picture|null} picture lets its memory go */
export function closePicture(picture) {
  if (picture?.url) {
    URL.revokeObjectURL(picture.url);
  }
}

/** The first file of a drop or of what was pasted, or null. @param {DataTransfer|null} transfer */
export function fileIn(transfer) {
  return transfer?.files?.[0] ?? null;
}

async function sizeOf(url) {
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    return null;
  }
  return image.naturalWidth ? { widthPx: image.naturalWidth, heightPx: image.naturalHeight } : null;
}
