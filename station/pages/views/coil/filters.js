/** Which defects are shown, on the map and in the table: by class, by size, by camera. */

import { el, replace } from "../../core/dom.js";
import { fmt, t } from "../../core/i18n.js";
import { classLabel } from "../../parts/class_look.js";
import { EVERYTHING, countsBySize, sizeSteps } from "./ordering.js";

export class Filters {
  /** @param {(filter: import("./ordering.js").Filter) => void} onChange */
  constructor(onChange) {
    this._onChange = onChange;
    this.filter = { ...EVERYTHING };
    this._steps = [0];
    this._classes = el("div", { class: "coil-classes", role: "group", "aria-label": t("coil.filter_class") });
    this._bars = el("div", { class: "coil-sizes", "aria-hidden": "true" });
    this._slider = el("input", {
      type: "range",
      min: "0",
      step: "1",
      value: "0",
      "aria-label": t("coil.filter_size"),
      oninput: () => this._slid(),
    });
    this._output = el("output", { class: "coil-size-said" });
    this._size = el(
      "label",
      { class: "coil-size" },
      el("span", { class: "coil-size-name" }, t("coil.filter_size"), this._output),
      this._bars,
      this._slider,
    );
    this._camera = el("select", { onchange: () => this._set({ camera: this._camera.value || null }) });
    this._cameras = el("label", { class: "coil-camera" }, el("span", {}, t("coil.camera")), this._camera);
    this._all = el(
      "button",
      { type: "button", class: "quiet", onclick: () => this.clear() },
      t("coil.filter_clear"),
    );
    this.node = el("div", { class: "coil-filters" }, this._classes, this._size, this._cameras, this._all);
    this._saySize();
  }

  /**
   * What there is to choose from.
   * @param {import("./defect_list.js").DefectList} list
   * @param {{id: number, name: string, count: number}[]} classes
   * @param {string[]} cameras
   */
  offer(list, classes, cameras) {
    this._offerSizes(list);
    const key = JSON.stringify([classes, cameras]);
    if (key === this._offered) {
      return;
    }
    this._offered = key;
    this._buttons = classes.map((each) => this._classButton(each));
    replace(this._classes, this._buttons);
    replace(
      this._camera,
      el("option", { value: "" }, t("coil.all_cameras")),
      cameras.map((name) => el("option", { value: name }, name)),
    );
    this._camera.value = this.filter.camera ?? "";
    this._cameras.hidden = cameras.length < 2;
    this._mark();
  }

  /** Show only one class. */
  only(classId) {
    this._set({ classes: new Set([classId]) });
  }

  /** Show everything again. */
  clear() {
    this._slider.value = "0";
    this._camera.value = "";
    this._set({ ...EVERYTHING });
  }

  _offerSizes(list) {
    const steps = sizeSteps(list);
    const counts = countsBySize(list, steps);
    this._size.hidden = steps.length < 2;
    const key = JSON.stringify([steps, counts]);
    if (key === this._sized) {
      return;
    }
    this._sized = key;
    this._steps = steps;
    this._slider.max = String(steps.length - 1);
    this._slider.value = String(Math.max(0, steps.indexOf(this.filter.minAreaMm2)));
    const most = Math.max(1, ...counts);
    replace(
      this._bars,
      counts.map((count) => sizeBar(count / most)),
    );
    this._saySize();
  }

  _classButton({ id, name, count }) {
    const press = el(
      "button",
      {
        type: "button",
        class: "coil-class",
        onclick: () => this._toggle(id),
        dataset: { classId: String(id) },
      },
      classLabel(id, name),
      el("span", { class: "coil-class-count" }, fmt.number(count)),
    );
    return press;
  }

  /** The first press chooses a class, further ones add to it or take away; none left means all. */
  _toggle(classId) {
    const classes = new Set(this.filter.classes ?? []);
    classes.has(classId) ? classes.delete(classId) : classes.add(classId);
    this._set({ classes: classes.size ? classes : null });
  }

  _slid() {
    this._set({ minAreaMm2: this._steps[Number(this._slider.value)] ?? 0 });
  }

  _set(change) {
    this.filter = { ...this.filter, ...change };
    this._mark();
    this._saySize();
    this._onChange(this.filter);
  }

  _mark() {
    const { classes, minAreaMm2, camera } = this.filter;
    for (const button of this._buttons ?? []) {
      button.setAttribute("aria-pressed", String(classes?.has(Number(button.dataset.classId)) ?? false));
      button.classList.toggle(
        "coil-class-off",
        classes !== null && !classes.has(Number(button.dataset.classId)),
      );
    }
    this._all.disabled = classes === null && minAreaMm2 === 0 && camera === null;
  }

  _saySize() {
    const { minAreaMm2 } = this.filter;
    const said = minAreaMm2 ? t("coil.size_from", { area: fmt.areaMm2(minAreaMm2) }) : t("coil.size_any");
    this._output.textContent = said;
    this._slider.setAttribute("aria-valuetext", said);
    [...this._bars.children].forEach((bar, n) => {
      bar.classList.toggle("coil-size-off", (this._steps[n] ?? 0) < minAreaMm2);
    });
  }
}

function sizeBar(share) {
  const node = el("span", { class: "coil-size-bar" });
  node.style.height = `${Math.max(share ? 6 : 0, 100 * share)}%`;
  return node;
}
