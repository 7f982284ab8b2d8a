import { SupportArchive, supportFileName } from '@troupe/host/support';
import { collectDaemon } from './support.js';

/** Lines of the log that the archive holds. */
const lines = 500;

/** `mcod --diagnose`: writes an archive about the daemon on this machine, and prints what it holds. Throws FILE_UNREADABLE. */
export async function diagnose({
  config,
  output,
}: {
  readonly config: string;
  readonly output?: string;
}): Promise<void> {
  const now = new Date();
  const name = supportFileName(now);
  const archive = new SupportArchive(name, now);
  await archive.collectMachine('mcod');
  await collectDaemon(archive, { config, lines });
  const file = output ?? `${name}.tar.gz`;
  await archive.write(file);
  process.stdout.write(`${archive.summary(file)}\n`);
}
