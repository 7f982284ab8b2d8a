import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Agent, parseDdl } from '@troupe/core';
import { mockAgent } from '@troupe/testkit';

/** Imports agents named by npm package or path, and makes mocks of DDL files; both relative to the working folder. */
export async function loadAgents(options: {
  readonly modules: readonly string[];
  readonly mocks: readonly string[];
}): Promise<readonly Agent[]> {
  const imported = await Promise.all(options.modules.map(importAgent));
  const mocked = await Promise.all(
    options.mocks.map(async (file) => mockAgent(parseDdl(await readFile(file, 'utf8'), file))),
  );
  return [...imported, ...mocked];
}

async function importAgent(specifier: string): Promise<Agent> {
  const path = /^[./]/.test(specifier)
    ? resolve(specifier)
    : createRequire(join(process.cwd(), 'agents.js')).resolve(specifier);
  const { default: agent } = (await import(pathToFileURL(path).href)) as { default?: Agent };
  if (typeof agent?.setup !== 'function') throw new Error(`${specifier} has no agent as its default export`);
  return agent;
}
