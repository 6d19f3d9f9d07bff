// The built window over HTTP: files of `page-files.ts` streamed, the nonce written into each page as it leaves.

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileFor, isPage, mediaType, newNonce, pageWithNonce, secureHeaders } from '../../service/page-files.ts';

/** Every file of the window in one piece: each further one would wait for its turn behind the stores that are being read. */
const oneRead = 1 << 20;

export async function serveFile(root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const nonce = newNonce();
  const headers = secureHeaders(nonce);
  const urlPath = (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
  const file = await fileFor(root, urlPath);
  if (file === null) {
    response
      .writeHead(404, { ...headers, 'Content-Type': 'text/plain; charset=utf-8' })
      .end('There is no such file.\n');
    return;
  }
  const type = mediaType(file);
  if (isPage(file)) {
    const page = await pageWithNonce(file, nonce);
    response.writeHead(200, { ...headers, 'Content-Type': type, 'Cache-Control': 'no-store' });
    response.end(request.method === 'HEAD' ? undefined : page);
    return;
  }
  // Built names carry a hash of their content below assets/, everything else may change with the next build.
  const cache = urlPath.startsWith('/assets/') ? 'private, max-age=31536000, immutable' : 'no-cache';
  const { size } = await stat(file);
  response.writeHead(200, { ...headers, 'Content-Type': type, 'Content-Length': size, 'Cache-Control': cache });
  if (request.method === 'HEAD') response.end();
  else
    createReadStream(file, { highWaterMark: oneRead })
      .on('error', () => response.destroy())
      .pipe(response);
}
