// Lines that a listing took for points without a look into their states: what is found when somebody looks.

import { asForkpointError } from '../../../shared/model/errors.ts';
import { checkJson } from '../../values/json/check.ts';
import { openValue } from '../../values/open.ts';
import type { FilesReader } from '../backend.ts';
import { isBlank } from './line-files.ts';
import { Turn } from './turn.ts';

/** A line that cannot be read; offsets in its file. */
export interface LineDamage {
  readonly start: number;
  readonly end: number;
  readonly reason: string;
}

/** The lines of one file, as far as they have been looked into. */
export class PassedLines {
  /** Lines that are points and cannot be opened. */
  readonly unreadable: LineDamage[] = [];
  #checked = 0;

  /**
   * Looks into all lines up to byte `end`, which a line feed ends, but those that are known to be `bad`. Yields how far it has come; may be
   * left off at any yield.
   */
  *checking(reader: FilesReader, path: string, end: number, bad: readonly LineDamage[]): Generator<number, void, void> {
    const known = new Set(bad.map((damage) => damage.start));
    while (this.#checked < end) {
      const turn = new Turn();
      for (const { block, at, to, start } of reader.spans(path, this.#checked)) {
        if (start >= end) break;
        const behind = start + to - at;
        this.#checked = behind + 1;
        const reason = known.has(start) ? null : damageIn(block, at, to);
        if (reason !== null) this.unreadable.push({ start, end: behind, reason });
        if (turn.isOver(to - at)) break;
      }
      yield this.#checked;
    }
  }

  /** Positions of the points that cannot be opened. */
  positions(): ReadonlySet<number> {
    return new Set(this.unreadable.map((damage) => damage.start));
  }
}

/** Why a line that is not blank is no JSON; null if it is. */
function damageIn(block: Buffer, at: number, to: number): string | null {
  try {
    checkJson(block, at, to);
    return null;
  } catch {
    // Told once more by itself: offsets count from the line's own start.
    const line = Buffer.from(block.subarray(at, to));
    return isBlank(line) ? null : damageOf(line);
  }
}

function damageOf(line: Uint8Array): string | null {
  try {
    openValue('json', line);
    return null;
  } catch (thrown) {
    return asForkpointError(thrown).message;
  }
}
