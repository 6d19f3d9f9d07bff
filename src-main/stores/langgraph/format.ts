// LangGraph over SQLite: checkpoints of version 4, as the Python and JavaScript savers write them.

import { everyCapability } from '../capabilities.ts';
import { unable } from './describe.ts';
import { detectLayout, layoutOf } from './layout.ts';
import { LangGraphSqliteStore } from './store.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteReader } from '../backend.ts';
import type { Format } from '../store.ts';

export const langgraphSqlite: Format<SqliteReader> = {
  format: 'langgraph',
  framework: 'LangGraph',
  backend: 'sqlite',
  eras: ['python-v4', 'js-v4'],
  capabilities: everyCapability,
  unable,
  detect: detectLayout,
  open(backend) {
    const layout = layoutOf(backend.reader.tables());
    if (layout === null) {
      throw new ForkpointError(
        'not_a_store',
        'The tables of this file are not those of a LangGraph checkpointer. Nothing was changed.',
        null,
      );
    }
    return new LangGraphSqliteStore(langgraphSqlite, backend, layout);
  },
};
