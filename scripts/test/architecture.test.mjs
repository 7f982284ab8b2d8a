import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { root } from '../setup.mjs';

/** Who may know whom; `test` is what only a package's tests may use. */
const may = {
  core: ['ddl'],
  host: ['core'],
  daemon: ['core', 'ddl', 'host'],
  client: ['core', 'ddl'],
  broker: ['core'],
  'agent-puppetd': ['core', 'ddl', 'host'],
  'agent-puppetca': ['core', 'ddl', 'host'],
  'agent-provision': ['core', 'ddl', 'host', 'agent-puppetd'],
  'agent-notify': ['core', 'ddl', 'host'],
  // The commands that the agents bring, and the CA that signs a person's key.
  cli: ['core', 'host', 'daemon', 'ddl', 'client', 'agent-puppetd', 'agent-puppetca', 'agent-notify'],
  provisioner: ['core', 'ddl', 'client'],
  testkit: ['core', 'daemon', 'broker', 'ddl'],
  emulator: [
    'core',
    'host',
    'daemon',
    'broker',
    'agent-puppetd',
    'agent-puppetca',
    'agent-provision',
    'testkit',
  ],
  // Not published: it attacks all of it.
  hostile: ['core', 'daemon', 'client', 'broker', 'testkit'],
  'test-support': [],
};

function dependenciesOf(name) {
  const manifest = JSON.parse(readFileSync(`${root}/packages/${name}/package.json`, 'utf8'));
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  return names.filter((one) => one.startsWith('@troupe/')).map((one) => one.slice('@troupe/'.length));
}

// Lint refuses an import that package.json does not declare; this refuses the declaration.
describe('who may know whom', () => {
  it('is said for every package', () => {
    expect(readdirSync(`${root}/packages`).sort()).to.deep.equal(Object.keys(may).sort());
  });

  for (const [name, allowed] of Object.entries(may)) {
    it(`${name} knows none but ${allowed.join(', ')}`, () => {
      expect(dependenciesOf(name).filter((one) => !allowed.includes(one))).to.deep.equal([]);
    });
  }
});
