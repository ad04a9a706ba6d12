/** A coil's name is written as large as it can be: plants give short ones, but up to 64 characters are allowed. */

const LONG = 13;
const LONGER = 22;

/** @param {string} name @returns {string} a class of base.css for what is written large */
export function nameSize(name) {
  if (name.length >= LONGER) {
    return "name-longer";
  }
  return name.length >= LONG ? "name-long" : "";
}
