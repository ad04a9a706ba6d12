/** Where the picture lies: first a place to drop one, then the picture with what was found drawn over it. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { icon } from "../../parts/icons.js";
import { overlay } from "./overlay.js";
import { fileIn } from "./picture.js";

/**
 * @param {{onFile: (file: File) => void, onRegion: (index: number|null) => void}} told
 * @returns {{node: HTMLElement, show: (picture: object) => void, draw: (result: object|null) => void,
 *   mark: (index: number|null) => void, destroy: () => void}}
 */
export function stage({ onFile, onRegion }) {
  const away = new AbortController();
  const picker = el("input", {
    type: "file",
    accept: "image/jpeg,image/png",
    class: "unseen",
    tabIndex: -1,
    "aria-hidden": "true",
    onchange: () => {
      taken(picker.files?.[0] ?? null);
      picker.value = ""; // the same file may be chosen again
    },
  });
  const pick = (words, kind) =>
    el("button", { type: "button", class: kind, onclick: () => picker.click() }, icon("upload"), words);
  const body = el("div", { class: "stage-body" });
  const node = el("section", { class: "stage", "aria-label": t("trial.picture") }, picker, body);
  let drawn = null;
  let masks = true;

  function taken(file) {
    if (file) {
      onFile(file);
    }
  }

  /** A whole page to drop on: who misses the frame would lose the page to the browser's viewer. */
  function listen() {
    const on = (type, fn) => window.addEventListener(type, fn, { signal: away.signal });
    on("dragover", (event) => {
      event.preventDefault();
      node.classList.add("is-over");
    });
    on("dragleave", (event) => event.relatedTarget === null && node.classList.remove("is-over"));
    on("drop", (event) => {
      event.preventDefault();
      node.classList.remove("is-over");
      taken(fileIn(event.dataTransfer));
    });
    on("paste", (event) => taken(fileIn(event.clipboardData)));
  }

  function empty() {
    replace(
      body,
      el(
        "div",
        { class: "stage-empty" },
        icon("try"),
        el("p", { class: "stage-call" }, t("trial.drop")),
        el("p", { class: "soft" }, t("trial.dropWhat")),
        pick(t("trial.choose"), "primary"),
      ),
    );
  }

  function show(picture) {
    drawn = null;
    const sides = { width: String(picture.widthPx), height: String(picture.heightPx) };
    const size = picture.url ? t("trial.size", sides) : "";
    const shown = picture.url ? frame(picture) : el("p", { class: "stage-unseen soft" }, t("trial.unseen"));
    replace(
      body,
      shown,
      el(
        "div",
        { class: "stage-foot" },
        el("span", { class: "stage-name" }, picture.name),
        el("span", { class: "soft" }, [size, bytes(picture.file.size)].filter(Boolean).join(" · ")),
        el("span", { class: "stage-space" }),
        picture.url ? maskButton() : null,
        pick(t("trial.other"), ""),
      ),
    );
  }

  function frame(picture) {
    const image = el("img", { src: picture.url, alt: t("trial.alt", { name: picture.name }) });
    if (picture.file.type === "image/png") {
      image.style.imageOrientation = "none"; // the station takes a PNG as it is stored
    }
    drawn = overlay(picture, onRegion);
    drawn.node.classList.toggle("is-off", !masks);
    const box = el("div", { class: "stage-frame" }, image, drawn.node);
    box.style.setProperty("--ratio", String(picture.widthPx / picture.heightPx));
    return el("div", { class: "stage-picture", tabIndex: 0, role: "group", "aria-label": picture.name }, box);
  }

  function maskButton() {
    const button = el(
      "button",
      { type: "button", "aria-pressed": String(masks), onclick: () => toggle(button) },
      icon("mask"),
      t("trial.masks"),
    );
    return button;
  }

  function toggle(button) {
    masks = !masks;
    button.setAttribute("aria-pressed", String(masks));
    drawn?.node.classList.toggle("is-off", !masks);
  }

  listen();
  empty();
  return {
    node,
    show,
    draw: (result) => drawn?.draw(result),
    mark: (index) => drawn?.mark(index),
    destroy: () => away.abort(),
  };
}

function bytes(size) {
  return size < 2 ** 20
    ? t("trial.kib", { size: fmt.number(size / 1024) })
    : t("trial.mib", { size: fmt.number(size / 2 ** 20, 1) });
}
