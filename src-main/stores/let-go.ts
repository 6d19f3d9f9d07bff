// Maps that keep a limited number of entries.

/** Lets go of the entries that were set longest ago, until `limit` are left. */
export function letGo(map: Map<string, unknown>, limit: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= limit) return;
    map.delete(oldest);
  }
}
