// Starts the window: finds its host, connects to the service, draws.

import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import './styles/tokens.css';
import './styles/base.css';
import { createRoot } from 'react-dom/client';
import { App } from './App.tsx';
import { HostContext } from './host/host.ts';
import { findHost } from './host/find.ts';
import { ServiceContext } from './service/client.ts';

async function start(): Promise<void> {
  const element = document.getElementById('root');
  if (element === null) throw new Error('The page has no #root.');
  const host = await findHost();
  const client = await host.connect();
  createRoot(element).render(
    <HostContext value={host}>
      <ServiceContext value={client}>
        <App />
      </ServiceContext>
    </HostContext>,
  );
}

void start();
