/**
 * Binary search over an order.
 * @param {ArrayLike<number>} order indices, so that `values` rise along it
 * @param {ArrayLike<number>} values
 * @param {number} value
 * @returns {number} the first place in `order` whose value is not below `value`
 */
export function lowerBound(order, values, value) {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[order[middle]] < value) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}
