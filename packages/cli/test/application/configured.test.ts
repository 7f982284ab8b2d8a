import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createTempFolder, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { commands } from '../../src/commands.js';
import { mco } from '../mco.js';

// It leaves a mark when it is loaded, and works without a network.
const source = (name: string, mark: string) => `
import { writeFileSync } from 'node:fs';
writeFileSync(${JSON.stringify(mark)}, '');
export const name = ${JSON.stringify(name)};
export const summary = 'Throws dice';
export function define(command, line) {
  line.withNodes(command.command('throw').description('Throws once').argument('<times>'));
}
`;

describe('applications', () => {
  for (const name of ['puppet', 'notify'] as const) {
    it(`included with Troupe have the summary of their package: ${name}`, async () => {
      const listed = commands.find((command) => command.name === name);
      const { summary } = await import(`@troupe/agent-${name === 'puppet' ? 'puppetd' : name}/application`);
      expect(listed?.summary).to.equal(summary);
    });
  }

  let folder: TempFolder;
  const loaded = () => existsSync(folder.join('loaded'));
  const configured = (...applications: string[]) => {
    writeFileSync(folder.join('client.yaml'), JSON.stringify({ applications }));
    return ['-c', folder.join('client.yaml')];
  };

  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-application' });
    mkdirSync(folder.join('node_modules/@you/dice'), { recursive: true });
    writeFileSync(
      folder.join('node_modules/@you/dice/package.json'),
      JSON.stringify({ name: '@you/dice', type: 'module', exports: { './application': './application.js' } }),
    );
    writeFileSync(
      folder.join('node_modules/@you/dice/application.js'),
      source('dice', folder.join('loaded')),
    );
    writeFileSync(folder.join('ping.js'), source('ping', folder.join('loaded')));
    writeFileSync(folder.join('package.json'), '{ "type": "module" }');
    writeFileSync(folder.join('empty.js'), 'export const name = "empty";');
    writeFileSync(folder.join('Bad.js'), source('Bad Name', folder.join('loaded')));
  });
  afterEach(() => folder?.close());

  it('of a package that the configuration names are commands', async () => {
    const config = configured('@you/dice');
    const { code, stdout } = await mco(...config, 'dice', 'throw', '--help');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^Usage: mco dice throw \[options\] <times>\n\nThrows once\n/);
    expect(stdout).to.match(/\n {2}-F, --with-fact .*\n {2}-y, --yes .*/s);
    expect((await mco('dice', ...config, 'throw')).stderr).to.equal(
      'mco: missing argument <times> (see mco dice throw --help) [USAGE_INVALID]\n',
    );
    expect((await mco('dice', 'thrwo', ...config)).stderr).to.equal(
      'mco: unknown command thrwo (did you mean throw?) [USAGE_INVALID]\n',
    );
  });

  it('are loaded by their path, and listed by help and completion', async () => {
    writeFileSync(folder.join('dice.js'), source('dice', folder.join('loaded')));
    const config = configured('./dice.js');
    for (const words of [['--help'], ['help'], []]) {
      const { stdout, stderr } = await mco(...config, ...words);
      expect(stdout + stderr).to.match(/^ {2}dice {2,}Throws dice$/m);
      expect(stdout + stderr).to.match(/^ {2}puppet {2,}Run Puppet/m);
    }
    expect((await mco('help', 'dice', 'throw', ...config)).stdout).to.include('Throws once');
    const completed = await mco(...config, 'completion', '--line', 'mco dice t');
    expect(completed.stdout).to.match(/^throw\t/);
  });

  it('may be CommonJS modules with a default export only', async () => {
    writeFileSync(
      folder.join('dice.cjs'),
      `const define = (command) => command.command('throw').action(() => {});
module.exports = { name: 'dice', summary: 'Throws dice', define };`,
    );
    expect((await mco(...configured('./dice.cjs'), 'help')).stdout).to.match(/^ {2}dice {2,}Throws dice$/m);
  });

  it('are not loaded by commands that do not need them', async () => {
    const config = configured('@you/dice');
    await mco(...config, '--version');
    await mco(...config, 'version');
    await mco(...config, 'describe-filter', '-F', 'a=b');
    await mco(...config, 'plugin', 'doc', 'puppetd');
    expect(loaded()).to.equal(false);
    await mco(...config, 'help');
    expect(loaded()).to.equal(true);
  });

  const bad: readonly [application: string, why: RegExp][] = [
    ['./empty.js', /cannot load "\.\/empty\.js": the module does not export name, summary and define \[/],
    ['./ping.js', /cannot load "\.\/ping\.js": mco already has a command "ping" \[/],
    ['./Bad.js', /cannot load "\.\/Bad\.js": "Bad Name" is not a valid command name \[/],
    ['./nowhere.js', /cannot load "\.\/nowhere\.js": \/.*\/nowhere\.js does not exist \[/],
    ['@you/nothing', /cannot load "@you\/nothing": npm package not found from /],
  ];
  for (const [application, why] of bad) {
    it(`that cannot be loaded are reported when they are called: ${application}`, async () => {
      const config = configured(application, '@you/dice');
      const missed = await mco(...config, 'tarot');
      expect(missed.code).to.equal(1);
      expect(missed.stderr.trim())
        .to.match(why)
        .and.match(/^mco: .*client\.yaml: applications: /);
      const help = await mco(...config, 'help');
      expect(help.code).to.equal(0);
      expect(help.stdout).to.match(/^ {2}dice /m);
      expect(help.stderr.trim()).to.match(why);
      // The others are not in its way.
      expect((await mco(...config, 'dice', 'throw', '--help')).code).to.equal(0);
    });
  }

  it('do not hide an error in the configuration', async () => {
    writeFileSync(folder.join('client.yaml'), 'applications: dice\n');
    const { code, stderr } = await mco('-c', folder.join('client.yaml'), 'dice');
    expect(code).to.equal(1);
    expect(stderr).to.match(/client\.yaml: applications: must be array/);
    expect((await mco('-c', folder.join('client.yaml'), 'help')).code).to.equal(0);
  });
});
