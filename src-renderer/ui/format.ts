// Numbers, sizes and times as people read them. One place, so that the same figure never reads two ways.

const whole = new Intl.NumberFormat('en-US');

export const count = (n: number): string => whole.format(n);
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${whole.format(n)} ${n === 1 ? one : many}`;

/** `310 B`, `84 kB`, `1.2 MB`: powers of 1,000, as file managers show them. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let value = n;
  let unit = -1;
  do {
    value /= 1000;
    unit++;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** How long ago: `now`, `2 min`, `3 h`, `5 d`, then the date. */
export function ago(millis: number, now: number): string {
  const seconds = (now - millis) / 1000;
  if (seconds < 60) return seconds < -60 ? exactDay(millis) : 'now';
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 30 * 86_400) return `${Math.floor(seconds / 86_400)} d`;
  return exactDay(millis);
}

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

const exactDay = (millis: number): string => day.format(millis);
/** `14:02:31.204` */
export const clockTime = (millis: number): string => clock.format(millis);
/** `21 Nov 2026, 14:02:31.204` */
export const exactTime = (millis: number): string => `${day.format(millis)}, ${clock.format(millis)}`;

/** A distance in time: `+1.8 s`, `+40 ms`, `+3 min`. */
export function elapsed(millis: number): string {
  const sign = millis < 0 ? '−' : '+';
  const n = Math.abs(millis);
  if (n < 1000) return `${sign}${Math.round(n)} ms`;
  if (n < 60_000) return `${sign}${(n / 1000).toFixed(1)} s`;
  if (n < 3_600_000) return `${sign}${Math.round(n / 60_000)} min`;
  if (n < 172_800_000) return `${sign}${(n / 3_600_000).toFixed(1)} h`;
  return `${sign}${Math.round(n / 86_400_000)} d`;
}

/** Milliseconds since 1970 of an ISO time, null if it is none. */
export function millisOf(iso: string | null): number | null {
  if (iso === null) return null;
  const n = Date.parse(iso);
  return Number.isNaN(n) ? null : n;
}
