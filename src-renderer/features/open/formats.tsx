// What can be opened, by framework: from the formats that the service has, so that no list can fall behind.

import type { ReactNode } from 'react';
import { useSession } from '../../state/session.ts';
import { backendName } from '../toolbar/Toolbar.tsx';

/** Each framework with the kinds of place that it keeps its checkpoints in. */
function useFrameworks(): readonly (readonly [framework: string, backends: readonly string[]])[] {
  const formats = useSession((s) => s.formats);
  const found = new Map<string, Set<string>>();
  for (const { framework, backend } of formats) {
    found.set(framework, (found.get(framework) ?? new Set()).add(backendName[backend] ?? backend));
  }
  return [...found].map(([framework, backends]) => [framework, [...backends]]);
}

export function FormatList(): ReactNode {
  const frameworks = useFrameworks();
  if (frameworks.length === 0) return null;
  return (
    <ul className="screen-formats">
      {frameworks.map(([framework, backends]) => (
        <li key={framework}>
          {framework} <span className="faint">{backends.join(', ')}</span>
        </li>
      ))}
    </ul>
  );
}
