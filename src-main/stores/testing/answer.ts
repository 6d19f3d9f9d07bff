// What a framework itself answers of one store, in the shape that is common to all of them. Each format has a translator
// (`<format>/testing/answers.ts`) from its golden file to this; `compare-answer.ts` holds a store to it.

import type { Cursor } from '../../values/cursor.ts';
import type { Status } from '../../../shared/model/status.ts';

/** Compares a stored value with the one that the framework gave: null where they agree, else the first place where they do not. */
export type Expected = (stored: Cursor) => string | null;

/** What can be asked of a point. A framework that does not answer one of them says so by a reason (`silent`). */
export const pointQuestions = ['parent', 'state', 'next', 'tasks', 'questions', 'status'] as const;
/** What can be asked of a thread. `latest` is the state at its head with what finished tasks have written. */
export const threadQuestions = ['head', 'latest', 'threadStatus'] as const;
export type PointQuestion = (typeof pointQuestions)[number];
export type ThreadQuestion = (typeof threadQuestions)[number];
export type Question = PointQuestion | ThreadQuestion;

/** Questions that stay without an answer, each with the reason. */
export type Silent = Readonly<Partial<Record<Question, string>>>;

export interface TaskAnswer {
  /** Null where the framework gives tasks no id, or none that stands in the store. */
  readonly id: string | null;
  readonly name: string;
  /** Null where the framework does not tell which of several tasks of a name failed. */
  readonly failed: boolean | null;
}

/** What a person is asked at a point. */
export interface QuestionAnswer {
  readonly id: string | null;
  /** Id of the task that asks; null where the framework does not tell. */
  readonly task: string | null;
  readonly value: Expected;
}

export interface PointAnswer {
  /** The framework's own id, as text. */
  readonly id: string;
  readonly namespace: string;
  /** Id of the parent as the framework gives it; null where it says that there is none, or none any more. */
  readonly parent?: string | null;
  /** Null: the framework keeps no state at this point. */
  readonly state?: Expected | null;
  /** The framework's record of the point, for those that are told by one. */
  readonly record?: Expected;
  readonly next?: readonly string[];
  readonly tasks?: readonly TaskAnswer[];
  readonly questions?: readonly QuestionAnswer[];
  readonly status?: Status;
  /** Beyond what the whole store does not answer. */
  readonly silent?: Silent;
}

export interface ThreadAnswer {
  readonly thread: string;
  /** All points of all namespaces, in the framework's order within each namespace, the oldest first. */
  readonly points: readonly PointAnswer[];
  /** What the framework loads as the latest: an index into `points`; null where it fails. */
  readonly head?: number | null;
  /** The state at the head with what finished tasks have written; null where there is no state. */
  readonly latest?: Expected | null;
  readonly threadStatus?: Status;
  /** Whether the framework fails at this thread. */
  readonly refused: boolean;
  readonly silent?: Silent;
}

export interface StoreAnswer {
  readonly threads: readonly ThreadAnswer[];
  readonly silent: Silent;
  /** Opens encrypted cells. */
  readonly key?: string;
}

/** Gives the answer to a store: its path within `fixtures/`, and where the genuine one lies. Null where there is none. */
export type Answers = (path: string, genuine: string) => StoreAnswer | null;
