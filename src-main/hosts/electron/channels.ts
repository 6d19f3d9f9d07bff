// The names under which main and the preload speak; nothing else may be said between them.

export const channels = {
  /** From the window. */
  chooseStore: 'fp:choose-store',
  requestPort: 'fp:request-port',
  ready: 'fp:ready',
  actions: 'fp:actions',
  opened: 'fp:opened',
  /** To the window. */
  port: 'fp:port',
  open: 'fp:open',
  document: 'fp:document',
  action: 'fp:action',
  serviceGone: 'fp:service-gone',
} as const;
