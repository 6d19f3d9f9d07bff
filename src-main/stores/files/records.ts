// The records of a files undo bundle: head · one plan per change, with old content where it would be lost · guards · prepared.
// All of it is durable before the first visible change. Files have no transaction: what became of each change is read from the
// files themselves, by comparing them with the digests here.

import * as z from 'zod/mini';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { damaged, readBundle, type BundleSpan } from '../bundle.ts';

const common = { index: z.number(), path: z.string(), key: z.nullable(z.string()) };

const Head = z.object({ kind: z.literal('head'), version: z.literal(1), backend: z.enum(['sqlite', 'files']) });
/** A file that did not exist; `folders` are those that were made for it, outermost first. */
const NewFile = z.object({
  kind: z.literal('new-file'),
  ...common,
  folders: z.optional(z.array(z.string())),
  size: z.number(),
  digest: z.string(),
});
/** Blob: the bytes that are added behind `oldSize`. */
const Append = z.object({
  kind: z.literal('append'),
  ...common,
  oldSize: z.number(),
  size: z.number(),
  digest: z.string(),
});
/** Blob: the whole old content. `claim` is the name that the old file bore while it was rewritten. */
const Rewrite = z.object({
  kind: z.literal('rewrite'),
  ...common,
  claim: z.optional(z.string()),
  oldSize: z.number(),
  oldDigest: z.string(),
  size: z.number(),
  digest: z.string(),
});
/** Blob: the bytes that are cut off. */
const Truncate = z.object({
  kind: z.literal('truncate'),
  ...common,
  oldSize: z.number(),
  size: z.number(),
  digest: z.string(),
});
/** Blob: the whole old content. `folderModes` are the folders that went with it, outermost first. */
const DeleteFile = z.object({
  kind: z.literal('delete-file'),
  ...common,
  oldSize: z.number(),
  oldDigest: z.string(),
  mode: z.number(),
  folderModes: z.optional(z.array(z.object({ path: z.string(), mode: z.number() }))),
});
/** A file that the change set does not touch and that undo must find as it was. */
const Guard = z.object({
  kind: z.literal('guard'),
  path: z.string(),
  describe: z.string(),
  size: z.number(),
  digest: z.string(),
});
/** A folder to or from which no other file may come or go; `names` are those of the files that the change set leaves alone. */
const FolderGuard = z.object({
  kind: z.literal('folder-guard'),
  path: z.string(),
  describe: z.string(),
  names: z.array(z.string()),
});
const Prepared = z.object({ kind: z.literal('prepared') });

const PlanRecord = z.discriminatedUnion('kind', [NewFile, Append, Rewrite, Truncate, DeleteFile]);
const AnyRecord = z.discriminatedUnion('kind', [
  Head,
  NewFile,
  Append,
  Rewrite,
  Truncate,
  DeleteFile,
  Guard,
  FolderGuard,
  Prepared,
]);

export type FilePlan = z.infer<typeof PlanRecord>;
export type FileGuard = z.infer<typeof Guard> | z.infer<typeof FolderGuard>;
export type FileRecord = z.infer<typeof AnyRecord>;

export interface FilesBundle {
  readonly path: string;
  /** Whether any file may have been changed. */
  readonly prepared: boolean;
  /** In the order of writing, each with its blob. */
  readonly plans: readonly { readonly plan: FilePlan; readonly blob: BundleSpan | null }[];
  readonly guards: readonly FileGuard[];
}

/** Throws `corrupt` for what is no bundle. */
export function loadFilesBundle(path: string): FilesBundle {
  const plans: { plan: FilePlan; blob: BundleSpan | null }[] = [];
  const guards: FileGuard[] = [];
  let prepared = false;
  for (const { record, blobs } of readBundle(path)) {
    const parsed = AnyRecord.safeParse(record);
    if (!parsed.success) throw damaged(path);
    const one = parsed.data;
    switch (one.kind) {
      case 'head':
        if (one.backend !== 'files') {
          throw new ForkpointError('unable', 'This undo data belongs to a SQLite file, not to a folder.');
        }
        break;
      case 'guard':
      case 'folder-guard':
        guards.push(one);
        break;
      case 'prepared':
        prepared = true;
        break;
      case 'new-file':
      case 'append':
      case 'rewrite':
      case 'truncate':
      case 'delete-file':
        plans.push({ plan: one, blob: blobs[0] ?? null });
        break;
    }
  }
  return { path, prepared, plans, guards };
}
