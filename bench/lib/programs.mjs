import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What is measured is what a release has: the programs that `npm run bundle` makes. */
export const [mco, mcod, mcprovision] = ['mco', 'mcod', 'mcprovision'].map((name) => {
  const file = fileURLToPath(new URL(`../../bundles/${name}/bin/${name}.js`, import.meta.url));
  if (!existsSync(file)) throw new Error(`${file} not found: run npm run bundle`);
  return file;
});
