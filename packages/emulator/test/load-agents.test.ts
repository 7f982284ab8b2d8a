import { writeFile } from 'node:fs/promises';
import { ActionError } from '@troupe/core';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { importAgents } from '../src/load-agents.js';

describe('agents for emulated nodes', () => {
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-load' });
  });
  afterEach(() => folder?.close());

  it('come from anywhere, and share the classes of this program', async () => {
    const file = folder.join('agent.mjs');
    await writeFile(
      file,
      `import { ActionError, defineAgent } from '@troupe/core';
import ddl from '@troupe/ddl/notify.json' with { type: 'json' };
export const Own = ActionError;
export default defineAgent(ddl, () => undefined);`,
    );
    const [agent] = await importAgents([file]);
    expect(((await import(file)) as { Own: unknown }).Own).to.equal(ActionError);
    expect(agent?.ddl.metadata.name).to.equal('notify');
  });

  it('are refused by name where they are none', async () => {
    const file = folder.join('none.mjs');
    await writeFile(file, 'export const x = 1;');
    const error = await importAgents([file]).catch(({ message }: Error) => message);
    expect(error).to.equal(
      `agents: the default export of "${file}" is not an agent: export the result of defineAgent`,
    );
  });
});
