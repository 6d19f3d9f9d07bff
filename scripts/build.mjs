// `npm run build`: everything that is shipped, into dist/.
import './require-node.mjs';
const { buildIfStale } = await import('./build-if-stale.mjs');
buildIfStale({ force: true });
