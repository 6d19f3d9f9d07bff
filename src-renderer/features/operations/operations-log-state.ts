// Whether the log of operations is open; apart from its view, which is loaded only when it is wanted.

import { create } from 'zustand';

export const useOperationsLog = create<{ readonly open: boolean }>()(() => ({ open: false }));
