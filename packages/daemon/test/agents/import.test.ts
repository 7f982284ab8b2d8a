import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ActionError, type TroupeError } from '@troupe/core';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { findAgent, importAgent } from '../../src/agents/import.js';

describe('importing an agent', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'import-'));
    write('package.json', '{ "type": "module", "main": "./agent.js" }');
    write(
      'agent.js',
      "import ddl from './ddl.json' with { type: 'json' };\nimport { word } from './lib/word.js';\n",
    );
    write('agent.js', `${agentText}export default { ddl, setup: () => word };`);
    write('ddl.json', '{ "version": 1 }');
    write('lib/word.js', "export const word = 'one';");
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  const agentText =
    "import ddl from './ddl.json' with { type: 'json' };\nimport { word } from './lib/word.js';\n";

  function write(file: string, text: string): void {
    mkdirSync(join(folder, file, '..'), { recursive: true });
    writeFileSync(join(folder, file), text);
  }

  const config = () => join(folder, 'mcod.yaml');

  async function load(): Promise<unknown[]> {
    const { now, accept } = findAgent('./agent.js', config());
    const agent = await now();
    accept();
    return [agent.ddl, await agent.setup({}, {} as never)];
  }

  it('takes what is on the disk, each time: the module, what it imports of its package, and its DDL', async () => {
    expect(await load()).to.deep.equal([{ version: 1 }, 'one']);
    write('lib/word.js', "export const word = 'second';");
    expect(await load()).to.deep.equal([{ version: 1 }, 'second']);
    write('ddl.json', '{ "version": 22 }');
    expect(await load()).to.deep.equal([{ version: 22 }, 'second']);
  });

  it('gives the same module again when nothing has changed', async () => {
    const once = await importAgent('./agent.js', config());
    expect(await importAgent('./agent.js', config())).to.equal(once);
  });

  it("gives code from anywhere the daemon's own libraries, with nothing installed beside it", async () => {
    write(
      'agent.js',
      `import { ActionError } from '@troupe/core'; export default { ddl: { own: ActionError }, setup: () => {} };`,
    );
    expect((await importAgent('./agent.js', config())).ddl).to.deep.equal({ own: ActionError });
  });

  it('keeps one that works when it is taken from the disk, file or package, and says what is missing', async () => {
    await load();
    write('node_modules/agent-y/package.json', '{ "type": "module", "exports": "./agent.js" }');
    write('node_modules/agent-y/agent.js', 'export default { ddl: { version: 8 }, setup: () => {} };');
    await importAgent('agent-y', config());
    rmSync(join(folder, 'node_modules'), { recursive: true });
    rmSync(join(folder, 'agent.js'));
    for (const [name, version] of [
      ['./agent.js', 1],
      ['agent-y', 8],
    ] as const) {
      const { now, before } = findAgent(name, config());
      const error = await now().catch(({ message }: Error) => message);
      expect(error).to.match(/^agents: cannot load /);
      expect((await before?.())?.ddl).to.deep.equal({ version });
    }
  });

  it('takes one that failed at first when it is repaired', async () => {
    write('agent.js', "throw new Error('not today');");
    const first = await importAgent('./agent.js', config()).catch(({ message }: Error) => message);
    expect(first).to.equal('agents: cannot load "./agent.js": not today');
    write('agent.js', 'export default { ddl: { version: 3 }, setup: () => {} };');
    expect((await importAgent('./agent.js', config())).ddl).to.deep.equal({ version: 3 });
  });

  for (const text of [
    'module.exports = { ddl: { version: 5 }, setup() {} };',
    'exports.default = { ddl: { version: 5 }, setup() {} };',
    'module.exports = { __esModule: true, default: { ddl: { version: 5 }, setup() {} } };',
  ]) {
    it(`takes a CommonJS module: ${text}`, async () => {
      write('agent.cjs', text);
      expect((await importAgent('./agent.cjs', config())).ddl).to.deep.equal({ version: 5 });
    });
  }

  it('accepts an absolute path', async () => {
    expect((await importAgent(join(folder, 'agent.js'), '/etc/troupe/mcod.yaml')).ddl).to.deep.equal({
      version: 1,
    });
  });

  it('resolves paths from the folder of the configuration, and packages from mcod as well', async () => {
    mkdirSync(join(folder, 'etc'));
    expect((await importAgent('../agent.js', join(folder, 'etc/mcod.yaml'))).ddl).to.deep.equal({
      version: 1,
    });
    const error = await importAgent('chai', config()).catch((cause: Error) => cause);
    expect(error).to.have.property('message').that.includes('the default export of "chai" is not an agent');
  });

  it('reports a damaged package manifest', async () => {
    write('node_modules/agent-x/package.json', '{');
    const error = await importAgent('agent-x', config()).catch((cause: Error) => cause);
    expect(error)
      .to.have.property('message')
      .that.matches(/^agents: cannot load "agent-x": Invalid package config .*agent-x\/package\.json/);
  });

  it('offers the last one that worked beside one that does not', async () => {
    await load();
    for (const broken of ['export const word = ;', "throw new Error('not today');"]) {
      write('lib/word.js', broken);
      const { now, before } = findAgent('./agent.js', config());
      expect(await now().catch((error: TroupeError) => error.code)).to.equal('AGENT_INVALID');
      expect(await (await before?.())?.setup({}, {} as never)).to.equal('one');
    }
  });

  for (const [what, specifier, manifest] of [
    ['has one file', 'agent-x', '"main": "./agent.js"'],
    ['is for import only', '@you/agent-x', '"exports": { "import": "./agent.js" }'],
    [
      'is for import and for require',
      'agent-x',
      '"exports": { ".": { "types": "./x.d.ts", "require": "./none.cjs", "import": "./agent.js" } }',
    ],
    ['has its agent beside others', '@you/x/agent', '"exports": { ".": "./no.js", "./agent": "./agent.js" }'],
  ] as const) {
    it(`takes a package by its name, which ${what}`, async () => {
      const name = specifier.replace('/x/agent', '/x');
      write(`node_modules/${name}/package.json`, `{ "name": "${name}", "type": "module", ${manifest} }`);
      write(`node_modules/${name}/agent.js`, 'export default { ddl: { version: 7 }, setup: () => {} };');
      expect((await importAgent(specifier, config())).ddl).to.deep.equal({ version: 7 });
    });
  }

  it('says what a package lacks', async () => {
    write(
      'node_modules/agent-x/package.json',
      '{ "name": "agent-x", "exports": { "./other": "./agent.js" } }',
    );
    const error = await importAgent('agent-x', config()).catch((cause: TroupeError) => cause);
    expect(error)
      .to.have.property('message')
      .that.matches(/^agents: cannot load "agent-x": .*exports/);
  });

  for (const [specifier, text, message] of [
    ['./none.js', '', /^agents: cannot load ".\/none.js": \/.*\/none\.js does not exist$/],
    ['@nobody/agent', '', /^agents: cannot load "@nobody\/agent": npm package not found from /],
    ['./agent.js', 'export const agent = 1;', /^agents: the default export of ".\/agent.js" is not an agent/],
    [
      './agent.js',
      'export default { ddl: {} };',
      /^agents: the default export of ".\/agent.js" is not an agent/,
    ],
    [
      './agent.js',
      'export default { setup: () => {} };',
      /is not an agent: export the result of defineAgent$/,
    ],
    [
      './agent.js',
      'export default { ddl: {}, setup: {} };',
      /is not an agent: export the result of defineAgent$/,
    ],
    ['./agent.js', "throw new Error('one\\ntwo');", /^agents: cannot load ".\/agent.js": one$/],
  ] as const) {
    it(`refuses ${specifier} with ${text || 'no file'}`, async () => {
      if (text) write('agent.js', text);
      const error = await importAgent(specifier, config()).catch((cause: TroupeError) => cause);
      expect(error).to.be.instanceOf(Error).with.property('message').that.matches(message);
    });
  }
});
