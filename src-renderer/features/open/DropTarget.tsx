// A file or folder dropped on the window is opened, where the host is told its path. A thread document is imported into the open store.

import { useRef, useState } from 'react';
import type { DragEvent, ReactNode } from 'react';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { useHost } from '../../host/host.ts';
import { useService } from '../../service/client.ts';
import { useMessages } from '../../state/messages.ts';
import { useOperation } from '../../state/operation.ts';
import { openStore, useOpenStore } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { FormatList } from './formats.tsx';

const hasFiles = (event: DragEvent): boolean => event.dataTransfer.types.includes('Files');

/** What a drop would do: a browser is not told where a dropped file lies, so it can only be imported there. */
function dropWords(mayOpen: boolean, mayImport: boolean): string {
  if (mayOpen)
    return mayImport ? 'Drop a store to open it, or a thread document to import it' : 'Drop a store to open it';
  return mayImport
    ? 'Drop a thread document to import it into this store'
    : 'A browser cannot open what is dropped on it: start forkpoint serve with its path';
}

export function DropTarget(props: { readonly children: ReactNode }): ReactNode {
  const client = useService();
  const { pathOfDrop } = useHost();
  const [over, setOver] = useState(false);
  const depth = useRef(0);
  const open = useOpenStore();
  const mayImport = open !== null && open.info.writable && open.info.capabilities.includes('import');

  const onDrop = (event: DragEvent): void => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file === undefined) return;
    const { store } = useView.getState();
    if (file.name.endsWith('.json') && store !== null && mayImport) {
      useOperation.getState().open({ operation: 'import', store, file });
      return;
    }
    const path = pathOfDrop?.(file) ?? null;
    if (path !== null) void openStore(client, path);
    else {
      useMessages
        .getState()
        .sayError(
          new ForkpointError(
            'unable',
            `A browser does not tell a page where “${file.name}” lies, so it cannot be opened by dropping it here.`,
            'Start `forkpoint serve` with its path, or use the desktop window.',
          ),
        );
    }
  };

  return (
    <div
      className="drop-target"
      onDragEnter={(event) => {
        if (!hasFiles(event)) return;
        depth.current++;
        setOver(true);
      }}
      onDragLeave={(event) => {
        if (!hasFiles(event)) return;
        depth.current = Math.max(0, depth.current - 1);
        if (depth.current === 0) setOver(false);
      }}
      onDragOver={(event) => {
        if (!hasFiles(event)) return;
        event.preventDefault();
        event.dataTransfer.dropEffect = 'copy';
      }}
      onDrop={onDrop}
    >
      {props.children}
      {over && (
        <div className="drop-veil">
          <p>{dropWords(pathOfDrop !== null, mayImport)}</p>
          {pathOfDrop !== null && <FormatList />}
        </div>
      )}
    </div>
  );
}
