// What the window is told about one value of a state: enough for a row of the tree, never the value itself.

import * as z from 'zod/mini';

export const valueKinds = [
  'null',
  'boolean',
  'integer',
  'float',
  'string',
  'bytes',
  'list',
  'map',
  'object',
  'ext',
  'opaque',
] as const;
export const ValueKind = z.enum(valueKinds);
export type ValueKind = z.infer<typeof ValueKind>;

/** Place of a value: ordinals of children from the root of the state, in stored order. Robust against any key. */
export const OrdinalPath = z.array(z.number());
export type OrdinalPath = z.infer<typeof OrdinalPath>;

export const ValueNode = z.object({
  /** Ordinal among its parent's children. */
  ordinal: z.number(),
  /** Key, or index as text; what the row is named by. */
  label: z.string(),
  /** The logical path as the terminal takes it; null where no logical path can name the place. */
  path: z.nullable(z.string()),
  kind: ValueKind,
  /** Class of an object (`HumanMessage`), `set`, `datetime`, ext code; null for plain values. */
  tag: z.nullable(z.string()),
  /** A short text of the value on one line (≤ 200 characters), or of its shape for containers. */
  short: z.string(),
  /** True when `short` is not the whole value. */
  cut: z.boolean(),
  /** Number of children that can be opened. */
  children: z.number(),
  /** Stored size in bytes. */
  bytes: z.number(),
});
export type ValueNode = z.infer<typeof ValueNode>;
