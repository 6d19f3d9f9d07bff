// `records.*`: what stands beside the points of a thread (journals, step records, events), window by window, content on request.

import type { Result } from '../../../shared/contract/methods.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { recordsOf } from '../report/records.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { Pace } from '../pace.ts';
import type { HandlersOf } from './handlers.ts';
import { windowOf } from './handlers.ts';

/** Bytes of a content that may be asked for at once: its text crosses the wire whole. */
const maxContent = 1 << 20;

export function recordHandlers(stores: OpenStores): HandlersOf<'records.list' | 'records.content'> {
  return {
    'records.list': async ({ store, thread, key, from, count }, { signal }) => {
      const { end } = windowOf(from, count);
      const pace = new Pace(signal);
      const records: Result<'records.list'>['records'] = [];
      let total = 0;
      const point = key === null ? null : checkpointKey(key);
      for (const each of recordsOf(stores.get(store).store, thread, point)) {
        if (total >= from && total < end) {
          const { record, kind, time, checkpoint, content } = each;
          records.push({ record, kind, time, checkpoint, bytes: content.end - content.start });
        }
        total++;
        await pace.breathe();
      }
      return { records, total };
    },
    'records.content': async ({ store, thread, record, limit }, { signal }) => {
      const pace = new Pace(signal);
      for (const each of recordsOf(stores.get(store).store, thread, null)) {
        if (each.record === record) {
          const bytes = each.content.end - each.content.start;
          return { content: bytes > Math.min(limit, maxContent) ? null : encodeTagged(each.content), bytes };
        }
        await pace.breathe();
      }
      throw new ForkpointError('not_found', 'This record is no longer in the store; nothing was changed.');
    },
  };
}
