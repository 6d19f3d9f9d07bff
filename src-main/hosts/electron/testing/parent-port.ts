// Loaded before the service's entry in a plain child process: Electron's `process.parentPort` over the child's own channel.
// `connect` hands over a port that is this channel, `close` is passed on, everything else belongs to the port.

import { EventEmitter } from 'node:events';

const parentPort = new EventEmitter();
const portEvents = new EventEmitter();
const port = {
  postMessage: (message: unknown) => void process.send?.(message),
  on: (event: string, listener: (...args: unknown[]) => void) => portEvents.on(event, listener),
  start: () => {},
  close: () => {},
};
Object.defineProperty(process, 'parentPort', { value: parentPort });
// As in Electron, nothing is lost before the entry listens: Node too keeps messages until somebody does.
parentPort.once('newListener', () => {
  process.on('message', (data) => {
    if (data === 'connect') parentPort.emit('message', { data, ports: [port] });
    else if (data === 'close') parentPort.emit('message', { data, ports: [] });
    else portEvents.emit('message', { data });
  });
});
