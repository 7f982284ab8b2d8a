import { expect } from 'chai';
import { describe, it } from 'mocha';
import { faultsOf, type KnownEntries, namedFiles } from '../../../src/commands/doctor/unsafe-files.js';

describe('mco doctor about files that others can write', () => {
  const known = (entries: Record<string, readonly [string, number, number, string?]>): KnownEntries =>
    new Map(
      Object.entries(entries).map(([path, [mode, uid, gid, target]]) => {
        const kind = target === undefined ? ('folder' as const) : ('link' as const);
        return [
          path,
          { path, mode: Number.parseInt(mode, 8), uid, gid, kind, ...(target !== undefined && { target }) },
        ];
      }),
    );
  const files = [{ key: 'state_dir', path: '/var/lib/troupe' }];

  it('names the files that the configuration of a daemon names', () => {
    expect(
      namedFiles('/etc/troupe/mcod.yaml', {
        state_dir: '/var/lib/troupe',
        authorization: { policies: 'policies', without_policy: 'refuse' },
        agents: ['@troupe/agent-puppetd', './own.mjs'],
        external_agents: [{ folder: '/opt/agents' }, { ddl: 'x/one.json', config: 'one.cfg' }],
        facts: { paths: ['/etc/troupe/facts.d'] },
      }).map(({ key, path }) => `${key} ${path}`),
    ).to.deep.equal([
      'configuration /etc/troupe/mcod.yaml',
      'state_dir /var/lib/troupe',
      'authorization.policies /etc/troupe/policies',
      'agents /etc/troupe/own.mjs',
      'external_agents /opt/agents',
      'external_agents /etc/troupe/x/one.json',
      'external_agents /etc/troupe/one.cfg',
      'external_agents /etc/troupe/x/one',
      'facts.paths /etc/troupe/facts.d',
    ]);
  });

  it('names the configuration alone if a node tells nothing else', () => {
    expect(namedFiles('/etc/mcod.yaml', {})).to.deep.equal([
      { key: 'configuration', path: '/etc/mcod.yaml' },
    ]);
  });

  it('omits paths of a daemon that was started with a relative configuration file', () => {
    const config = { state_dir: '/var/lib/troupe', agents: ['./a.mjs'] };
    expect(namedFiles('mcod.yaml', config)).to.deep.equal(files);
  });

  it('finds what others can write on the way to a file, with the numbers of that host', () => {
    const entries = { '/': ['0755', 0, 0], '/var': ['0755', 0, 0], '/var/lib': ['0755', 0, 0] } as const;
    const fault = (troupe: readonly [string, number, number]) =>
      faultsOf(files, known({ ...entries, '/var/lib/troupe': troupe })).map(({ words }) => words);
    expect(fault(['0700', 0, 0])).to.deep.equal([]);
    expect(fault(['0700', 1, 1])).to.deep.equal([
      'the user 1 can write /var/lib/troupe (mode 0700, owner 1:1): chown root: /var/lib/troupe',
    ]);
    expect(fault(['0770', 0, 1])).to.deep.equal([
      'the group 1 can write /var/lib/troupe (mode 0770, owner root:1): chmod g-w /var/lib/troupe',
    ]);
  });

  it('follows links, and trusts the user of a daemon that is not root', () => {
    const entries = known({
      '/': ['0755', 0, 0],
      '/var': ['0755', 0, 0],
      '/var/lib': ['0755', 0, 0],
      '/var/lib/troupe': ['0777', 0, 0, '/srv'],
      '/srv': ['0755', 1000, 1000],
      '/proc/self/fd': ['0500', 1000, 1000],
    });
    expect(faultsOf(files, entries)).to.deep.equal([]);
    entries.delete('/proc/self/fd');
    expect(faultsOf(files, entries)).to.have.length(1);
  });
});
