// The inspector of the selected checkpoint: State, Diff, Pending, Raw.

import type { ReactNode } from 'react';

export default function Inspector(): ReactNode {
  return null;
}
