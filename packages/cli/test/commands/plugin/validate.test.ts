import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { actorDdl, actorProgram } from '@troupe/test-support';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { validateAgent } from '../../../src/commands/plugin/validate.js';

const root = fileURLToPath(new URL('../../../../../../', import.meta.url));

describe('validating an agent', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(root, 'packages/cli/dist/validate-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (file: string, text: string) => {
    writeFileSync(join(folder, file), text);
    return join(folder, file);
  };
  const faults = async (path: string, config?: Record<string, unknown>) => {
    const verdict = await validateAgent(path, config && { config });
    return verdict.faults.map((fault) => fault.replaceAll(folder, ''));
  };
  const agent = (handlers: string) => {
    write('ddl.json', JSON.stringify(actorDdl('word', { say: {}, spell: {} })));
    return write(
      'agent.mjs',
      `import { defineAgent } from '@troupe/core'; import ddl from './ddl.json' with { type: 'json' };
export default defineAgent(ddl, (config) => (${handlers}));`,
    );
  };

  it('accepts the examples, by file or by folder', async () => {
    for (const path of [
      'agent-javascript',
      'agent-javascript/load.js',
      'agent-python',
      'agent-python/disk.json',
    ]) {
      const { faults, warnings } = await validateAgent(join(root, 'examples', path));
      expect([faults, warnings], path).to.deep.equal([[], []]);
    }
  });

  it('accepts the agents that are included with Troupe', async () => {
    const { name, faults } = await validateAgent(join(root, 'packages/agent-notify'));
    expect([name, faults]).to.deep.equal(['notify', []]);
  });

  it('reports the errors of a DDL', async () => {
    const [broken] = await faults(write('x.json', '{\n"a" 1'));
    expect(broken).to.match(/^DDL \/x.json: line 2, column 5: Expected ':'/);
    const { metadata } = actorDdl('x', { a: {} });
    expect(
      await faults(write('y.json', JSON.stringify({ metadata, actions: [{ action: 'a' }] }))),
    ).to.deep.equal([
      'DDL /y.json: actions[0] (a): description is missing; actions[0] (a): input is missing; actions[0] (a): output is missing',
    ]);
  });

  it('reports handlers that do not match the actions of the DDL', async () => {
    expect(await faults(agent('{ say: () => ({}), spell: () => ({}) }'))).to.deep.equal([]);
    expect(await faults(agent('{ say: () => ({}) }'))).to.deep.equal(['word: no handler for spell']);
    expect(await faults(agent('{ say: () => ({}), spell: () => ({}), sing: () => ({}) }'))).to.deep.equal([
      'word: handlers for actions that the DDL does not declare: sing',
    ]);
    expect(await faults(write('none.mjs', 'export const x = 1;'))).to.have.length(1);
    expect(await faults(join(folder, 'nowhere'))).to.deep.equal(['/nowhere does not exist']);
    expect(await faults(folder)).to.deep.equal([]);
    write('other.json', JSON.stringify(actorDdl('other', { a: {} })));
    expect(await faults(folder)).to.deep.equal([
      ' has several DDLs (ddl.json, other.json): name a file instead of the folder',
    ]);
  });

  it('warns if an agent needs its configuration', async () => {
    const code = agent(`{ say: () => ({}), spell: () => ({}), ...check(config) }`);
    write(
      'agent.mjs',
      `import { TroupeError, defineAgent } from '@troupe/core'; import ddl from './ddl.json' with { type: 'json' };
export default defineAgent(ddl, (config) => {
  if (!config.key) throw new TroupeError('CONFIG_INVALID', 'key is missing');
  return { say: () => ({}) };
});`,
    );
    const { faults: none, warnings } = await validateAgent(code);
    expect([none, warnings]).to.deep.equal([
      [],
      ['handlers not checked, because the agent needs its configuration (--section): word: key is missing'],
    ]);
    expect(await faults(code, { key: 'x' })).to.deep.equal(['word: no handler for spell']);
  });

  it('warns about a validator that only the code of the agent can provide', async () => {
    const input = {
      prompt: 'I',
      description: 'I',
      type: 'string',
      validation: 'certnme',
      maxlength: 9,
    } as const;
    const { metadata, actions } = actorDdl('word', { say: { input: { i: input } } });
    const { provider: _, ...own } = metadata;
    const file = write('word.json', JSON.stringify({ metadata: own, actions }));
    const { faults, warnings } = await validateAgent(file);
    expect([faults, warnings]).to.deep.equal([
      [],
      ['unknown validator "certnme": the agent must provide it'],
    ]);
  });

  it('warns about likely mistakes, and about an external agent that does not support this host', async () => {
    const input = {
      prompt: 'I',
      description: 'I',
      type: 'string',
      validation: 'puppet_tags',
      maxlength: 0,
    } as const;
    const { metadata, actions } = actorDdl('actor', { show: { input: { i: input } } });
    const file = write(
      'actor.json',
      JSON.stringify({ metadata, actions: [{ ...actions[0], mutating: undefined }] }),
    );
    const verdict = await validateAgent(file);
    expect(verdict.faults).to.deep.equal([]);
    expect(verdict.warnings.slice(0, 2)).to.deep.equal([
      'action show: input i: maxlength 0 means no limit',
      'action show: "mutating" is not set, so the action counts as mutating',
    ]);
    expect(verdict.warnings.join('\n')).to.include('program of the external agent not found');

    cpSync(actorProgram, join(folder, 'actor'));
    const crash = await validateAgent(file, { config: { activation: 'crash' } });
    expect(crash.faults.join('\n')).to.include('the activation check failed');
    expect((await validateAgent(file)).warnings.join('\n')).to.include(
      'the DDL uses a validator that this node does not have: the agent must check this input itself: puppet_tags',
    );
  });
});
