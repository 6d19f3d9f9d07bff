// `host.*`, `formats.*`, `stores.*`.

import type { FormatInfo } from '../../../shared/model/shapes.ts';
import type { Format } from '../../stores/store.ts';
import type { OpenStores, StoreOpener } from '../open-stores.ts';
import type { HandlersOf } from './handlers.ts';

export function storeHandlers(
  stores: OpenStores,
  opener: StoreOpener,
  about: { readonly version: string; readonly readOnly: boolean; readonly sample: string | null },
): HandlersOf<'host.info' | 'formats.list' | 'stores.list' | 'stores.open' | 'stores.close' | 'stores.unlock'> {
  return {
    'host.info': () => ({ ...about }),
    'formats.list': () => opener.formats.map(formatInfo),
    'stores.list': () =>
      stores
        .list()
        .filter((open) => open.gone === null)
        .map((open) => ({ store: open.id, info: open.info(about.readOnly) })),
    'stores.open': ({ path }) => {
      const open = stores.open(path);
      return { store: open.id, info: open.info(about.readOnly) };
    },
    'stores.unlock': ({ store, key }) => {
      const open = stores.get(store);
      open.unlock(key);
      return { store: open.id, info: open.info(about.readOnly) };
    },
    'stores.close': ({ store }) => {
      stores.close(store);
      return {};
    },
  };
}

function formatInfo(format: Format): FormatInfo {
  return {
    format: format.format,
    framework: format.framework,
    backend: format.backend,
    eras: [...format.eras],
    capabilities: [...format.capabilities],
    unable: format.unable.map((u) => ({ ...u })),
  };
}
