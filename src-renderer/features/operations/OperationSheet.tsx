// The sheet of the operation that was started (`state/operation.ts`).

import type { ReactNode } from 'react';

export default function OperationSheet(): ReactNode {
  return null;
}
