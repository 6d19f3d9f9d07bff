// File names of the folder store: how wesichain turns a thread id into a name. The rule is not injective (`a/b`, `a:b`, `_a_b_` all
// are `a_b.jsonl`), and ids of which nothing is left get a hash that differs between releases and platforms.

export const lineFileSuffix = '.jsonl';

/** Longest file name that common file systems take, in bytes. */
export const longestFileName = 255;

/**
 * Name (without suffix) of a thread's file; `''` where the framework takes a hash of the id instead, which cannot be computed again:
 * it was another function up to 0.2.0, and depends on the platform since.
 */
export function nameOfThread(thread: string): string {
  return thread
    .replace(/[/\\:*?"<>|]/g, '_')
    .replace(/\p{Cc}/gu, '')
    .replace(/^[.\p{White_Space}_]+/u, '')
    .replace(/[.\p{White_Space}_]+$/u, '');
}

/** Whether a name (without suffix) is one that the framework gives to ids of which nothing is left; its hash is not padded. */
export function isHashName(name: string): boolean {
  return /^thread-[0-9a-f]{1,16}$/.test(name);
}

/** Whether the framework, asked for this thread, would look into a file of this name. Hash names cannot be told apart. */
export function isFileOf(thread: string, path: string): boolean {
  const name = path.slice(0, -lineFileSuffix.length);
  const own = nameOfThread(thread);
  return own === '' ? isHashName(name) : own === name;
}

/** Whether a file of the folder may hold records; whether it does, only its content tells. */
export function isLineFile(path: string): boolean {
  return !path.includes('/') && path.endsWith(lineFileSuffix);
}

/** Why a new thread may not have this id in a folder, null if it may. */
export function badThreadName(thread: string): string | null {
  const name = nameOfThread(thread);
  if (name === '') {
    return 'wesichain names the file of this id by a hash that depends on its release and platform, so it would not find the thread.';
  }
  const bytes = Buffer.byteLength(name) + lineFileSuffix.length;
  if (bytes > longestFileName) {
    return `A thread of this name needs a file name of ${bytes} bytes; file systems take ${longestFileName}.`;
  }
  return null;
}
