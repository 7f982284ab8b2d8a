import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, parseDdl } from '@troupe/core';
import { importAgent } from '@troupe/daemon/agents';
import { mockAgent } from '@troupe/testkit';

/** Imports agents named by npm package or path, and makes mocks of DDL files; both relative to the working folder. Throws AGENT_INVALID, DDL_INVALID. */
export async function loadAgents(options: {
  readonly modules: readonly string[];
  readonly mocks: readonly string[];
}): Promise<readonly Agent[]> {
  const here = join(process.cwd(), 'mcod.yaml');
  const imported = await Promise.all(options.modules.map((specifier) => importAgent(specifier, here)));
  const mocked = await Promise.all(
    options.mocks.map(async (file) => mockAgent(parseDdl(await readFile(file, 'utf8'), file))),
  );
  return [...imported, ...mocked];
}
