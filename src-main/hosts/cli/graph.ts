// The lineage as `log` draws it in a terminal: newest first, one row a checkpoint, lanes to the left, forks joining where they left.

/** Rows of lane marks, in the order of the points given reversed (newest first). `parent[i]` is -1 for a root; parents before children. */
export interface GraphRow {
  /** Index of the point that this row is for. */
  readonly index: number;
  /** Lanes of the point's own row, its mark included. */
  readonly lanes: string;
  /** A row of joining lanes to print below it, or null. */
  readonly join: string | null;
}

/** `mark(i)` is the character for a point. Shape: O(points × lanes). */
export function graphRows(parent: readonly number[], mark: (index: number) => string): GraphRow[] {
  const rows: GraphRow[] = [];
  /** Per lane: the point it leads down to, -1 for a free lane. */
  const lanes: number[] = [];
  for (let i = parent.length - 1; i >= 0; i--) {
    let own = lanes.indexOf(i);
    if (own < 0) {
      own = lanes.indexOf(-1);
      if (own < 0) own = lanes.push(i) - 1;
      else lanes[own] = i;
    }
    // lanes further right that lead to the same point end here
    const joining = lanes.flatMap((to, lane) => (to === i && lane !== own ? [lane] : []));
    const join = joining.length === 0 ? null : joinRow(lanes, own, joining);
    for (const lane of joining) lanes[lane] = -1;
    const cells = lanes.map((to, lane) => (lane === own ? mark(i) : to < 0 ? ' ' : '│'));
    lanes[own] = parent[i] ?? -1;
    while (lanes.length > 0 && lanes.at(-1) === -1) lanes.pop();
    rows.push({ index: i, lanes: cells.join(' ').trimEnd(), join });
  }
  return rows.map((row, at) => {
    // the joining row belongs above the point that the lanes lead to, which is below the row before it
    const above = rows[at + 1];
    return { ...row, join: above?.join ?? null };
  });
}

function joinRow(lanes: readonly number[], own: number, joining: readonly number[]): string {
  const last = joining.at(-1) ?? own;
  let text = '';
  for (let lane = 0; lane < lanes.length; lane++) {
    const to = lanes[lane] ?? -1;
    const between = lane > own && lane < last;
    if (lane === own) text += '├';
    else if (joining.includes(lane)) text += lane === last ? '╯' : '┴';
    else if (to >= 0) text += between ? '┼' : '│';
    else text += between ? '─' : ' ';
    text += lane >= own && lane < last ? '─' : ' ';
  }
  return text.trimEnd();
}
