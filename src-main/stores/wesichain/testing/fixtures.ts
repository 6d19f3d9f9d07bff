// Genuine stores of wesichain for the tests of this folder, with the framework's own answers.

import { genuineStores, type Opened } from '../../testing/opened.ts';
import { wesichainFiles, wesichainSqlite } from '../format.ts';
import { WesichainStore } from '../store.ts';

export type OpenedFixture = Opened<WesichainStore>;

/** One record as the framework's own types print it; `undecodable` where it could not read it. */
export interface GoldenRecord {
  readonly undecodable?: string;
  readonly seq: number;
  readonly created_at?: string;
  readonly checkpoint: {
    readonly thread_id: string;
    readonly created_at: string;
    readonly node: string;
    readonly step: number;
    readonly queue: readonly (readonly [string, unknown])[];
    readonly state: { readonly data: Readonly<Record<string, unknown>> };
  };
}

export interface Golden {
  readonly backend: 'file' | 'sqlite' | 'session files';
  readonly had_queue_json?: boolean;
  readonly files?: readonly { readonly file: string; readonly records: readonly GoldenRecord[] }[];
  readonly records?: readonly GoldenRecord[];
  readonly threads: readonly {
    readonly thread_id: string;
    readonly load: { readonly checkpoint?: GoldenRecord['checkpoint']; readonly error?: string };
  }[];
}

const stores = genuineStores('wesichain', wesichainSqlite, wesichainFiles, (store) => store instanceof WesichainStore);
export const { fixtureNames, openFixture, openedFiles, openedSqlite } = stores;

export const goldenOf = (name: string): Golden | null => stores.golden(name) as Golden | null;
