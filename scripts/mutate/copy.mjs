import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const LEFT_OUT = new Set(['.git', '.cache', 'node_modules', 'bundles']);

/**
 * Copies a built clone for mutation. In the copy, workspace packages resolve to the copy and all other packages to the
 * installed ones.
 */
export function copyClone(root, target) {
  mkdirSync(target, { recursive: true });
  for (const name of readdirSync(root)) {
    if (LEFT_OUT.has(name)) continue;
    const filter = (path) => !path.includes('/node_modules');
    cpSync(join(root, name), join(target, name), { recursive: true, preserveTimestamps: true, filter });
  }
  linkModules(join(root, 'node_modules'), join(target, 'node_modules'));
  for (const name of readdirSync(join(root, 'packages'))) {
    const modules = join(root, 'packages', name, 'node_modules');
    if (existsSync(modules)) linkModules(modules, join(target, 'packages', name, 'node_modules'));
  }
}

function linkModules(modules, target) {
  mkdirSync(target);
  for (const name of readdirSync(modules)) {
    const place = join(modules, name);
    // Workspace links are relative, so unchanged they point into the copy.
    if (name === '@troupe') cpSync(place, join(target, name), { recursive: true, verbatimSymlinks: true });
    else symlinkSync(place, join(target, name));
  }
}
