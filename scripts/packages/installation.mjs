import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { run } from '../command.mjs';

/**
 * An empty folder with packed packages installed, and with `extra` packages by version; what they depend on comes from
 * the npm registry. `run` runs a program in it, on this Node and with nothing of the clone in sight.
 */
export async function install(folder, packed, extra) {
  const dependencies = Object.fromEntries(packed.map(({ name, filename }) => [name, `file:../${filename}`]));
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'package.json'),
    // Also what a dependency asks for by version is the tarball.
    JSON.stringify({ private: true, dependencies: { ...dependencies, ...extra }, overrides: dependencies }),
  );
  const options = { cwd: folder, env: environment(folder) };
  const flags = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', ['install', ...flags], options);
  return { folder, options, run: (command, args) => run(command, args, options) };
}

function environment(folder) {
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env.PATH];
  // What npm sets for the scripts of the clone, and what a developer sets for Troupe.
  const foreign = /^(npm_(lifecycle|package)_|NODE_(OPTIONS|PATH)$|TROUPE_)/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), PATH: path.join(delimiter) };
}
