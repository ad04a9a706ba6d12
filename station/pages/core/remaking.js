/**
 * Parts of the page that are made anew when what they say has changed, and only then: ten times a second, most of
 * it has not, and a button under a finger must not be replaced by its twin.
 */

const FOCUSABLE = "a[href], button, select, input, [tabindex]";

/**
 * @param {HTMLElement} node
 * @returns {(said: unknown, make: () => Node[]) => void} `said`: all that the children depend on, as JSON. Who has
 *   the focus in there has it afterwards, too.
 */
export function remaking(node) {
  let before = "";
  return (said, make) => {
    const now = JSON.stringify(said);
    if (now === before) {
      return;
    }
    before = now;
    const focused = [...node.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement);
    node.replaceChildren(...make().flat().filter(Boolean));
    if (focused >= 0) {
      node.querySelectorAll(FOCUSABLE)[focused]?.focus({ preventScroll: true });
    }
  };
}
