// Sums of numbers that are kept as their logarithms.

/** @param {number[]} logits */
export function logSumExp(logits) {
  const most = Math.max(...logits);
  if (most === -Infinity) return most;
  return most + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - most), 0));
}
