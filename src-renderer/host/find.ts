// Which host the window is in. Made data only under the dev server.

import { ForkpointError } from '../../shared/model/errors.ts';
import { browserComforts } from './browser.ts';
import type { Host } from './host.ts';

export async function findHost(): Promise<Host> {
  if (import.meta.env.DEV) {
    const size = new URLSearchParams(location.search).get('fake');
    if (size !== null) {
      const { fakeClient, madeStore } = await import('../testing/fake-client.ts');
      return { ...browserComforts, connect: async () => fakeClient(madeStore(Number(size))) };
    }
  }
  throw new ForkpointError(
    'unsupported',
    'This page was opened without its service.',
    'Start it with `forkpoint serve`.',
  );
}
