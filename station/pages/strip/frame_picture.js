// Frames as Kafka keeps them. The newest stay here: going from defect to defect fetches each frame once.

import { t } from "../core/i18n.js";
import { Refused, getBlob } from "../core/http.js";

/** Kafka's retention took it, or it is no picture: asking again is of no use. */
export const GONE = 410;
const MOST_KEPT = 24;
/** @type {Map<string, Promise<ImageBitmap>>} */
const kept = new Map();

/**
 * A frame's picture.
 * @param {{partition: number, offset: number}} place
 * @returns {Promise<ImageBitmap>}
 * @throws {Refused} with the sentence that says why there is none
 */
export function framePicture({ partition, offset }) {
  const path = `/api/frames/${partition}/${offset}`;
  const picture = kept.get(path) ?? fetched(path);
  kept.delete(path); // and back as the newest
  kept.set(path, picture);
  picture.catch(() => kept.delete(path));
  if (kept.size > MOST_KEPT) {
    kept.delete(kept.keys().next().value);
  }
  return picture;
}

async function fetched(path) {
  const blob = await getBlob(path);
  try {
    return await createImageBitmap(blob);
  } catch {
    throw new Refused(GONE, t("strip.frame.unreadable"));
  }
}
