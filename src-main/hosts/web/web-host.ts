// The loopback host: the same window in a browser, for machines without Electron and for remote boxes. Files over HTTP, the service
// over one WebSocket. Everything it is careful about is in `gate.ts` and `static-files.ts`; here it is put together.

import { chmod, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { join, sep } from 'node:path';
import type { Duplex } from 'node:stream';
import type { RawData, WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { serveConnection } from '../../../shared/contract/rpc/server.ts';
import { closeCodes, webSocketTransport } from '../../../shared/contract/rpc/websocket.ts';
import { ForkpointError } from '../../../shared/model/errors.ts';
import { newNonce, secureHeaders } from '../../service/page-files.ts';
import type { ServiceOptions } from '../../service/service.ts';
import { Service } from '../../service/service.ts';
import { isToken, newToken, refuse, refuseToken } from './gate.ts';
import { serveFile } from './static-files.ts';

export interface WebHostOptions {
  /** Files and folders that may be opened; each is opened at once. Nothing outside of them can be named by the page. */
  readonly stores: readonly string[];
  /** 0 lets the system choose. */
  readonly port: number;
  readonly readOnly: boolean;
  /** The built window. */
  readonly staticFolder: string;
  /** Where the operation log, undo bundles and uploads live. */
  readonly dataFolder: string;
  readonly version: string;
  /** The bundled sample store, which may be opened too. */
  readonly sample?: string | null;
  /** For tests: how the service opens stores. */
  readonly opener?: ServiceOptions['opener'];
}

export interface WebHost {
  /** With the token in the fragment, which browsers send to nobody. */
  readonly url: string;
  close(): Promise<void>;
}

// Not imported: that reads everything node:http exports, and loads all of `fetch` with it at every start of every command.
const { createServer } = process.getBuiltinModule('node:http');

const authMillis = 2000;
const maxMessageBytes = 16 << 20;
const maxAuthBytes = 1024;
const maxConnections = 32;
const rpcPath = '/rpc';

/** Rejects with the service's error when a store cannot be opened, `io` when the port is taken. */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const staticRoot = await realpath(options.staticFolder).catch(() => {
    throw new ForkpointError(
      'not_found',
      `The built window is missing at ${options.staticFolder}.`,
      'Run `npm run build` first.',
    );
  });
  const sample = options.sample ?? null;
  const roots = await Promise.all(
    [...options.stores, ...(sample === null ? [] : [sample])].map((path) => realpath(path).catch(() => path)),
  );
  const service = new Service({
    version: options.version,
    readOnly: options.readOnly,
    dataFolder: options.dataFolder,
    sample,
    mayOpen: (path) => roots.some((root) => path === root || path.startsWith(root + sep)),
    ...(options.opener === undefined ? {} : { opener: options.opener }),
  });
  try {
    for (const path of options.stores) service.openPath(path);
    return await listen(options, staticRoot, service);
  } catch (error) {
    service.close();
    throw error;
  }
}

async function listen(options: WebHostOptions, staticRoot: string, service: Service): Promise<WebHost> {
  const token = newToken();
  const sockets = new Set<WebSocket>();
  const upgrade = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes, perMessageDeflate: false });
  let port = options.port;

  function onRequest(request: IncomingMessage, response: ServerResponse): void {
    const refusal =
      refuse(request.headers, port) ?? (request.url === '/status' ? refuseToken(request.headers, token) : null);
    if (refusal !== null) return answer(response, refusal.status, `${refusal.sentence}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD');
      response.setHeader('Connection', 'close');
      return answer(response, 405, 'Files are only read here.\n');
    }
    if (request.url === '/status') {
      const body = JSON.stringify({ version: options.version, pid: process.pid, readOnly: options.readOnly });
      return answer(response, 200, `${body}\n`, 'application/json; charset=utf-8');
    }
    serveFile(staticRoot, request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else answer(response, 500, 'The file could not be read.\n');
    });
  }

  function onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const path = (request.url ?? '').split('?', 1)[0];
    const refusal = refuse(request.headers, port);
    const status = refusal?.status ?? (path !== rpcPath ? 404 : sockets.size >= maxConnections ? 503 : null);
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    upgrade.handleUpgrade(request, socket, head, (ws) => admit(ws));
  }

  /** The token is the first message, within two seconds; until then nothing else is listened to. */
  function admit(ws: WebSocket): void {
    sockets.add(ws);
    ws.on('close', () => sockets.delete(ws));
    // Oversized and torn frames: ws closes the connection itself; without a listener they would end the process.
    ws.on('error', () => ws.terminate());
    const timer = setTimeout(() => ws.close(closeCodes.token, 'no token'), authMillis);
    ws.once('close', () => clearTimeout(timer));
    ws.once('message', (data: RawData, isBinary: boolean) => {
      clearTimeout(timer);
      if (isBinary || !isToken(tokenIn(data), token)) return ws.close(closeCodes.token, 'wrong token');
      ws.send('ok');
      serveConnection(webSocketTransport(ws), service);
    });
  }

  const servers: Server[] = [];
  async function bind(address: string, on: number): Promise<Server> {
    const server = createServer({ maxHeaderSize: 16 << 10, requestTimeout: 30_000, headersTimeout: 10_000 }, onRequest);
    server.on('upgrade', onUpgrade);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host: address, port: on, exclusive: true }, resolve);
    });
    servers.push(server);
    return server;
  }

  const first = await bind('127.0.0.1', options.port).catch((cause: unknown) => {
    throw new ForkpointError(
      'io',
      `The port ${options.port} cannot be used.`,
      'Name another with --port, or leave it out.',
      { cause },
    );
  });
  const bound = first.address();
  if (bound === null || typeof bound === 'string')
    throw new ForkpointError('io', 'The loopback address is not available.');
  port = bound.port;
  // `localhost` may mean ::1; machines without IPv6 go on without it.
  await bind('::1', port).catch(() => undefined);

  const url = `http://127.0.0.1:${port}/#t=${token}`;
  const runFile = join(options.dataFolder, 'run', `web-${process.pid}-${port}.json`);
  await mkdir(join(options.dataFolder, 'run'), { recursive: true, mode: 0o700 });
  await writeFile(runFile, `${JSON.stringify({ url, pid: process.pid })}\n`, { mode: 0o600 });
  // An older file of the same name would have kept its own mode.
  await chmod(runFile, 0o600);

  return {
    url,
    async close() {
      for (const ws of sockets) ws.terminate();
      upgrade.close();
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise<void>((resolve) => server.close(() => resolve()));
        }),
      );
      service.close();
      await rm(runFile, { force: true });
    },
  };
}

function tokenIn(data: RawData): unknown {
  const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
  if (bytes.length > maxAuthBytes) return null;
  try {
    const message: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof message === 'object' && message !== null && 'token' in message ? message.token : null;
  } catch {
    return null;
  }
}

function answer(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { ...secureHeaders(newNonce()), 'Content-Type': type, 'Cache-Control': 'no-store' });
  response.end(body);
}
