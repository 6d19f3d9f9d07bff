import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { emptyAddress, formatLink } from '../../../shared/address/address.ts';
import { admit, inOrderOfOpening, OpenRequests, requestsIn } from './open-requests.ts';
import type { Admission, OpenTask } from './open-requests.ts';

const folder = mkdtempSync(join(tmpdir(), 'forkpoint-open-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const linkTo = (store: string | null): string => formatLink({ ...emptyAddress, store, thread: 't-1' });

function admission(known: readonly string[], yes: boolean): Admission & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    isKnown: (store) => known.includes(store),
    ask(store) {
      asked.push(store);
      return Promise.resolve(yes);
    },
  };
}

describe('arguments', () => {
  it('are paths and links; switches are Chromium’s', () => {
    expect(requestsIn(['--no-sandbox', 'a.sqlite', '', '-psn_0_1', 'forkpoint://view?v=1', '/abs/b'], '/runs')).toEqual(
      ['/runs/a.sqlite', 'forkpoint://view?v=1', '/abs/b'],
    );
    expect(requestsIn(['--', '--odd-name'], '/runs')).toEqual(['/runs/--odd-name']);
  });
  it('open so that the first is shown', () => {
    expect(inOrderOfOpening(['a', 'b', 'c'])).toEqual(['b', 'c', 'a']);
    expect(inOrderOfOpening([])).toEqual([]);
  });
});

describe('a link', () => {
  it('goes through to what is known, without a question', async () => {
    const known = admission(['/runs/a.sqlite'], false);
    const request = linkTo('/runs/a.sqlite');
    expect(await admit(request, known)).toEqual({ kind: 'view', request });
    expect(await admit(linkTo(null), known)).toEqual({ kind: 'view', request: linkTo(null) });
    expect(known.asked).toEqual([]);
  });
  it('to another store is asked about', async () => {
    const yes = admission([], true);
    expect(await admit(linkTo('/runs/b.sqlite'), yes)).toMatchObject({ kind: 'view' });
    expect(yes.asked).toEqual(['/runs/b.sqlite']);
    expect(await admit(linkTo('/runs/b.sqlite'), admission([], false))).toBeNull();
  });
  it.each(['//server/share/a.sqlite', '\\\\server\\share\\a.sqlite', 'a.sqlite', '../a.sqlite', ''])(
    'to %j is refused with a sentence, and nobody is asked',
    async (store) => {
      const yes = admission([], true);
      await expect(admit(`forkpoint://view?v=1&store=${encodeURIComponent(store)}`, yes)).rejects.toMatchObject({
        code: 'bad_value',
        message: expect.stringContaining('nothing was opened'),
      });
      expect(yes.asked).toEqual([]);
    },
  );
  it.each(['forkpoint://fork?store=/a', 'forkpoint://view?v=9', 'forkpoint://view?store=%zz', 'FORKPOINT:run'])(
    '%s leads nowhere',
    async (link) => {
      await expect(admit(link, admission([], true))).rejects.toMatchObject({ code: 'bad_value' });
    },
  );
});

describe('a thread document', () => {
  it('comes with its bytes', async () => {
    const path = join(folder, 'order.thread.json');
    writeFileSync(path, '{"a":1}');
    const task = await admit(path, admission([], true));
    expect(task).toEqual({
      kind: 'document',
      document: { name: 'order.thread.json', bytes: new Uint8Array(Buffer.from('{"a":1}')) },
    });
  });
  it('that is not there is said', async () => {
    await expect(admit(join(folder, 'gone.thread.json'), admission([], true))).rejects.toMatchObject({
      code: 'unreadable',
    });
  });
});

describe('requests', () => {
  it('wait for a window, keep their order over questions, and go on after a bad one', async () => {
    const errors: unknown[] = [];
    const requests = new OpenRequests(admission([], true), (thrown) => errors.push(thrown));
    requests.add(['/a', linkTo('/b'), 'forkpoint://nowhere', '/c']);
    expect(requests.empty).toBe(false);
    const seen: string[] = [];
    const take = (task: OpenTask): void => void seen.push(task.kind === 'view' ? task.request : task.document.name);
    requests.deliverTo(take);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual(['/a', linkTo('/b'), '/c']);
    expect(errors).toHaveLength(1);
    requests.deliverTo(null);
    requests.add(['/d']);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toHaveLength(3);
    requests.deliverTo(take);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen.at(-1)).toBe('/d');
    expect(requests.empty).toBe(true);
  });
  it('are not lost when the window closes during the question', async () => {
    let say = (_yes: boolean): void => {};
    const requests = new OpenRequests(
      { isKnown: () => false, ask: () => new Promise((resolve) => (say = resolve)) },
      () => undefined,
    );
    const seen: OpenTask[] = [];
    requests.deliverTo((t) => seen.push(t));
    requests.add([linkTo('/b')]);
    await new Promise((resolve) => setImmediate(resolve));
    requests.deliverTo(null);
    say(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    expect(requests.empty).toBe(false);
  });
});
