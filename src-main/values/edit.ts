// Edits as the terminal and the window give them, and the dialects that new values are written in.

/**
 * How new values are written, so that the framework's own writer would have written the same:
 * - `json-serde`  compact, UTF-8 unescaped, floats with `.0` (Rust serde_json)
 * - `json-js`     compact as JSON.stringify writes it
 * - `json-python` `json.dumps(ensure_ascii=False)` with `", "` and `": "`
 * - `msgpack`     ormsgpack as LangGraph uses it: smallest integers and headers, float64, str/bin by length
 */
export type Dialect = 'json-serde' | 'json-js' | 'json-python' | 'msgpack';

/** One edit. `path` is the text of a logical path, `value` is tagged JSON text. Applied in order. */
export type Edit =
  | { readonly op: 'set'; readonly path: string; readonly value: string }
  | { readonly op: 'append'; readonly path: string; readonly value: string }
  | { readonly op: 'remove'; readonly path: string };
