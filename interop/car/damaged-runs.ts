// Checkpoint files with one thing wrong each: a member gone or of another type, numbers out of range, times of every spelling, text that
// is no JSON for Rust. Deterministic.

/** Ids and contents of the files. `sources` are the texts of whole ones. */
export function damagedRuns(sources: readonly string[]): Map<string, string | Buffer> {
  const files = new Map<string, string | Buffer>();
  let seed = 20_261_124;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return Math.floor((seed / 0x8000_0000) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)] as T;
  sources.forEach((text, s) => {
    for (let n = 0; n < 240; n += 1) files.set(`member-${s}-${n}`, oneMemberChanged(text, random, pick));
    for (let n = 0; n < 20; n += 1) files.set(`cut-${s}-${n}`, text.slice(0, random(text.length)));
    for (let n = 0; n < 20; n += 1) {
      const bytes = Buffer.from(text);
      bytes[random(bytes.length)] = random(256);
      files.set(`byte-${s}-${n}`, bytes);
    }
  });
  const [text] = sources;
  if (text === undefined) throw new TypeError('no sources');
  const withState = (value: string): string => text.replace('"wf_state": {', () => `"wf_state": {"x": ${value},`);
  const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
  for (const levels of [120, 124, 125, 126, 127, 128, 500, 10_000])
    files.set(`nested-${levels}`, withState(nested(levels)));
  const values = [
    'NaN',
    '-Infinity',
    '1e308',
    '1e309',
    '-1e999',
    '"\\ud800"',
    '"\\udc00"',
    '"\\ud83d\\udc1d"',
    '18446744073709551616',
    '-0',
    '1E5',
    '01',
    '"\u0001"',
  ];
  values.forEach((value, i) => files.set(`value-${i}`, withState(value)));
  files.set('mark', `\ufeff${text}`);
  files.set('spaces', `\n\t ${text}\r\n `);
  files.set('behind', `${text} x`);
  files.set(
    'invalid-utf8',
    Buffer.concat([Buffer.from(text.slice(0, 30)), Buffer.from([0xff]), Buffer.from(text.slice(30))]),
  );
  for (const name of ['run_id', 'workflow', 'wf_state', 'stages', 'step', 'type', 'goal'])
    files.set(
      `twice-${name}`,
      text.replace(new RegExp(`"${name}": `), (m) => `${m}null, ${m}`),
    );
  files.set('twice-in-state', withState('1, "x": 2'));
  const times = [
    '2026-01-02T03:04:05Z',
    '2026-01-02 03:04:05Z',
    '2026-01-02T03:04:05.1234567891Z',
    '2026-01-02t03:04:05z',
    '2026-01-02T03:04:05+02:00',
    '2026-01-02T03:04:05+0200',
    '2026-01-02T03:04:05 +02:00',
    '2026-01-02T03:04:05',
    '2026-01-02',
    '2026-13-02T03:04:05Z',
    '2026-02-30T03:04:05Z',
    '2023-02-29T03:04:05Z',
    '2024-02-29T03:04:05Z',
    '2026-01-02T24:04:05Z',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:04:61Z',
    '2026-1-2T3:4:5Z',
    '2026-01-02T03:04Z',
    ' 2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05Z ',
    '+12026-01-02T03:04:05Z',
    '0000-01-01T00:00:00Z',
    '-0001-01-01T00:00:00Z',
    '2026-01-02T03:04:05UTC',
    '2026-01-02T03:04:05+24:00',
    '2026-01-02T03:04:05+02',
    '2026-01-02T03:04:05.Z',
    '2026-01-02T03:04:05-00:00',
    '2026-01-02  03:04:05Z',
    '12026-01-02T03:04:05Z',
    '226-01-02T03:04:05Z',
    '2026-01-02T03:04:05utc',
    '2026-01-02T03:04:05 Utc',
    '2026-01-02T03:04:05GMT',
    '2026-01-02T03:04:05+2:00',
    '2026-01-02T03:04:05+02:60',
    '2026-01-02T03:04:05−02:00',
    '+2026-01-02T03:04:05Z',
    '+226-01-02T03:04:05Z',
    '300000-01-02T03:04:05Z',
    '+300000-01-02T03:04:05Z',
    '+262142-01-02T03:04:05Z',
    '1900-02-29T03:04:05Z',
    '2000-02-29T03:04:05Z',
    '26-01-02T03:04:05Z',
    '2026-01-02T 03:04:05Z',
    '2026- 01-02T03:04:05Z',
    '2026-01-02T03:04: 05Z',
    '2026-01-02T03:04:05,5Z',
    '2026-01-02T03:04:05.5',
    '2026-01-02T03:04:05+00:00Z',
    '2026/01/02T03:04:05Z',
    '',
  ];
  times.forEach((time, i) =>
    files.set(`time-${i}`, text.replace(/("created_at": )"[^"]*"/, `$1${JSON.stringify(time)}`)),
  );
  return files;
}

interface Place {
  readonly holder: Record<string, unknown> | unknown[];
  readonly key: string | number;
}

function placesIn(value: unknown, into: Place[]): void {
  if (Array.isArray(value)) {
    value.forEach((item, key) => {
      into.push({ holder: value, key });
      placesIn(item, into);
    });
  } else if (value !== null && typeof value === 'object') {
    const holder = value as Record<string, unknown>;
    for (const key of Object.keys(holder)) {
      into.push({ holder, key });
      placesIn(holder[key], into);
    }
  }
}

const others = [null, true, 0, 7, -1, 1.5, 4_294_967_296, 1e21, '', 'x', [], {}, { type: 'x' }, [{}]] as const;

function oneMemberChanged(text: string, random: (below: number) => number, pick: <T>(from: readonly T[]) => T): string {
  const root: unknown = JSON.parse(text);
  const places: Place[] = [];
  placesIn(root, places);
  const { holder, key } = pick(places);
  if (Array.isArray(holder)) {
    if (random(4) === 0) holder.splice(Number(key), 1);
    else holder[Number(key)] = pick(others);
  } else if (random(2) === 0) delete holder[key];
  else holder[key] = pick(others);
  return JSON.stringify(root, null, 2);
}
