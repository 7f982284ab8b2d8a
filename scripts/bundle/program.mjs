import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { writeLicences } from './licences.mjs';
import { originsOf, packageFolder } from './origins.mjs';

/**
 * Makes one file of all modules of `mcod`, for whose agents the package's entries find what is in it. It is not made
 * smaller: its log says where errors come from.
 */
export async function bundleMcod(root) {
  const home = join(root, 'packages/core');
  const folder = join(home, 'dist/bundle');
  rmSync(folder, { recursive: true, force: true });
  const common = { ...modules(root), outdir: folder };
  const start = await build({ ...common, entryPoints: { start: join(home, 'dist/src/daemon/start.js') } });
  const { metafile } = await build({
    ...common,
    entryPoints: { mcod: join(home, 'dist/src/daemon/bundle-main.js') },
    plugins: [ownPlaces(home)],
  });
  const inputs = { ...metafile.inputs, ...start.metafile.inputs };
  writeLicences(join(folder, 'LICENSES.txt'), [{ inputs }], root);
  writeFileSync(join(folder, 'origins.json'), JSON.stringify(originsOf({ inputs }, { root, home })));
}

// A module that looks for a file beside itself still finds it: the bundle lies in dist/bundle.
const ownPlaces = (home) => ({
  name: 'own places',
  setup({ onLoad }) {
    onLoad({ filter: /\/dist\/src\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (!path.startsWith(`${home}/`) || !text.includes('import.meta.url')) return undefined;
      const place = `new URL(${JSON.stringify(`../${relative(join(home, 'dist'), path)}`)}, import.meta.url).href`;
      return { contents: text.replaceAll('import.meta.url', place), loader: 'js' };
    });
  },
});

const modules = (root) => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  metafile: true,
  logLevel: 'warning',
});

/** Makes few files of all modules of `mco`: to find and read two hundred takes longer than all that it does. */
export async function bundleMco(root) {
  const home = join(root, 'packages/cli');
  const folder = join(home, 'dist/bundle');
  rmSync(folder, { recursive: true, force: true });
  const common = { ...modules(root), minify: true, outdir: folder };
  const start = await build({ ...common, entryPoints: [join(home, 'dist/src/start.js')] });
  const { metafile } = await build({
    ...common,
    entryPoints: [join(home, 'dist/src/main.js')],
    define: { TROUPE_BUNDLED: 'true' },
    banner: { js: "import { require } from './start.js';" },
    plugins: [places(root)],
  });
  const inputs = { ...metafile.inputs, ...start.metafile.inputs };
  writeLicences(join(folder, 'LICENSES.txt'), [{ inputs }], root);
  writeFileSync(join(folder, 'origins.json'), JSON.stringify(originsOf({ inputs }, { root, home })));
}

const modulesOfCore = {
  '@troupe/core': 'index.js',
  '@troupe/core/pki': 'pki/index.js',
  '@troupe/core/durable-file': 'durable-file.js',
};

// A module that looks for a file beside itself, or for a package from where it stands, still finds it.
const places = (root) => ({
  name: 'places',
  setup({ onLoad, onResolve }) {
    // Large, and hardly ever needed.
    onResolve({ filter: /^@troupe\/agent-puppetca\/ca$/ }, ({ path }) => ({ path, external: true }));
    // The modules of the core: its entries are for who imports it beside a bundle.
    for (const [name, path] of Object.entries(modulesOfCore))
      onResolve({ filter: new RegExp(`^${name}$`) }, () => ({
        path: join(root, 'packages/core/dist/src', path),
      }));
    onResolve({ filter: /^troupe:start$/ }, () => ({ path: './start.js', external: true }));
    onLoad({ filter: /\/dist\/src\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('/node_modules/') || !/import\.meta\.url|import\('execa'\)/.test(text))
        return undefined;
      const folder = packageFolder(path);
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const place = `troupePlaceOf(${JSON.stringify(name)}, ${JSON.stringify(relative(folder, path))})`;
      const code = text
        .replaceAll('import.meta.url', place)
        .replaceAll("import('execa')", `import(troupePackageFrom(${place}, 'execa'))`);
      return {
        contents: `import { packageFrom as troupePackageFrom, placeOf as troupePlaceOf } from 'troupe:start';\n${code}`,
        loader: 'js',
      };
    });
  },
});
