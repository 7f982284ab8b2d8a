import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { agentLanguages, generateAgent } from '../../../src/commands/plugin/generate.js';
import { validateAgent } from '../../../src/commands/plugin/validate.js';

const root = fileURLToPath(new URL('../../../../../../', import.meta.url));
const run = promisify(execFile);

describe('a generated agent', function () {
  this.timeout(60_000);
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'generate-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  // What "npm install" would bring, without the network.
  function install(agent: string): void {
    mkdirSync(join(agent, 'node_modules/@types'), { recursive: true });
    for (const name of ['@troupe', '@types/node', 'undici-types']) {
      symlinkSync(join(root, 'node_modules', name), join(agent, 'node_modules', name));
    }
  }

  const env = () => {
    const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
    return rest;
  };

  const commands: Readonly<Record<string, readonly (readonly [string, ...string[]])[]>> = {
    javascript: [[process.execPath, '--test']],
    typescript: [
      [process.execPath, join(root, 'packages/core/bin/ddl-types.js'), 'weather.json'],
      [process.execPath, join(root, 'node_modules/typescript/bin/tsc')],
      [process.execPath, '--test', 'dist/test/weather.test.js'],
    ],
    python: [['python3', '-B', '-m', 'unittest']],
  };

  for (const language of agentLanguages) {
    it(`in ${language} builds, passes its tests and is valid`, async () => {
      const agent = join(folder, 'weather');
      const files = await generateAgent(agent, 'weather', { language, description: 'Tells the weather.' });
      expect(files).to.include.members(['weather.json', 'README.md']);
      install(agent);
      for (const [command, ...args] of commands[language] ?? [])
        await run(command, args, { cwd: agent, env: env() });
      const target = language === 'python' ? join(agent, 'weather.json') : agent;
      expect(await validateAgent(target)).to.deep.equal({ name: 'weather', faults: [], warnings: [] });
      expect(readFileSync(join(agent, 'README.md'), 'utf8')).to.include('Tells the weather. `weather.json`');
    });
  }

  it('depends on the clone of Troupe that generated it', async () => {
    await generateAgent(join(folder, 'weather'), 'weather');
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(folder, 'weather/package.json'), 'utf8'),
    );
    expect(dependencies).to.deep.equal({ '@troupe/core': `file:${join(root, 'packages/core')}` });
    expect(devDependencies).to.include({ '@troupe/daemon': `file:${join(root, 'packages/daemon')}` });
  });

  it('does not allow code injection through its description', async () => {
    const description = 'Bad """; */ import("x") \u2028 `\u0024{1}` \\';
    for (const language of agentLanguages) {
      const agent = join(folder, language);
      await generateAgent(agent, 'weather', { language, description });
      install(agent);
      for (const [command, ...args] of commands[language] ?? [])
        await run(command, args, { cwd: agent, env: env() });
    }
  });

  for (const [name, message] of [
    ['Weather', /^"Weather" is not a valid agent name/],
    ['../x', /^"..\/x" is not a valid agent name/],
    ['puppetd', /^Troupe already has an agent "puppetd"$/],
    ['weather', / is not empty$/],
  ] as const) {
    it(`is not generated with the name ${name} in a folder that is not empty`, async () => {
      writeFileSync(join(folder, 'mine'), 'x');
      const error = await generateAgent(folder, name).catch((cause: Error) => cause);
      expect(error).to.be.instanceOf(Error).with.property('message').that.matches(message);
    });
  }
});
