// The log, import and export, and what is done with a thread as a whole, as actions.

import type { ServiceClient } from '../../../shared/contract/service.ts';
import type { Action } from '../../actions/action.ts';
import type { Host } from '../../host/host.ts';
import { useOperation, type ThreadOperation } from '../../state/operation.ts';
import { storeCan, useSession } from '../../state/session.ts';
import { useView } from '../../state/view.ts';
import { exportThread } from './export-thread.ts';
import { useOperationsLog } from './operations-log-state.ts';
import { changeThread } from './start.ts';

export function operationActions(client: ServiceClient, host: Host): readonly Action[] {
  const store = (): string | null => useView.getState().store;
  const ofThread = (operation: ThreadOperation, label: string): Action => ({
    id: `operations.${operation}`,
    label,
    group: 'Change',
    when: () => useView.getState().thread !== null && storeCan(operation),
    perform: () => {
      const { store: open, thread } = useView.getState();
      if (open !== null && thread !== null) changeThread(operation, open, thread);
    },
  });
  return [
    ofThread('copy', 'Copy this thread'),
    ofThread('rename', 'Rename this thread'),
    ofThread('delete', 'Delete this thread'),
    {
      id: 'operations.log',
      label: 'Show operations',
      group: 'Change',
      when: () => store() !== null,
      perform: () => useOperationsLog.setState({ open: true }),
    },
    {
      id: 'operations.import',
      label: 'Import a thread',
      group: 'Store',
      when: () => storeCan('import'),
      perform: () => {
        const open = store();
        if (open !== null) useOperation.getState().open({ operation: 'import', store: open, file: null });
      },
    },
    {
      id: 'operations.export',
      label: 'Export this thread',
      group: 'Store',
      when: () => useView.getState().thread !== null && storeCanRead('export'),
      perform: async () => {
        const { store: open, thread } = useView.getState();
        if (open !== null && thread !== null) await exportThread(client, host, open, thread);
      },
    },
  ];
}

/** Export writes nothing, so a store that may not be written can do it too. */
function storeCanRead(capability: string): boolean {
  const open = useSession.getState().stores.find((o) => o.store === useView.getState().store);
  return open?.info.capabilities.includes(capability) ?? false;
}
