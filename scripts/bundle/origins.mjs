import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * The packages that a build of esbuild read files of, as `freshFolders` of `@troupe/core` wants them: first the one
 * at `home`, then each after one that imports it. Of packages
 * that lie outside `node_modules`, what is to be looked at is listed with its digest.
 */
export function originsOf(metafile, { root, home }) {
  const inputs = Object.entries(metafile.inputs).filter(([path]) => existsSync(join(root, path)));
  const importers = new Map([[home, undefined]]);
  const files = new Map();
  const folderOf = (path) => packageFolder(resolve(root, path));
  const open = [home];
  const edges = new Map();
  for (const [path, { imports }] of inputs) {
    const folder = folderOf(path);
    files.set(folder, [...(files.get(folder) ?? []), relative(folder, resolve(root, path))]);
    const targets = imports.filter(({ external }) => !external).map((one) => folderOf(one.path));
    edges.set(folder, new Set([...(edges.get(folder) ?? []), ...targets]));
  }
  if (!edges.has(home)) edges.set(home, new Set());
  // What stands in no file: the entry of a library is imported by its home.
  const imported = new Set(
    [...edges].flatMap(([folder, targets]) => [...targets].filter((one) => one !== folder)),
  );
  for (const folder of edges.keys()) if (!imported.has(folder)) edges.get(home).add(folder);
  const order = [home];
  for (let folder = open.shift(); folder !== undefined; folder = open.shift()) {
    for (const target of edges.get(folder) ?? []) {
      if (importers.has(target)) continue;
      importers.set(target, folder);
      order.push(target);
      open.push(target);
    }
  }
  const packages = order.map((folder) => {
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const from = importers.get(folder);
    const own = watched(folder, files.get(folder) ?? []);
    return {
      name,
      version,
      ...(from === undefined ? {} : { from: order.indexOf(from) }),
      ...(folder.includes('/node_modules/') ? {} : { files: digests(folder, own.sort()) }),
    };
  });
  return { packages };
}

// What tsc writes whenever it has written something: one file to look at instead of a hundred.
const written = 'dist/tsconfig.tsbuildinfo';

function watched(folder, files) {
  const compiled = files.filter((file) => file.startsWith('dist/'));
  if (compiled.length === 0 || !existsSync(join(folder, written))) return files;
  return [written, ...files.filter((file) => !compiled.includes(file))];
}

function digests(folder, files) {
  const digest = (file) =>
    createHash('sha256')
      .update(readFileSync(join(folder, file)))
      .digest('base64url');
  return Object.fromEntries(files.map((file) => [file, digest(file)]));
}

/** The folder of the package that a file belongs to: some packages have a package.json without a name further down. */
export function packageFolder(file) {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).version !== undefined)
      return folder;
    if (folder === dirname(folder)) throw new Error(`${file} belongs to no package`);
  }
}
