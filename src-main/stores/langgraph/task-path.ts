// The column `writes.task_path` (checkpoint-sqlite 3.1.2 and later) names the task of a row without hashing.
// Node names may hold `, ` and anything else, so a path is parsed from both ends.

export type TaskPath =
  /** A node that its channels triggered. */
  | { readonly kind: 'pull'; readonly node: string }
  /** Element `index` of `__pregel_tasks`. */
  | { readonly kind: 'push'; readonly index: number }
  /** The nth @task call inside a functional entrypoint. */
  | { readonly kind: 'call'; readonly entrypoint: string }
  /** The handler that took over from a node that failed. */
  | { readonly kind: 'handler'; readonly node: string }
  /** Written by update_state. */
  | { readonly kind: 'update' }
  /** The null task, a row older than the column, or a path of a later version. */
  | { readonly kind: 'none' };

const none: TaskPath = { kind: 'none' };

export function parseTaskPath(stored: string): TaskPath {
  // Runs with exit durability put the step in front: `~~0000000003~…`.
  const text = stored.replace(/^~~-?\d+(?=~)/, '');
  if (text.startsWith('~__interrupt__')) return { kind: 'update' };
  const pull = '~__pregel_pull, ';
  if (text.startsWith(pull)) {
    const rest = text.slice(pull.length);
    const handler = /^(.*), node_error_handler, \d{10}$/s.exec(rest);
    if (handler?.[1] !== undefined) return { kind: 'handler', node: handler[1] };
    return { kind: 'pull', node: rest };
  }
  const call = /^~__pregel_push, ~__pregel_pull, (.*), \d{10}, \d{10}$/s.exec(text);
  if (call?.[1] !== undefined) return { kind: 'call', entrypoint: call[1] };
  const push = /^~__pregel_push, (\d{10}), /.exec(text);
  if (push?.[1] !== undefined) return { kind: 'push', index: Number(push[1]) };
  return none;
}
