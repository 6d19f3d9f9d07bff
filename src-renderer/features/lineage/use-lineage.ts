// Reads the lineage of the shown thread, keeps it fresh while another process writes, and builds the picture.

import { useEffect, useMemo, useRef } from 'react';
import { ReceivedLineage, readLineage } from '../../../shared/contract/lineage-reading.ts';
import type { PointIndex } from '../../../shared/model/lineage.ts';
import { useAnswer, useRevision, useService } from '../../service/client.ts';
import { useView } from '../../state/view.ts';
import { branchesOf } from '../../../shared/layout/branches.ts';
import { follow, headPoint, keyAt, openFold, pointOf, selectedPoint, useLineageState } from './lineage-state.ts';
import type { PointRow } from './lineage-state.ts';
import { buildScene, foldOver } from '../../../shared/layout/scene.ts';
import { pathOf } from './walk.ts';

export interface LineageReading {
  readonly slow: boolean;
  readonly progress: string | null;
  readonly cancel: () => void;
  readonly retry: () => void;
  /** Asks for the rows of these points; those that are here already cost nothing. */
  readonly want: (points: readonly PointIndex[]) => void;
}

export function useLineage(): LineageReading {
  const client = useService();
  const store = useView((v) => v.store);
  const thread = useView((v) => v.thread);
  const checkpoint = useView((v) => v.checkpoint);
  const revision = useRevision(store, thread);
  const question = store === null || thread === null ? null : JSON.stringify([store, thread]);
  /** What is here of the thread that was asked for last: of one that grew only the new points are sent. */
  const received = useRef({ question, lineage: new ReceivedLineage() });
  const { data, error, loading, slow, progress, cancel, retry } = useAnswer(
    question,
    store === null || thread === null
      ? null
      : (options) => {
          if (received.current.question !== question) received.current = { question, lineage: new ReceivedLineage() };
          return readLineage(client, { store, thread }, received.current.lineage, options);
        },
    { revision, keep: true },
  );
  // The answer for the last thread stays on screen only while it is this thread's.
  const lineage = data !== null && data.thread === thread ? data : null;
  const branches = useMemo(() => (lineage === null ? null : branchesOf(lineage)), [lineage]);
  const axis = useLineageState((s) => s.axis);
  const opened = useLineageState((s) => s.opened);
  const unfoldAll = useLineageState((s) => s.unfoldAll);
  // From the picture that is shown, so that what only grew keeps its lanes.
  const scene = useMemo(
    () =>
      branches === null ? null : buildScene(branches, { axis, opened, unfoldAll }, useLineageState.getState().scene),
    [branches, axis, opened, unfoldAll],
  );

  useEffect(() => {
    useLineageState.setState({ opened: new Set(), followed: -1, path: new Int32Array(0), playing: false });
  }, [store, thread]);

  useEffect(() => {
    const before = useLineageState.getState();
    const same = before.lineage !== null && lineage !== null && before.lineage.thread === lineage.thread;
    const stale = same && before.lineage !== lineage;
    useLineageState.setState({
      lineage,
      branches,
      error,
      loading,
      ...(same ? {} : { rows: new Map() }),
    });
    // Rows that are on screen are read again below; until then the old ones stay, so that nothing flickers.
    if (stale || !same) pending.current.clear();
    if (stale) stalePoints.current = new Set(before.rows.keys());
    if (lineage === null || branches === null) return;
    if (lineage.count === 0) return;
    if (checkpoint === null || pointOf(lineage, checkpoint) < 0) {
      // A link to a checkpoint that is not here (any more) leads to the thread, not to a blank window.
      useView.getState().showCheckpoint(keyAt(lineage, headPoint()));
    }
    const { followed } = useLineageState.getState();
    const branch =
      followed >= 0 && followed < branches.branches.length && stale ? followed : branches.branchOf[selectedPoint()];
    if (branch !== undefined) useLineageState.setState({ followed: branch, path: pathOf(branches, branch) });
    // The checkpoint is read when the lineage arrives, and not followed from here.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [lineage, branches, error, loading]);

  // An address may name a thread alone, the one that is shown already too: it means the thread's head.
  useEffect(() => {
    if (checkpoint !== null || lineage === null || lineage.count === 0) return;
    if (useLineageState.getState().lineage === lineage) useView.getState().showCheckpoint(keyAt(lineage, headPoint()));
  }, [checkpoint, lineage]);

  useEffect(() => {
    useLineageState.setState({ scene });
    const { lineage } = useLineageState.getState();
    if (scene === null || lineage === null) return;
    // What is selected or compared is never hidden in a pill.
    for (const point of [selectedPoint(), pointOf(lineage, useView.getState().compared)]) {
      const fold = point < 0 ? -1 : foldOver(scene, point);
      if (fold >= 0) openFold(fold);
    }
    const point = selectedPoint();
    if (useLineageState.getState().followed < 0 && point >= 0) follow(scene.branches.branchOf[point] ?? -1);
  }, [scene, checkpoint]);

  const pending = useRef(new Set<PointIndex>());
  const stalePoints = useRef(new Set<PointIndex>());
  const wanted = useRef<readonly PointIndex[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);

  const fetchWanted = (): void => {
    timer.current = null;
    const { lineage, rows } = useLineageState.getState();
    if (store === null || thread === null || lineage === null || lineage.thread !== thread) return;
    const missing = wanted.current.filter(
      (p) => p >= 0 && p < lineage.count && !pending.current.has(p) && (!rows.has(p) || stalePoints.current.has(p)),
    );
    // Small batches: the first cards fill while the rest is read, and a batch out of sight is not worth waiting for.
    for (let from = 0; from < missing.length; from += 40) {
      const indices = missing.slice(from, from + 40);
      for (const p of indices) pending.current.add(p);
      client
        .call('checkpoints.get', { store, thread, indices, summaries: true })
        .then((answer) => {
          if (useLineageState.getState().lineage !== lineage) return;
          useLineageState.setState((s) => {
            const rows = new Map<PointIndex, PointRow>(s.rows);
            for (const row of answer) {
              rows.set(row.index, row);
              stalePoints.current.delete(row.index);
            }
            return { rows };
          });
        })
        // The card stays without its text and is asked for again when it is next wanted; a lost service has its own screen.
        .catch(() => undefined)
        .finally(() => {
          for (const p of indices) pending.current.delete(p);
        });
    }
  };
  const latest = useRef(fetchWanted);
  useEffect(() => {
    latest.current = fetchWanted;
  });
  const want = useRef((points: readonly PointIndex[]): void => {
    wanted.current = points;
    timer.current ??= setTimeout(() => latest.current(), 30);
  });
  useEffect(() => {
    if (lineage !== null) want.current(wanted.current);
  }, [lineage]);

  return {
    slow: slow && loading,
    progress: progress?.text ?? null,
    cancel,
    retry,
    want: want.current,
  };
}
