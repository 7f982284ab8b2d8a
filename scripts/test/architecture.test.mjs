import { existsSync, readdirSync, readFileSync } from 'node:fs';
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
  // The protocols that recipients may name, and what it delivers without a notifier.
  provisioner: ['core', 'ddl', 'client', 'agent-notify'],
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
  hostile: ['core', 'daemon', 'client', 'broker', 'testkit', 'cli'],
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

describe('docs/architecture.md', () => {
  const text = readFileSync(`${root}/docs/architecture.md`, 'utf8');
  const changes = text.slice(text.indexOf('## Where does a change go?'));
  // Written without `packages/`; what is to be built later lies in none of these.
  const places = [...changes.matchAll(/`([a-z-]+\/[\w./-]+)`/g)]
    .map(([, path]) => path)
    .filter((path) => !/NAME|packages\/(boot|gateway|agent-)/.test(path));

  it('sends nobody to a place that is not there', () => {
    const isThere = (path) => ['', 'packages/'].some((folder) => existsSync(`${root}/${folder}${path}`));
    expect(places).to.have.length.above(30);
    expect(places.filter((path) => !isThere(path))).to.deep.equal([]);
  });

  it('names every package', () => {
    const missing = readdirSync(`${root}/packages`).filter(
      (name) => !text.includes(`\`${name}\``) && !text.includes(`\`${name.replace('agent', '')}\``),
    );
    expect(missing).to.deep.equal([]);
  });
});
