// The window: toolbar, threads, lineage with its scrubber, inspector, status.

import { Suspense, lazy } from 'react';
import type { ReactNode } from 'react';
import { Messages } from './ui/overlays.tsx';

const Inspector = lazy(() => import('./features/inspector/Inspector.tsx'));
const OperationSheet = lazy(() => import('./features/operations/OperationSheet.tsx'));

export function App(): ReactNode {
  return (
    <div className="window">
      <section role="region" aria-label="Inspector">
        <Suspense>
          <Inspector />
        </Suspense>
      </section>
      <Suspense>
        <OperationSheet />
      </Suspense>
      <Messages />
    </div>
  );
}
