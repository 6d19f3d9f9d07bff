// Where a command line writes.

import type { SessionDraw } from '../../service/report/session.ts';

/** Where the terminal writes; tests give their own. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** Raw bytes of `show --raw` and `export`. */
  outBytes(bytes: Uint8Array): void;
  readonly columns: number;
  readonly colour: boolean;
  /** Clock and identities of what is written, where they must be the same in every run; else the system's. */
  readonly draw?: SessionDraw;
}
