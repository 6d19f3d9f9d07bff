// LangGraph over SQLite: every layout that the Python and JavaScript savers have written.

import { everyCapability } from '../capabilities.ts';
import { unable } from './describe.ts';
import { detectLayout, eras, layoutOf } from './layout.ts';
import { LangGraphSqliteStore } from './store.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import type { SqliteReader } from '../backend.ts';
import type { Format } from '../store.ts';

export const langgraphSqlite: Format<SqliteReader> = {
  format: 'langgraph',
  framework: 'LangGraph',
  backend: 'sqlite',
  eras,
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
    return new LangGraphSqliteStore(langgraphSqlite, backend, backend.reader, layout);
  },
};
