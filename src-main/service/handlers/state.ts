// `state.*`: a state looked at through cursors. What is not asked for is not read.

import { isConversation, messagesOf } from '../../analysis/messages.ts';
import { byteShares, keyText } from '../../analysis/shares.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { Cursor } from '../../values/cursor.ts';
import { describeChild, describeValue } from '../../values/describe.ts';
import { atOrdinals, logicalPathOf, ordinalsOf, throughObjects } from '../../values/path.ts';
import { encodeTagged } from '../../values/tagged.ts';
import { findPlaces } from '../find-places.ts';
import type { OpenStores } from '../open-stores.ts';
import { checkpointKey } from '../open-stores.ts';
import type { HandlersOf } from './handlers.ts';
import { windowOf } from './handlers.ts';

interface Place {
  readonly store: string;
  readonly key: string;
  readonly applied: boolean;
  readonly path: readonly number[];
}

export function stateHandlers(
  stores: OpenStores,
): HandlersOf<
  'state.children' | 'state.about' | 'state.text' | 'state.value' | 'state.messages' | 'state.resolve' | 'state.find'
> {
  const rootOf = (place: Omit<Place, 'path'>): Cursor | null =>
    stores.get(place.store).lookedAt(checkpointKey(place.key), place.applied).view.root;

  function cursorAt(place: Place): { root: Cursor; cursor: Cursor } {
    const root = rootOf(place);
    if (root === null) throw new ForkpointError('not_found', 'There is no state at this checkpoint.');
    return { root, cursor: atOrdinals(root, place.path) };
  }

  // Long texts are asked for part by part; the last one stays decoded. Its bytes are the identity: another state has others.
  let lastText: { readonly source: Uint8Array; readonly start: number; readonly text: string } | null = null;
  function textOf(cursor: Cursor): string {
    if (lastText?.source === cursor.source && lastText.start === cursor.start) return lastText.text;
    const text = cursor.kind === 'string' && cursor.isUnicode() ? cursor.text() : encodeTagged(cursor);
    lastText = { source: cursor.source, start: cursor.start, text };
    return text;
  }

  return {
    'state.children': (params) => {
      const { from, end } = windowOf(params.from, params.count);
      const root = rootOf(params);
      if (root === null) return { node: null, children: [], total: 0 };
      const cursor = atOrdinals(root, params.path);
      const last = params.path.at(-1);
      const path = logicalPathOf(root, params.path);
      const node =
        last === undefined
          ? describeValue(root, 0, '', '')
          : describeChild(atOrdinals(root, params.path.slice(0, -1)), last, path);
      const children = [];
      for (let i = from; i < Math.min(end, cursor.count); i++) {
        children.push(describeChild(cursor, i, logicalPathOf(root, [...params.path, i])));
      }
      return { node, children, total: cursor.count };
    },

    'state.about': ({ store, key, applied }) => {
      const open = stores.get(store);
      const { view, isRecord } = open.lookedAt(checkpointKey(key), applied);
      const { root } = view;
      const inner = root === null ? null : throughObjects(root);
      const conversations = [];
      if (inner !== null && inner.cursor.kind === 'map') {
        for (let i = 0; i < inner.cursor.count; i++) {
          const value = inner.cursor.child(i);
          if (!isConversation(value)) continue;
          const list = throughObjects(value).cursor;
          const member = keyText(inner.cursor.key(i));
          conversations.push({ member, path: [...inner.ordinals, i], messages: list.count });
        }
      }
      return {
        provenance: Object.fromEntries(view.provenance),
        notes: isRecord ? ['No state is stored here; this is the record of this point.'] : [...view.notes],
        bytes: root === null ? 0 : root.end - root.start,
        shares: byteShares(root).map((s) => ({ ...s })),
        conversations,
        unforkable: view.unforkable ?? null,
        isRecord,
      };
    },

    'state.text': (params) => {
      const text = textOf(cursorAt(params).cursor);
      const from = Math.max(0, Math.trunc(params.from));
      return { text: text.slice(from, from + Math.max(0, Math.trunc(params.count))), total: text.length };
    },

    'state.value': (params) => {
      const { root, cursor } = cursorAt(params);
      const bytes = cursor.end - cursor.start;
      return {
        value: bytes > params.limit ? null : encodeTagged(cursor, params.indent > 0 ? { indent: params.indent } : {}),
        bytes,
        path: logicalPathOf(root, params.path),
      };
    },

    'state.messages': (params) => {
      const { from, end } = windowOf(params.from, params.count);
      const list = throughObjects(cursorAt(params).cursor).cursor;
      if (list.kind !== 'list') return { messages: [], total: 0 };
      return { messages: messagesOf(list, from, end - from), total: list.count };
    },

    'state.resolve': ({ path, ...at }) => {
      const root = rootOf(at);
      return root === null ? null : ordinalsOf(root, path);
    },

    'state.find': ({ text, limit, ...at }, { signal }) => {
      windowOf(0, limit);
      const root = rootOf(at);
      return root === null ? { places: [], more: false } : findPlaces(root, text, limit, signal);
    },
  };
}
