import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '@troupe/core';
import { execa } from 'execa';
import { dyingWithParent } from '../processes/process.js';
import { createTempFolder } from '../temp-folder.js';
import { serverJar } from './installation.js';
import { jvmArguments } from './jvm.js';
import { serviceNamespaces } from './services.js';

/** `.cache` in the root of this checkout. */
export const defaultCacheFolder = fileURLToPath(new URL('../../../../../.cache/', import.meta.url));

/**
 * Debian ships Puppet Server as Clojure source, which every start compiles anew. This compiles it once into a jar in
 * the cache folder, one for each set of package versions, and returns its path; two processes do not build at once.
 * Where compiling fails, servers start without it, slower: undefined, after a warning of the process.
 */
export async function aotJar(cacheFolder: string = defaultCacheFolder): Promise<string | undefined> {
  try {
    await mkdir(cacheFolder, { recursive: true });
    const jar = join(await realpath(cacheFolder), `puppetserver-${await versionKey()}.jar`);
    if (!existsSync(jar)) await build(jar);
    return jar;
  } catch (error) {
    process.emitWarning(
      `cannot compile Puppet Server ahead of time, so each start takes longer: ${messageOf(error)}`,
    );
    return undefined;
  }
}

async function versionKey(): Promise<string> {
  const show = (...packages: string[]) => execa('dpkg-query', ['--show', ...packages]);
  const [server, libraries] = await Promise.all([
    show('puppetserver'),
    show('lib*-clojure', 'libclojure-java'),
  ]);
  const version = server.stdout.split('\t')[1];
  const digest = createHash('sha256').update(libraries.stdout).update(compiler).digest('hex').slice(0, 8);
  return `${version}-${digest}`;
}

async function build(jar: string): Promise<void> {
  await using work = await createTempFolder({ prefix: 'troupe-aot' });
  const script = work.join('compile.clj');
  await writeFile(script, compiler);
  const classes = work.join('classes');
  await mkdir(classes);
  const java = [
    ...jvmArguments({ heapMegabytes: 1024, tempFolder: work.path }),
    ...['-cp', `${classes}:${serverJar}`, 'clojure.main', script],
    ...[classes, jar, 'puppetlabs.trapperkeeper.main', ...serviceNamespaces],
  ];
  // The lock ends with the process that holds it. Whoever waited for it finds the jar made.
  const locked = [
    'flock',
    '--no-fork',
    `${jar}.lock`,
    'sh',
    '-c',
    '[ -e "$0" ] || exec java "$@"',
    jar,
    ...java,
  ];
  const [file, ...args] = dyingWithParent(locked);
  await execa(file, args);
}

/** Arguments: the folder for classes, the jar, the namespaces. Clojure prefers a class to its source when it is newer. */
const compiler = `
(import '(java.io File FileOutputStream) '(java.nio.file Files CopyOption StandardCopyOption) '(java.util.zip ZipEntry ZipOutputStream))
(let [[classes jar & namespaces] *command-line-args*
      root (.toPath (File. classes))
      partial (File. (str jar ".partial"))]
  (binding [*compile-path* classes]
    (doseq [n namespaces] (compile (symbol n))))
  (with-open [zip (ZipOutputStream. (FileOutputStream. partial))]
    (.setLevel zip 1)
    (doseq [file (file-seq (File. classes)) :when (.isFile file)]
      (.putNextEntry zip (ZipEntry. (str (.relativize root (.toPath file)))))
      (Files/copy (.toPath file) zip)
      (.closeEntry zip)))
  (Files/move (.toPath partial) (.toPath (File. jar))
              (into-array CopyOption [StandardCopyOption/ATOMIC_MOVE])))
(shutdown-agents)
`;
