import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const readManifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** The packages that npm gets of the clone at `root`: its workspaces that are not private, as `{ folder, manifest }`. */
export function publishedPackages(root) {
  return globSync(readManifest(root).workspaces, { cwd: root })
    .filter((folder) => existsSync(join(root, folder, 'package.json')))
    .sort()
    .map((folder) => ({ folder, manifest: readManifest(join(root, folder)) }))
    .filter(({ manifest }) => !manifest.private);
}
