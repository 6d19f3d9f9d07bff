// Draws the window. Apart from `main.tsx`, so that the service is asked while this is loaded.

import { createRoot } from 'react-dom/client';
import type { ServiceClient } from '../shared/contract/service.ts';
import { App } from './App.tsx';
import { HostContext } from './host/host.ts';
import type { Host } from './host/host.ts';
import { ServiceContext } from './service/client.ts';

export function drawWindow(element: HTMLElement, host: Host, client: ServiceClient): void {
  createRoot(element).render(
    <HostContext value={host}>
      <ServiceContext value={client}>
        <App />
      </ServiceContext>
    </HostContext>,
  );
}
