import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build } from 'esbuild';
import { originsOf, packageFolder } from './origins.mjs';

/** Makes few files of all modules of `mco`: to find and read two hundred takes longer than all that it does. */
export async function bundleMco(root) {
  const home = join(root, 'packages/cli');
  const folder = join(home, 'dist/bundle');
  const since = Date.now();
  rmSync(folder, { recursive: true, force: true });
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    minify: true,
    metafile: true,
    outdir: folder,
    logLevel: 'warning',
  };
  const banner = { js: "import { require } from './start.js';" };
  const start = await build({ ...common, entryPoints: [join(home, 'dist/src/start.js')] });
  const { metafile } = await build({
    ...common,
    entryPoints: [join(home, 'dist/src/main.js')],
    define: { TROUPE_BUNDLED: 'true' },
    banner,
    plugins: [places],
  });
  const rest = await build({
    ...common,
    stdin: { contents: "export { execa } from 'execa';", resolveDir: join(root, 'packages/client') },
    outdir: undefined,
    outfile: join(folder, 'execa.js'),
    banner,
  });
  const inputs = { ...metafile.inputs, ...start.metafile.inputs, ...rest.metafile.inputs };
  writeFileSync(join(folder, 'origins.json'), JSON.stringify(originsOf({ inputs }, { root, home, since })));
}

// A module that looks for a file beside itself, or for a package from where it stands, still finds it.
const places = {
  name: 'places',
  setup({ onLoad, onResolve }) {
    // Large, and hardly ever needed: the one in a file of its own, the other without the bundle.
    onResolve({ filter: /^execa$/ }, () => ({ path: './execa.js', external: true }));
    onResolve({ filter: /^@troupe\/agent-puppetca\/ca$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^troupe:start$/ }, () => ({ path: './start.js', external: true }));
    onLoad({ filter: /\/dist\/src\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      if (path.includes('/node_modules/') || !text.includes('import.meta.url')) return undefined;
      const folder = packageFolder(path);
      const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const place = `placeOf(${JSON.stringify(name)}, ${JSON.stringify(relative(folder, path))})`;
      const contents = `import { placeOf } from 'troupe:start';\n${text.replaceAll('import.meta.url', place)}`;
      return { contents, loader: 'js' };
    });
  },
};
