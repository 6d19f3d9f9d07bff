// Why the framework itself would not load the thread that is shown, where a listing has only room for two words.

import type { ReactNode } from 'react';
import { useCall, useRevision } from '../../service/client.ts';
import { useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { Sentence } from '../inspector/Sentence.tsx';

export function Refused(): ReactNode {
  const store = useView((v) => v.store);
  const thread = useView((v) => v.thread);
  const info = useOpenStore()?.info ?? null;
  // A store that lacks its key says so itself.
  const asked = store !== null && thread !== null && info !== null && info.sealed?.open !== false;
  const revision = useRevision(store, thread);
  const { data } = useCall('thread.get', asked ? { store, thread } : null, { revision, keep: true });
  if (info === null || data === null || data.thread !== thread || data.refused === null) return null;
  return (
    <p className="lineage-refused selectable" role="note">
      <span aria-hidden="true">✕</span> <Sentence text={data.refused} />
    </p>
  );
}
