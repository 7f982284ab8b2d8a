import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { skip } from '@troupe/test-support';

/** Runs openssl in a folder that holds `files` while it runs. */
export function openssl(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-openssl-'));
  try {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const { status, stdout, stderr } = spawnSync('openssl', args, { cwd: folder, encoding: 'utf8' });
    return { status, stdout, stderr };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** For a `before` hook: skips the suite where openssl is missing, with the reason for the summary. */
export function needOpenssl(context: Mocha.Context): void {
  if (spawnSync('openssl', ['version']).error !== undefined) skip(context, 'openssl is not installed');
}
