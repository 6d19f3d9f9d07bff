// Saves the thread document: chunks go from the service to the host's file as they come.

import type { ServiceClient } from '../../../shared/contract/service.ts';
import type { Host } from '../../host/host.ts';
import { useMessages } from '../../state/messages.ts';
import * as format from '../../ui/format.ts';
import { fileNameOf } from '../inspector/inspector-actions.ts';

export async function exportThread(client: ServiceClient, host: Host, store: string, thread: string): Promise<void> {
  let bytes = 0;
  async function* chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    let cursor: string | null = null;
    do {
      const answer: { chunk: Uint8Array; next: string | null } = await client.call('thread.export', {
        store,
        thread,
        cursor,
      });
      bytes += answer.chunk.length;
      yield new Uint8Array(answer.chunk);
      cursor = answer.next;
    } while (cursor !== null);
  }
  const name = `${fileNameOf(thread)}.thread.json`;
  if (await host.save(name, 'application/json', chunks())) {
    useMessages.getState().say(`Exported ${thread} to ${name}: ${format.bytes(bytes)}.`);
  }
}
