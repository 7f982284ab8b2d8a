import { join } from 'node:path';
import { importsIn, packageOf } from './imports.mjs';

/**
 * What is wrong with what the packed files of a package import: with the dependencies that it declares, and with what
 * it asks of packages of ours, each of which is in `exported` by name, with all specifiers that it answers to.
 */
export function dependencyProblems({ name, dependencies, peerDependencies }, files, place, exported) {
  const declared = Object.keys({ ...dependencies, ...peerDependencies });
  const code = files.filter((file) => /\.[cm]?(js|ts)$/.test(file) && !file.endsWith('.d.json.ts'));
  const imports = code.flatMap((file) => importsIn(join(place, file)).map((asked) => ({ file, asked })));
  const used = new Map(imports.map(({ file, asked }) => [packageOf(asked), file]));
  const isUsed = (one) => used.has(one) || used.has(one.replace(/^@types\//, ''));
  const undeclared = [...used].filter(([one]) => one !== name && !declared.includes(one));
  const refused = imports.filter(({ asked }) => exported.get(packageOf(asked))?.includes(asked) === false);
  return [
    ...undeclared.map(([one, file]) => `${file} imports ${one}, which is neither a dependency nor a peer`),
    ...refused.map(({ file, asked }) => `${file} imports ${asked}, which that package does not export`),
    ...declared.filter((one) => !isUsed(one)).map((one) => `no file imports its dependency ${one}`),
  ];
}
