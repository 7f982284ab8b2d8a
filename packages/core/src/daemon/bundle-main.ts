// Where the bundle of mcod begins: first what it has for agents, then its work.
import { offerExports } from '../running.js';

offerExports({
  library: () => import('../index.js'),
  pki: () => import('../pki/index.js'),
  durableFile: () => import('../durable-file.js'),
});
await import('./main.js');
