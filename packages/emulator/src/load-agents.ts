import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Agent, parseDdl } from '@troupe/core';
import { importAgent } from '@troupe/daemon/agents';
import { mockAgent } from '@troupe/testkit';

/** Imports agents by npm package or path, relative to the working folder. Throws AGENT_INVALID. */
export async function importAgents(modules: readonly string[]): Promise<readonly Agent[]> {
  const here = join(process.cwd(), 'mcod.yaml');
  return Promise.all(modules.map((specifier) => importAgent(specifier, here)));
}

/** Makes mock agents of DDL files, relative to the working folder. Throws DDL_INVALID. */
export async function mockAgents(files: readonly string[]): Promise<readonly Agent[]> {
  return Promise.all(files.map(async (file) => mockAgent(parseDdl(await readFile(file, 'utf8'), file))));
}
