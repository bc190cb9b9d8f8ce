// Rounds as medians with their quartiles.

/** @param {number[]} numbers at least one */
export function median(numbers) {
  return quantile(numbers, 0.5);
}

/** Between two neighbours in proportion, so that few rounds still have quartiles. */
export function quantile(numbers, share) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at % 1);
}

/** `12.3 ns (11.8 to 14.0)`: the median and the quartiles. */
export function spread(numbers, unit = '') {
  const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(numbers, share));
  const show = digits(middle);
  const text = `${show(middle)}${unit && ` ${unit}`}`;
  return numbers.length === 1 ? text : `${text} (${show(low)} to ${show(high)})`;
}

/** Three figures of anything, and no more. */
export function figure(number) {
  return digits(number)(number);
}

function digits(size) {
  const places = Math.abs(size) >= 100 ? 0 : Math.abs(size) >= 10 ? 1 : 2;
  return (number) => number.toFixed(places);
}

/** Round by round, for each round met both under the same conditions. */
export function pairwise(ours, bare, combine) {
  return ours.slice(0, bare.length).map((number, i) => combine(number, bare[i]));
}

/** Of several, those that were measured, by their medians. */
export function byMedian(several) {
  return several.filter(Boolean).sort((a, b) => median(a) - median(b));
}

export const over = (ours, bare) => pairwise(ours, bare, (a, b) => a - b);
export const ratio = (ours, bare) => pairwise(ours, bare, (a, b) => a / b);
