import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ServiceProcess } from './service-process.ts';
import { callsOf, stage } from './testing/electron-fake.ts';

const gone: [string, boolean][] = [];
let service: ServiceProcess;

beforeEach(() => {
  vi.useFakeTimers();
  gone.length = 0;
  stage.services.length = 0;
  service = new ServiceProcess({
    entry: '/app/store-service.js',
    settings: '{"version":"1"}',
    onGone: (sentence, again) => gone.push([sentence, again]),
  });
  service.start();
});
afterEach(() => {
  for (const s of stage.services) for (const port of s.ports) port.close();
  vi.useRealTimers();
});

const last = (): (typeof stage.services)[number] => {
  const found = stage.services.at(-1);
  if (found === undefined) throw new Error('no service was started');
  return found;
};

it('is started under its name, with its one argument', () => {
  expect(last()).toMatchObject({
    entry: '/app/store-service.js',
    args: ['{"version":"1"}'],
    options: { serviceName: 'forkpoint-store', stdio: 'pipe' },
  });
});

it('introduces the two sides to each other, once it runs', () => {
  const given: unknown[] = [];
  service.connect(1, (port) => given.push(port));
  // Asking again before there is an answer replaces the first question: a window has one connection.
  service.connect(1, (port) => given.push(port));
  expect(given).toHaveLength(0);
  last().emit('spawn');
  expect(given).toHaveLength(1);
  expect(last().told).toEqual(['connect']);
  service.connect(2, (port) => given.push(port));
  expect(given).toHaveLength(2);
  expect(last().ports).toHaveLength(2);
  expect(last().ports.some((port) => port === given[0])).toBe(false);
});

describe('when it ends by itself', () => {
  it('says so and starts a new one, which the waiting windows get', () => {
    last().emit('spawn');
    last().emit('exit', 9);
    expect(gone).toEqual([[expect.stringMatching(/unexpectedly \(code 9\).*started again/), true]]);
    const given: unknown[] = [];
    service.connect(1, (port) => given.push(port));
    vi.advanceTimersByTime(0);
    expect(stage.services).toHaveLength(2);
    last().emit('spawn');
    expect(given).toHaveLength(1);
  });

  it('waits longer each time, gives up after five, and begins anew when asked', () => {
    const waits = [0, 250, 1000, 3000];
    for (const wait of waits) {
      const before = stage.services.length;
      last().emit('exit', 1);
      if (wait > 0) {
        vi.advanceTimersByTime(wait - 1);
        expect(stage.services).toHaveLength(before);
      }
      vi.advanceTimersByTime(1);
      expect(stage.services).toHaveLength(before + 1);
    }
    last().emit('exit', 1);
    expect(gone.at(-1)).toEqual([expect.stringContaining('stopped 5 times in a row'), false]);
    vi.advanceTimersByTime(60_000);
    expect(stage.services).toHaveLength(5);
    service.startAgain();
    expect(stage.services).toHaveLength(6);
  });

  it('forgives after half a minute of health', () => {
    for (let i = 0; i < 8; i++) {
      vi.advanceTimersByTime(30_000);
      last().emit('exit', 1);
      vi.advanceTimersByTime(1);
    }
    expect(gone.every(([, again]) => again)).toBe(true);
    expect(stage.services).toHaveLength(9);
  });
});

describe('when the program ends', () => {
  it('is asked to end and not started again', async () => {
    last().emit('spawn');
    const closing = service.close();
    expect(last().told).toEqual(['close']);
    last().emit('exit', 0);
    await closing;
    expect(gone).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(stage.services).toHaveLength(1);
  });
  it('is ended when it does not', async () => {
    last().emit('spawn');
    const closing = service.close();
    vi.advanceTimersByTime(3000);
    await closing;
    expect(callsOf('service.kill')).toHaveLength(1);
  });
});
