// Genuine stores of tinyagents for the tests of this folder, with the framework's own answers.

import { genuineStores, type Opened } from '../../testing/opened.ts';
import { tinyagentsFiles, tinyagentsSqlite } from '../format.ts';
import { TinyagentsStore } from '../store.ts';

export type OpenedFixture = Opened<TinyagentsStore>;

export interface GoldenRecord {
  readonly checkpoint_id: string;
  readonly parent_checkpoint_id: string | null;
  readonly namespace: readonly string[];
  readonly next_nodes: readonly string[];
  readonly completed_tasks: readonly string[];
  readonly pending_activations?: readonly { node: string; task_id?: string; send_arg?: unknown }[] | null;
  readonly interrupts: readonly { id: string; node: string; payload: unknown }[];
  readonly barrier_arrivals?: readonly { node: string; arrived: readonly string[] }[];
  readonly metadata: {
    readonly source: string;
    readonly step: number;
    readonly failed_node?: string;
    readonly error?: string;
  };
  readonly state: unknown;
}

export interface GoldenThread {
  readonly thread_id: string;
  readonly count: number;
  readonly latest: string | { readonly error: string };
  readonly list: readonly {
    readonly checkpoint_id: string;
    readonly parent_checkpoint_id: string | null;
    readonly namespace: readonly string[];
    readonly next_nodes: readonly string[];
    readonly has_interrupts: boolean;
    readonly source: string;
    readonly step: number;
  }[];
  readonly records: readonly GoldenRecord[];
  readonly ledger: readonly {
    readonly checkpoint_id: string;
    readonly namespace: readonly string[];
    readonly writes: readonly { readonly task_id: string; readonly channel: string; readonly payload: unknown }[];
  }[];
  readonly namespaces: readonly {
    readonly namespace: readonly string[];
    readonly latest: string | { readonly error: string };
    readonly state_history: readonly { readonly checkpoint_id: string; readonly parent: string | null }[] | null;
  }[];
}

export interface Golden {
  readonly backend: 'file' | 'sqlite';
  readonly list_threads_order: readonly string[];
  readonly threads: readonly GoldenThread[];
}

const stores = genuineStores(
  'tinyagents',
  tinyagentsSqlite,
  tinyagentsFiles,
  (store) => store instanceof TinyagentsStore,
);
export const { fixtureNames, openFixture, openedFiles, openedSqlite } = stores;

export const goldenOf = (name: string): Golden | null => stores.golden(name) as Golden | null;
