import { cpSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { writeLicences } from './licences.mjs';
import { madeSchemas } from './schemas.mjs';

/**
 * The programs of a release: the file that begins, the package that it belongs to, the packages that code from outside
 * imports of it (agents, applications of mco), and what it reads besides modules.
 */
export const programs = [
  {
    name: 'mcod',
    home: 'packages/daemon',
    bin: 'bin/mcod.js',
    shared: ['@troupe/core'],
    files: [],
  },
  {
    name: 'mco',
    home: 'packages/cli',
    bin: 'bin/mco.js',
    shared: ['@troupe/core', '@troupe/client'],
    files: ['completion'],
  },
  {
    name: 'mcprovision',
    home: 'packages/provisioner',
    bin: 'bin/mcprovision.js',
    shared: ['@troupe/core', '@troupe/client'],
    files: [],
  },
  {
    name: 'troupe-broker',
    home: 'packages/broker',
    bin: 'bin/troupe-broker.js',
    shared: ['@troupe/core'],
    files: [],
  },
];

/**
 * Bundles a program of the clone at `root` into a folder of its name in `target`, by one call of esbuild: the program
 * and the packages that it shares are entries of the same call, so that what they have in common exists once. The
 * packages lie in its node_modules, where `import` looks for them. Returns the folder and the bytes of its modules.
 */
export async function bundleProgram({ name, home, bin, shared, files }, { root, target }) {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  const entryPoints = { [bin.replace(/\.js$/, '')]: join(root, home, bin) };
  for (const each of shared) {
    const place = realpathSync(join(root, 'node_modules', each));
    for (const [entry, file] of entriesOf(place, each)) entryPoints[entry] = file;
    copyManifest(place, join(folder, 'node_modules', each));
  }
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints,
    outdir: folder,
    chunkNames: 'lib/[name]-[hash]',
    bundle: true,
    splitting: true,
    minifySyntax: true,
    minifyWhitespace: true,
    // Names stay as they are: the log says where errors come from.
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // What CommonJS packages load Node's own modules with.
    banner: {
      js: "import { createRequire as troupeRequire } from 'node:module'; const require = troupeRequire(import.meta.url);",
    },
    plugins: [madeSchemas(root)],
    metafile: true,
    legalComments: 'none',
    logLevel: 'warning',
  });
  copyManifest(join(root, home), folder);
  for (const file of files) cpSync(join(root, home, file), join(folder, file), { recursive: true });
  copyDdls(root, folder);
  writeLicences(join(folder, 'LICENSES.txt'), [metafile], root);
  cpSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { folder: relative(root, folder), bytes };
}

/** The modules that a package exports, by where they go in the bundle. */
function entriesOf(place, name) {
  const { exports } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
  return Object.values(exports)
    .filter((file) => file.endsWith('.js') && !file.startsWith('./bin/'))
    .map((file) => [join('node_modules', name, file.replace(/\.js$/, '')), join(place, file)]);
}

/** What Node reads of a package: its name, its version and its exports. */
function copyManifest(from, to) {
  const { name, version, license, type, exports } = JSON.parse(
    readFileSync(join(from, 'package.json'), 'utf8'),
  );
  mkdirSync(to, { recursive: true });
  writeFileSync(join(to, 'package.json'), JSON.stringify({ name, version, license, type, exports }));
}

// They are read as files, too: by name, and by people.
function copyDdls(root, folder) {
  const to = join(folder, 'node_modules/@troupe/ddl');
  mkdirSync(dirname(to), { recursive: true });
  cpSync(join(root, 'ddl'), to, { recursive: true, filter: (path) => !/(\.d\.json\.ts|\.mjs)$/.test(path) });
}
