/** Words in the person's language; numbers and times as that language writes them. */

import { preference, prefer } from "./preferences.js";
import { WORDS } from "../words.js";

export const LANGUAGES = ["en", "ru"];
const LOCALES = { en: "en-GB", ru: "ru-RU" };
const listeners = new Set();
const formats = new Map();
let current = LANGUAGES.includes(preference("language", "")) ? preference("language", "") : spoken();

/** @returns {"en"|"ru"} */
export function language() {
  return current;
}

/** Changes the language, remembers it, and tells everyone. */
export function setLanguage(to) {
  if (!LANGUAGES.includes(to) || to === current) {
    return;
  }
  current = to;
  prefer("language", to);
  formats.clear();
  listeners.forEach((fn) => fn());
}

/** @returns {() => void} stops listening */
export function onLanguage(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

/**
 * The words for a key. `{name}` in them is replaced by `values.name`; words that depend on a number are
 * `{one, few, many, other}`, chosen by `values.count`.
 * @param {string} key
 * @param {Object<string, string|number>} [values] numbers are written as the language writes them
 * @returns {string}
 */
export function t(key, values = {}) {
  const said = WORDS[key];
  if (!said) {
    throw new Error(`no words for ${key}`);
  }
  const form = said[current];
  const words = typeof form === "string" ? form : (form[pluralForm(values.count)] ?? form.other);
  return words.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? text(values[name]) : whole));
}

/** Whether there are words for a key: classes and rules have names that nobody could translate beforehand. */
export function has(key) {
  return key in WORDS;
}

export const fmt = {
  /** @param {number} value @param {number} [digits] decimals, always so many */
  number: (value, digits = 0) => digitsOf(digits).format(value),
  /** @param {number} mm as metres */
  metres: (mm, digits = 1) => `${fmt.number(mm / 1000, digits)} ${t("unit.m")}`,
  mm: (mm, digits = 0) => `${fmt.number(mm, digits)} ${t("unit.mm")}`,
  areaMm2: (mm2) => `${fmt.number(mm2, mm2 < 10 ? 1 : 0)} ${t("unit.mm2")}`,
  /** @param {number} share 0 to 1 */
  percent: (share, digits = 0) =>
    intl("percent", digits, {
      style: "percent",
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(share),
  /** @param {string|number} ns since the epoch: hours, minutes, seconds here */
  time: (ns) => timeFormat("time", { timeStyle: "medium" }).format(Number(ns) / 1e6),
  dateTime: (ns) =>
    timeFormat("dateTime", { dateStyle: "medium", timeStyle: "medium" }).format(Number(ns) / 1e6),
  shortDateTime: (ns) =>
    timeFormat("short", { day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit" }).format(
      Number(ns) / 1e6,
    ),
  /** @param {number} s "4 min 05 s" */
  duration: (s) => duration(s),
  /** @param {number} s "4:05", with the sign when it is below zero */
  clock: (s) => clock(s),
  /** @param {number} s "12 s ago" */
  ago: (s) => t("time.ago", { time: duration(Math.max(0, s)) }),
};

function text(value) {
  return typeof value === "number" ? fmt.number(value, Number.isInteger(value) ? 0 : 1) : String(value);
}

function spoken() {
  return (navigator.languages ?? []).some((each) => each.toLowerCase().startsWith("ru")) ? "ru" : "en";
}

function intl(kind, digits, options) {
  const key = `${kind}${digits}`;
  if (!formats.has(key)) {
    formats.set(key, new Intl.NumberFormat(LOCALES[current], options));
  }
  return formats.get(key);
}

function digitsOf(digits) {
  return intl("number", digits, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function timeFormat(kind, options) {
  if (!formats.has(kind)) {
    formats.set(kind, new Intl.DateTimeFormat(LOCALES[current], options));
  }
  return formats.get(kind);
}

function pluralForm(count) {
  if (!formats.has("plural")) {
    formats.set("plural", new Intl.PluralRules(LOCALES[current]));
  }
  return formats.get("plural").select(Number(count));
}

function duration(seconds) {
  const whole = Math.round(Math.abs(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (hours >= 48) {
    return t("time.days", { count: Math.floor(hours / 24) });
  }
  const two = String(rest).padStart(2, "0");
  if (hours) {
    return `${hours} ${t("unit.h")} ${String(minutes).padStart(2, "0")} ${t("unit.min")}`;
  }
  return minutes ? `${minutes} ${t("unit.min")} ${two} ${t("unit.s")}` : `${rest} ${t("unit.s")}`;
}

function clock(seconds) {
  const whole = Math.floor(Math.abs(seconds));
  const sign = seconds < 0 && whole ? "\u2212" : "";
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (value) => String(value).padStart(2, "0");
  return hours ? `${sign}${hours}:${two(minutes)}:${two(rest)}` : `${sign}${minutes}:${two(rest)}`;
}
