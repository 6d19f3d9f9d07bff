// Floats as text: the shortest decimal form that reads back to the same bits, always with a point or an exponent.

export function floatText(value: number, width: 4 | 8): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  if (Object.is(value, -0)) return '-0.0';
  const text = width === 8 ? String(value) : shortestSingle(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

function shortestSingle(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const text = Number(value.toPrecision(digits));
    if (Math.fround(text) === value) return String(text);
  }
  return String(Number(value.toPrecision(9)));
}
