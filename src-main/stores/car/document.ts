// The thread document of a run: one record, the file as it stands. Importing sets the run id, in the name and inside, and nothing else.

import { ForkpointError } from '../../../shared/model/errors.ts';
import { expectFormat } from '../document-refusals.ts';
import type { ImportRequest, PlanContext, StorePlan, ThreadRecord } from '../store.ts';
import { fileOf, type RunFiles, type RunFolder } from './folder.ts';
import { expectNewRun, headKeyOf, newRunFile } from './fork.ts';
import { newFile } from './new-file.ts';
import { limitProblem, refusalOf } from './pending.ts';
import { resumeCode } from './resume.ts';
import { gateOf, isRun, readRun, type RunView } from './run-file.ts';

export const recordKind = 'run';

export function* exportRun(folder: RunFolder, files: RunFiles): Generator<ThreadRecord, void, void> {
  const { path } = fileOf(files);
  const bytes = folder.reader.read(path);
  const reading = readRun(bytes);
  if (!reading.ok) {
    throw new ForkpointError(
      'corrupt',
      `\`${path}\` cannot be exported: ${reading.reason}. Nothing was changed.`,
      'Its raw bytes are shown as they are (`show --raw`).',
    );
  }
  yield { kind: recordKind, cells: [{ name: 'file', storage: 'text', bytes }] };
}

export function planImport(folder: RunFolder, request: ImportRequest, context: PlanContext): StorePlan {
  const { document, thread } = request;
  expectFormat(request, 'car', 'CAR');
  expectNewRun(folder, thread, context.relying);
  const { run, bytes } = runOfDocument(document.records);
  const content = run.runId === thread ? bytes : newFile(run, { runId: thread });
  const refusal = refusalOf(run);
  const limit = limitProblem(run, run.iterations);
  return {
    changes: newRunFile(folder, thread, content, headKeyOf(thread, run)),
    warnings: [
      ...(refusal === null ? [] : [{ code: 'not_resumable', message: refusal, remedy: null }]),
      ...(limit === null ? [] : [{ code: 'cycle_limit', message: limit, remedy: null }]),
    ],
    target: { thread, id: run.pausedStage ?? '' },
    resume: refusal === null ? resumeCode(thread, gateOf(run, run.pausedStage ?? '')) : null,
    edited: null,
    follows: [],
  };
}

function runOfDocument(records: readonly ThreadRecord[]): { readonly run: RunView; readonly bytes: Uint8Array } {
  const [record] = records;
  if (record === undefined || records.length !== 1) throw badDocument('a run is one record');
  if (record.kind !== recordKind) throw badDocument(`it has a record of the kind \`${record.kind}\``);
  const cell = record.cells.find((c) => c.name === 'file');
  if (cell === undefined || cell.storage !== 'text') throw badDocument('its record has no text `file`');
  const reading = readRun(cell.bytes);
  if (!reading.ok) throw badDocument(reading.reason);
  if (!isRun(reading.run)) throw badDocument('its file is no checkpoint of a run');
  if (reading.run.refused !== null) throw badDocument(`CAR could not read its file: ${reading.run.refused}`);
  return { run: reading.run, bytes: cell.bytes };
}

function badDocument(what: string): ForkpointError {
  return new ForkpointError(
    'bad_value',
    `This document cannot be imported: ${what}. Nothing was changed.`,
    'Export the run again from its store.',
  );
}
