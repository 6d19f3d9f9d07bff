// Starts the window: finds its host, connects to the service and asks the first questions, and loads what draws the window meanwhile.

import '@fontsource-variable/inter/index.css';
import '@fontsource-variable/jetbrains-mono/index.css';
import './styles/tokens.css';
import './styles/base.css';
import { findHost } from './host/find.ts';
import { EarlyClient, askFirstQuestions } from './service/early.ts';

async function start(): Promise<void> {
  const element = document.getElementById('root');
  if (element === null) throw new Error('The page has no #root.');
  const loading = import('./window.tsx');
  const host = await findHost();
  const client = new EarlyClient(await host.connect());
  void askFirstQuestions(client, location.hash);
  (await loading).drawWindow(element, host, client);
}

void start();
